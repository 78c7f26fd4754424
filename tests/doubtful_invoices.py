"""
Fifty doubtful invoices of Online Retail, picked by reading the files: what a careful clerk would not have let pass without a word.

Each with the article's code and the reason. None was chosen for being found; the rules have to find them all.
"""

DOUBTFUL: tuple[tuple[str, str, str], ...] = (
    # the warehouse's notes, written as invoices
    ("537032", "21275", "30 pieces taken away, the description is a question mark"),
    ("540564", "22617", "2,600 pieces 'mouldy, thrown away.'"),
    ("542504", "37413", "5,568 pieces without description, price or customer"),
    ("546024", "85175", "1,200 pieces taken away, '? sold as sets?'"),
    ("549527", "21620", "1,479 pieces gone, 'mystery! Only ever imported 1800'"),
    ("553394", "15058A", "30 pieces 'wet/rusty'"),
    ("556231", "85123A", "4,000 pieces added for nothing, the description is a question mark"),
    ("556687", "23003", "9,058 pieces 'Printing smudges/thrown away'"),
    ("556955", "gift_0001_20", "ten vouchers 'to push order througha s stock was'"),
    ("560040", "23343", "3,100 pieces that 'came coded as 20713'"),
    ("560218", "16162M", "30 pieces, 'alan hodge cant mamage this section'"),
    # fees and entries of the accounts
    ("A563185", "B", "an adjustment of bad debt, 11,062.06"),
    ("A563186", "B", "an adjustment of bad debt at a price below zero"),
    ("536779", "BANK CHARGES", "bank charges alone"),
    ("537632", "AMAZONFEE", "a fee of 13,541.33 and nobody who pays it"),
    ("539688", "C2", "carriage for 150.00 and nothing that was carried"),
    ("548813", "M", "four manual entries, one of 2,382.92"),
    ("549684", "S", "samples for 30.00 to nobody"),
    ("551697", "POST", "postage of 8,142.75, usually 18.00"),
    ("557754", "POST", "postage of 700.00 and nothing that was sent"),
    ("562946", "M", "a manual entry of 2,500.00"),
    ("564764", "DOT", "the web shop's postage on a trade customer's invoice"),
    # given away
    ("537197", "22841", "a cake tin for 0.00, usually 7.95"),
    ("539263", "22580", "four advent calendars for 0.00"),
    ("540372", "22090", "24 buntings for 0.00 that cost the same customer 2.95"),
    ("547417", "22062", "36 bowls for 0.00"),
    ("548871", "22162", "two garlands for 0.00"),
    ("554037", "22619", "80 sets of skittles for 0.00, sent to Australia"),
    ("561916", "M", "a manual entry of nothing"),
    ("562973", "23157", "240 sets of magnets for 0.00"),
    ("564651", "23268", "192 reindeer for 0.00, with three more lines like it"),
    # prices that cannot be
    ("556444", "22502", "60 picnic baskets at 649.50, usually 10.95: the price of all is that of one"),
    ("556446", "22502", "one more picnic basket at 649.50"),
    # far more than usual
    ("536830", "84077", "2,880 gliders in the first week, usually 48"),
    ("537899", "22328", "1,488 lunch boxes by somebody new, usually 1 to 72"),
    ("537981", "22492", "1,394 paint sets by somebody new, usually 36"),
    ("540815", "21108", "3,114 flannels by somebody new, usually 6, never more than 19; all taken back later"),
    ("541431", "23166", "74,215 storage jars by somebody new; taken back within minutes"),
    ("544612", "22053", "3,906 rosettes at once, usually 10"),
    ("554272", "21977", "2,700 packs of cake cases by somebody who took 60 before"),
    ("554868", "22197", "4,300 popcorn holders by somebody new, usually 10"),
    ("562439", "84879", "2,880 bird ornaments, usually 16, by somebody who never bought any"),
    # the same again
    ("536375", "85123A", "16 lines that the same customer ordered half an hour before"),
    ("538327", "84380", "22 lines, all but one ordered by the same customer eight minutes before"),
    ("543376", "22325", "two lines that the same customer ordered nine minutes before"),
    ("546734", "22933", "three lines that the same customer ordered two minutes before"),
    ("548630", "21749", "192 pieces that the same customer ordered a minute before"),
    ("552850", "85123A", "three lines that the same customer ordered five minutes before"),
    ("555936", "23232", "17 lines that the same customer ordered half an hour before"),
    ("556219", "47566", "15 lines, most of them ordered by the same customer a minute before"),
)
