"""
What the journal says of an order's time: which waits stop which clock, and that the order's own stands only while nothing is ours to do.
"""

from datetime import UTC, datetime, timedelta

import pytest

from orderpipe.domain.calendars import ALWAYS, WorkingCalendar
from orderpipe.domain.histories import ITSELF, Happened, Held, History, Part, Standing, running, still_ahead
from orderpipe.domain.targets import OrderType, Policies
from orderpipe.flow import FulfillmentState, Lane, OrderState

START = datetime(2026, 11, 3, 12, tzinfo=UTC)
TARGETS = {"received": 60, "planned": 120, "released": 60, "picked": 30, "shipped": 600, "whole": 1000}
RULES = Policies(
    {(0, "standard"): OrderType("standard", Lane.STANDARD, False, "always", TARGETS),
     (0, "strict"): OrderType("strict", Lane.STANDARD, False, "always", TARGETS, pauses=frozenset({"customer"}))},
    {(0, "always"): WorkingCalendar("always", "UTC", ALWAYS), (0, "standard"): WorkingCalendar("standard", "UTC", ALWAYS)}, {},
)
ONE, TWO = 7001, 7002


def after(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def order(state: str = "promised", *parts: Part, type: str = "standard") -> Standing:
    return Standing(7, 1, type, OrderState(state), False, START, START, None, None, parts)


def part(state: str = "planned", number: int = ONE, *, entered: float = 0, not_before: float | None = None) -> Part:
    return Part(number, FulfillmentState(state), False, after(entered), None, after(not_before) if not_before is not None else None, None)


def moved(minutes: float, to: str, unit: int = ONE, *, spent: float = 0) -> Happened:
    return Happened(after(minutes), unit, "moved", to, spent_seconds=spent * 60)


def waits(minutes: float, reason: str, unit: int = ONE) -> Happened:
    return Happened(after(minutes), unit, "fulfillment.waits", waits_for=reason)


PROMISED = moved(1, "promised", ITSELF)


def due(one: Standing, stage: str, history: History, *, now: float = 500) -> float:
    """After how many minutes the target of this stage is reached."""
    clock = next(each for each in running(one, RULES, history, now=after(now)) if each.stage == stage)
    return (clock.clock.reaches(clock.minutes, after(now)) - START).total_seconds() / 60


def test_without_a_history_nothing_was_waited_for() -> None:
    clocks = running(order("received"), RULES, now=after(0))
    found = {(each.unit, each.stage): each.clock.reaches(each.minutes, after(0)) for each in clocks}
    assert found == {(ITSELF, "received"): after(60), (ITSELF, "whole"): after(1000)}


@pytest.mark.parametrize(("reason", "pauses"), [("stock", True), ("payment", True), ("office", False), ("promise", False)])
def test_a_stage_s_clock_stands_while_an_outsider_is_waited_for(reason: str, pauses: bool) -> None:
    history = History([PROMISED, waits(10, reason), waits(200, "promise")])
    assert due(order("promised", part()), "planned", history) == (120 + 190 if pauses else 120)


def test_a_wait_lasts_until_the_journal_says_otherwise() -> None:
    again = History([PROMISED, waits(10, "stock"), waits(370, "stock")])
    assert due(order("promised", part()), "planned", again, now=400) == 400 + 110


def test_a_payment_ends_its_wait_though_the_release_is_late() -> None:
    paid = Happened(after(100), ITSELF, "payment.received")
    assert due(order("promised", part()), "planned", History([PROMISED, waits(10, "payment"), paid])) == 120 + 90
    assert due(order("promised", part()), "planned", History([PROMISED, waits(10, "stock"), paid]), now=500) == 500 + 110


def test_a_day_that_the_customer_asked_for_is_waited_for_and_then_the_clock_runs() -> None:
    history = History([PROMISED, waits(10, "date")])
    assert due(order("promised", part(not_before=300)), "planned", history, now=400) == 300 + 110
    assert due(order("promised", part(not_before=300)), "planned", History([PROMISED]), now=20) == 300 + 100


def test_only_those_that_the_type_names_are_waited_for() -> None:
    history = History([PROMISED, waits(10, "stock"), waits(200, "promise")])
    assert due(order("promised", part(), type="strict"), "planned", history) == 120


def test_a_question_stops_all_clocks_until_the_reply_lies_with_the_office() -> None:
    asked, read = Held(ITSELF, "query", (after(10), None)), Held(ITSELF, "office", (after(40), after(50)))
    assert due(order("received"), "received", History([], [asked]), now=90) == 90 + 50
    answered = Held(ITSELF, "query", (after(10), after(70)))
    assert due(order("received"), "received", History([], [answered, read])) == 60 + 50
    assert due(order("received"), "whole", History([], [answered, read])) == 1000 + 50


def test_the_carrier_s_own_target_runs_while_the_carrier_is_waited_for() -> None:
    history = History([PROMISED, moved(100, "shipped", spent=10)])
    assert due(order("promised", part("shipped", entered=100)), "shipped", history) == 700


def test_the_order_s_clock_stands_while_all_of_it_is_elsewhere() -> None:
    history = History([PROMISED, moved(2, "released", spent=1), moved(100, "shipped"), moved(300, "delivered"), waits(50, "stock", TWO),
                       moved(350, "released", TWO, spent=349)])
    both = order("promised", part("released", TWO, entered=350))
    assert due(both, "whole", history) == 1000 + (350 - 100)


def test_the_order_s_clock_runs_while_one_part_of_it_is_in_work() -> None:
    history = History([PROMISED, moved(2, "released", spent=1), moved(100, "shipped"), moved(3, "released", TWO, spent=2)])
    both = order("promised", part("shipped", entered=100), part("released", TWO, entered=3))
    assert due(both, "whole", history) == 1000


def test_the_order_s_clock_runs_while_the_office_decides() -> None:
    history = History([PROMISED, moved(2, "released", spent=1), moved(100, "shipped"), moved(300, "lost")],
                      [Held(ITSELF, "office", (after(300), None))])
    assert due(order(), "whole", history) == 1000 + 200


def test_knows_which_stages_are_still_ahead() -> None:
    assert still_ahead(order("allocated"))[:2] == ("planned", "released")
    assert still_ahead(order("received"))[:2] == ("validated", "allocated")
    assert "planned" in still_ahead(order("promised", part("released"))), "what is not found is planned anew"
    assert still_ahead(order("promised", part("shipped"))) == ("shipped",)
