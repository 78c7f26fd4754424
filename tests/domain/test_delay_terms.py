"""
What silence means: consent to a first, short, definite delay; everything else needs the customer's word, or the shop's own rule.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderpipe.domain.delay_terms import Choice, Late, Policy, Rights, Silence, Step, next_step, options, rights, still_open

NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)
LONDON = ZoneInfo("Europe/London")
FIRST = NOW + timedelta(days=1)
SHORT = Late(FIRST, FIRST, FIRST + timedelta(days=30))


def said(late: Late, policy: Policy = Policy.US_MAIL_ORDER) -> Rights:
    return rights(policy, late, now=NOW, zone=LONDON)


@pytest.mark.parametrize(("late", "silence"), [
    (SHORT, Silence.CONSENTS),
    (replace(SHORT, new_until=FIRST + timedelta(days=31)), Silence.CANCELS),
    (replace(SHORT, new_until=None), Silence.CANCELS),
    (replace(SHORT, repeated=True), Silence.CANCELS),
    (replace(SHORT, repeated=True, agreed=True), Silence.CONSENTS),
    (replace(SHORT, new_until=None, repeated=True, agreed=True), Silence.CANCELS),
    (replace(SHORT, repeated=True, on_its_way=True), Silence.CONSENTS),
])
def test_follows_the_mail_order_rule(late: Late, silence: Silence) -> None:
    assert said(late).silence == silence


def test_a_shop_may_have_it_otherwise() -> None:
    long = replace(SHORT, new_until=None, repeated=True)
    assert [said(long, policy).silence for policy in Policy] == [Silence.CANCELS, Silence.CONSENTS, Silence.CANCELS, Silence.CALLS]


def test_a_long_delay_is_canceled_30_days_after_the_first_date_and_a_repeated_one_at_the_date_that_was_agreed() -> None:
    assert said(replace(SHORT, new_until=None)).answer_until.date() == (FIRST + timedelta(days=31)).date()
    repeated = replace(SHORT, until=NOW + timedelta(days=20), repeated=True)
    assert said(repeated).answer_until.date() == (NOW + timedelta(days=21)).date()


@given(st.floats(0, 366), st.booleans(), st.booleans(), st.sampled_from(Policy))
def test_there_is_time_to_answer_until_midnight(day: float, dateless: bool, repeated: bool, policy: Policy) -> None:
    now = NOW + timedelta(days=day)
    late = Late(now, now, None if dateless else now + timedelta(days=20), repeated=repeated)
    known = rights(policy, late, now=now, zone=LONDON)
    assert known.answer_until >= now + timedelta(days=7)
    assert known.answer_until.astimezone(LONDON).hour == 0


def test_another_date_puts_off_no_cancellation_that_was_announced() -> None:
    first = said(replace(SHORT, repeated=True))
    later = replace(SHORT, until=FIRST + timedelta(days=30), new_until=None, repeated=True, unanswered=first)
    assert said(later).answer_until == first.answer_until


def test_climbs_one_rung_at_a_time() -> None:
    known = said(replace(SHORT, new_until=None))
    assert known.call_at is not None
    climbed = [
        next_step(known, reminded=False, called=False, now=NOW)[0],
        next_step(known, reminded=False, called=False, now=known.remind_at)[0],
        next_step(known, reminded=True, called=False, now=known.remind_at)[0],
        next_step(known, reminded=True, called=False, now=known.call_at)[0],
        next_step(known, reminded=True, called=True, now=known.call_at)[0],
        next_step(known, reminded=True, called=True, now=known.answer_until)[0],
    ]
    assert climbed == [None, Step.REMIND, None, Step.CALL, None, Step.END]


@given(st.floats(0, 60), st.booleans(), st.booleans())
def test_always_knows_when_the_next_rung_comes(days: float, reminded: bool, called: bool) -> None:
    known, now = said(replace(SHORT, new_until=None)), NOW + timedelta(days=days)
    step, then = next_step(known, reminded=reminded, called=called, now=now)
    assert step == Step.END or then > now


def test_offers_only_what_there_is() -> None:
    assert options(on_its_way=True, part=True, substitute=True, cancelable=True) == (Choice.WAIT,)
    assert options(on_its_way=False, part=False, substitute=True, cancelable=True) == (Choice.WAIT, Choice.SUBSTITUTE, Choice.CANCEL)


def test_what_was_begun_can_only_be_canceled() -> None:
    every = tuple(Choice)
    assert still_open(every, None) == every
    assert still_open(every, Choice.WAIT) == (Choice.PART, Choice.SUBSTITUTE, Choice.CANCEL)
    assert still_open(every, Choice.PART) == (Choice.CANCEL,)
