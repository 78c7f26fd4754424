"""
Holding what really became of an exception against the script.
"""

from dataclasses import replace

from orderpipe.simulation.script import SCRIPT, Outcome, differences, scripted

LOST = next(one for one in SCRIPT if one.name == "lost-parcel")
AS_WRITTEN = Outcome("completed", None, ("lost", "delivered"), frozenset({"lost", "resend", "more than asked for"}))


def test_finds_nothing_when_all_came_as_written() -> None:
    assert differences(LOST, AS_WRITTEN) == []


def test_says_what_came_differently() -> None:
    assert differences(LOST, replace(AS_WRITTEN, state="promised", waiting_for="office")) == [
        "the order is promised and waits for office, not completed"
    ]
    assert differences(LOST, replace(AS_WRITTEN, fulfillments=("lost",))) == ["its parts are lost, not delivered, lost"]
    assert differences(LOST, replace(AS_WRITTEN, witnessed=frozenset({"lost"}))) == ["nobody saw: resend"]
    assert differences(LOST, Outcome())[0] == "the order is not there, not completed"


def test_says_what_it_should_have_waited_for() -> None:
    unanswered = next(one for one in SCRIPT if one.name == "no-answer")
    assert differences(unanswered, Outcome("received", "query")) == []
    assert differences(unanswered, Outcome("received", "office")) == ["it waits for office, not for query"]


def test_tells_of_an_error_whatever_the_state() -> None:
    assert differences(LOST, replace(AS_WRITTEN, last_error="KeyError: 'x'")) == ["it is parked with an error: KeyError: 'x'"]


UNSUBSCRIBED = next(one for one in SCRIPT if one.name == "unsubscribed")
DAMAGED = next(one for one in SCRIPT if one.name == "damaged")


def test_says_which_letters_came_or_did_not() -> None:
    outcome = Outcome(
        "completed", None, ("delivered",), UNSUBSCRIBED.witnessed, letters=frozenset({"thank-you"}), declined=frozenset({"shipped"})
    )
    assert differences(UNSUBSCRIBED, outcome) == [
        "the customer was not sent: amended", "the customer did not do without: out-for-delivery, thank-you"
    ]
    as_wanted = replace(outcome, letters=UNSUBSCRIBED.letters, declined=UNSUBSCRIBED.declined)
    assert differences(UNSUBSCRIBED, as_wanted) == []


def test_says_what_became_of_the_cases() -> None:
    outcome = Outcome("completed", None, ("delivered",), DAMAGED.witnessed, letters=DAMAGED.letters, cases=("claim assessed",))
    assert differences(DAMAGED, outcome) == ["its cases are claim assessed, not claim closed"]


def test_nobody_waits_for_what_nobody_does() -> None:
    for one in SCRIPT:
        assert {one.picked_after, one.restocked_after} - {""} <= one.witnessed


def test_finds_an_exception_by_its_name() -> None:
    assert scripted("damaged") is DAMAGED
    assert scripted("") is None
