"""
The ladder of a question: when each rung comes, which one follows, and what silence may mean.
"""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from orderpipe.domain.calendars import Week, WorkingCalendar
from orderpipe.domain.ladder import BadPolicy, OnSilence, Plan, Progress, QueryPolicy, Rung, other_channel, outcome, plan
from orderpipe.domain.notices import Channel

HOURS: Week = (*((((time(9), time(17)),),) * 5), (), ())
OFFICE = WorkingCalendar("office", "UTC", HOURS)
FRIDAY = datetime(2026, 1, 2, 15, tzinfo=UTC)
POLICY = QueryPolicy(remind_after=240, other_channel_after=120, call_after=60, silence_after=480)
ASKED = Progress(FRIDAY, None, None, None)
CALLED = replace(ASKED, reminded_at=FRIDAY, escalated_at=FRIDAY)
TOTAL = {"rule": "totals-differ", "field": "/total"}
NAME = {"rule": "name-missing", "field": "/customer/name"}


def planned(progress: Progress, rung: Rung, silent: OnSilence = OnSilence.WAIT, policy: QueryPolicy = POLICY) -> Plan:
    return plan(progress, rung, policy, OFFICE, silent=silent, now=FRIDAY)


def test_waits_in_working_time() -> None:
    monday = datetime(2026, 1, 5, 11, tzinfo=UTC)
    assert planned(Progress(None, None, None, None), Rung.ASK) == Plan(monday, None, monday)


def test_calls_at_the_same_time_whether_or_not_there_is_another_channel() -> None:
    by_sms = planned(replace(ASKED, other=True), Rung.REMIND)
    assert by_sms.next_at == FRIDAY + timedelta(hours=2)
    alone = planned(ASKED, Rung.REMIND)
    assert by_sms.answer_until == alone.next_at
    assert alone.next_at == datetime(2026, 1, 5, 10, tzinfo=UTC)
    assert plan(ASKED, Rung.OTHER, POLICY, OFFICE, silent=OnSilence.WAIT, now=by_sms.next_at) == alone


def test_names_the_day_of_silence_with_the_first_reminder_and_never_comes_before_it() -> None:
    told = planned(ASKED, Rung.REMIND, OnSilence.CANCEL).silence_at
    assert told == datetime(2026, 1, 6, 10, tzinfo=UTC)
    assert planned(replace(ASKED, silence_at=told), Rung.OTHER).silence_at == told
    assert planned(replace(CALLED, silence_at=told + timedelta(days=30)), Rung.CALL).silence_at == told + timedelta(days=30)
    assert planned(replace(CALLED, silence_at=FRIDAY), Rung.CALL).silence_at == datetime(2026, 1, 5, 15, tzinfo=UTC)


def test_reminds_the_office_on_working_days_until_silence_counts() -> None:
    monday, soon = datetime(2026, 1, 5, 9, tzinfo=UTC), FRIDAY + timedelta(hours=1)
    assert planned(CALLED, Rung.CALL_AGAIN) == Plan(monday, None, monday)
    assert planned(replace(CALLED, silence_at=soon), Rung.CALL_AGAIN) == Plan(soon, soon, soon)
    assert planned(replace(CALLED, silence_at=soon), Rung.SILENCE) == Plan(monday, None, monday)


@pytest.mark.parametrize(("progress", "rung"), [
    (Progress(None, None, None, None, other=True), Rung.ASK), (ASKED, Rung.REMIND),
    (replace(ASKED, reminded_at=FRIDAY), Rung.CALL), (replace(ASKED, reminded_at=FRIDAY, other=True), Rung.OTHER),
    (replace(ASKED, reminded_at=FRIDAY, repeated_at=FRIDAY, other=True), Rung.CALL), (replace(CALLED, other=True), Rung.CALL_AGAIN),
    (replace(CALLED, silence_at=FRIDAY), Rung.SILENCE), (replace(CALLED, silence_at=FRIDAY + timedelta(seconds=1)), Rung.CALL_AGAIN),
    (replace(ASKED, reminded_at=FRIDAY, silence_at=FRIDAY), Rung.CALL),
])
def test_follows_one_rung_after_the_other_and_calls_before_silence_counts(progress: Progress, rung: Rung) -> None:
    assert progress.rung(FRIDAY) == rung


def test_goes_on_as_ordered_only_where_every_doubt_may_be_right() -> None:
    policy = replace(POLICY, on_silence=OnSilence.PROCEED)
    assert outcome(policy, [TOTAL]) == OnSilence.PROCEED
    assert outcome(policy, [TOTAL, NAME]) == OnSilence.WAIT
    assert outcome(replace(policy, on_silence=OnSilence.CANCEL), [NAME]) == OnSilence.CANCEL


def test_knows_the_other_channel_only_where_a_message_can_arrive() -> None:
    both = {"email": "ann@customers.example.com", "phone": "07911 123456"}
    assert other_channel(Channel.EMAIL, both, "GB") == Channel.SMS
    assert other_channel(Channel.EMAIL, {**both, "phone": "020 7946 0958"}, "GB") is None
    assert other_channel(Channel.SMS, both, "GB") == Channel.EMAIL
    assert other_channel(Channel.SMS, {"phone": "07911 123456"}, "GB") is None


@pytest.mark.parametrize("wrong", [{"remind_after": 0}, {"call_after": 10**6}, {"other_channel_after": -1}, {"link_days": 0}])
def test_refuses_a_policy_that_cannot_be(wrong: dict[str, int]) -> None:
    with pytest.raises(BadPolicy, match=next(iter(wrong))):
        replace(POLICY, **wrong)  # type: ignore[arg-type]
