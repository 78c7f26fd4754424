"""
The rules of cases: steps in their order, clocks that are reported once, numbers that catch a slip.
"""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderpipe.domain.calendars import ALWAYS, WorkingCalendar
from orderpipe.domain.case_terms import DEFAULTS, Target, Targets, clocks
from orderpipe.domain.cases import (
    CLOSES_AFTER,
    LEADS_TO,
    MAY_FOLLOW,
    Alarm,
    Case,
    CaseRefused,
    Cause,
    Channel,
    Clocks,
    Kind,
    Severity,
    State,
    Step,
    alarms,
    case_id_of,
    case_number,
    closes_at,
    next_look,
    reopened,
    reported,
    stepped,
    storable,
)
from orderpipe.domain.orders import UnknownNumber
from orderpipe.domain.targets import OrderType, Policies
from orderpipe.flow import Lane

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
CLOCKS = Clocks(NOON + 8 * HOUR, NOON + 10 * HOUR, NOON + 40 * HOUR, NOON + 50 * HOUR)
CASE = Case(
    1, 1, 1, "standard", Kind.COMPLAINT, State.RECEIVED, Cause.OTHER, Severity.NORMAL, "", Channel.PAGE, "customer", NOON, CLOCKS
)


@given(st.lists(st.sampled_from(Step), max_size=8))
def test_whatever_is_tried_a_case_goes_forward_and_ends_once(steps: list[Step]) -> None:
    case, states = CASE, [CASE.state]
    for hours, step in enumerate(steps):
        if step in MAY_FOLLOW[case.state]:
            case = stepped(case, step, NOON + hours * HOUR)
            states.append(case.state)
        else:
            with pytest.raises(CaseRefused):
                stepped(case, step, NOON + hours * HOUR)
    order = list(State)
    assert all(order.index(before) <= order.index(after) for before, after in pairwise(states))
    assert (case.closed_at is not None) == (case.state == State.CLOSED)
    assert (case.acknowledged_at is None) == (case.state == State.RECEIVED)
    assert (case.responded_at is not None) == (case.state in (State.RESPONDED, State.CLOSED))


def test_every_state_but_the_first_is_led_to_and_every_one_but_the_last_left() -> None:
    assert {State.RECEIVED, *LEADS_TO.values()} == set(State)
    assert [state for state in State if not MAY_FOLLOW[state]] == [State.CLOSED]


@given(st.lists(st.integers(0, 80), min_size=1, max_size=20), st.integers(0, 80))
def test_each_alarm_is_reported_once_however_often_somebody_looks(looks: list[int], acknowledged: int) -> None:
    case, told = CASE, list[Alarm]()
    for hours in sorted(looks):
        now = NOON + hours * HOUR
        if hours >= acknowledged and case.state == State.RECEIVED:
            case = stepped(case, Step.ACKNOWLEDGE, now)
        if due := alarms(case, now):
            told.append(due)
            case = reported(case, due)
        upcoming = next_look(case)
        assert upcoming is None or upcoming > now
    flat = [alarm for due in told for alarm in Alarm if alarm in due]
    assert len(flat) == len(set(flat))
    for soon, late in ((Alarm.ACKNOWLEDGE_SOON, Alarm.ACKNOWLEDGE_LATE), (Alarm.RESOLVE_SOON, Alarm.RESOLVE_LATE)):
        assert not {soon, late} <= set(flat) or flat.index(soon) < flat.index(late)


def test_an_answered_case_is_looked_at_when_it_closes_and_a_closed_one_never() -> None:
    answered = stepped(CASE, Step.RESPOND, NOON)
    assert next_look(answered) == closes_at(answered) == NOON + CLOSES_AFTER
    assert alarms(answered, NOON + 100 * HOUR) == Alarm(0)
    assert next_look(stepped(answered, Step.CLOSE, NOON)) is None


def test_a_reopened_case_begins_anew() -> None:
    again = reopened(stepped(reported(CASE, Alarm.RESOLVE_LATE), Step.CLOSE, NOON), CLOCKS)
    assert (again.state, again.told, again.reopened, again.closed_at) == (State.RECEIVED, Alarm(0), 1, None)


def test_the_most_particular_target_counts() -> None:
    shop, everybody = Target(1, 1), Target(2, 2)
    targets = Targets({(7, "", ""): shop, (0, "", Kind.CLAIM): everybody})
    assert targets.of(7, "standard", Kind.CLAIM) == shop
    assert targets.of(8, "standard", Kind.CLAIM) == everybody
    assert targets.of(8, "standard", Kind.RETURN) == DEFAULTS[Kind.RETURN]


def test_clocks_run_in_working_time() -> None:
    policies = Policies(
        {(0, "standard"): OrderType("standard", Lane.STANDARD, False, "standard", {})},
        {(0, "standard"): WorkingCalendar("standard", "UTC", ALWAYS)}, {},
    )
    made = clocks(Targets(), policies, Kind.COMPLAINT, shop_id=1, order_type="standard", now=NOON)
    assert made.acknowledge_by == NOON + 8 * HOUR
    assert made.acknowledge_warn_at == NOON + timedelta(minutes=384)


@given(st.integers(1, 10**9))
def test_a_number_leads_back_to_its_case(case_id: int) -> None:
    assert case_id_of(case_number(case_id)) == case_id


@pytest.mark.parametrize("number", ["", "C-1", "R-100001-7", "C-100001-8x", "100001-7", "C-100001-8"])
def test_no_other_number_is_one(number: str) -> None:
    with pytest.raises(UnknownNumber):
        case_id_of(number)


@given(st.text())
def test_words_are_kept_exactly_but_for_what_no_database_takes(words: str) -> None:
    assert storable(words) == words.replace("\0", "\ufffd")
    assert storable("a\ud800b") == "a?b"
