"""
How the carrier's words are merged.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from orderpipe.domain.tracking import _RANK, ENDS, Merged, Parcel, ParcelStatus, TrackingEvent, merge
from orderpipe.flow import FulfillmentState

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
PARCEL = Parcel(1, 42001, "OP1", ParcelStatus.SHIPPED, NOON, FulfillmentState.SHIPPED)


def event(status: str, minutes: int = 1, event_id: str = "", number: str = "OP1") -> TrackingEvent:
    return TrackingEvent(number, event_id or f"{status}@{minutes}", ParcelStatus(status), NOON + timedelta(minutes=minutes))


def tell(*events: TrackingEvent, parcel: Parcel = PARCEL) -> Merged:
    return merge(events, {"OP1": parcel}, {}, now=NOON + timedelta(days=30))


def status(*events: TrackingEvent, parcel: Parcel = PARCEL) -> str:
    return tell(*events, parcel=parcel).after.get("OP1", parcel).status


def test_goes_forward_only() -> None:
    assert status(event("in_transit", 5), event("out_for_delivery", 9), event("in_transit", 12)) == "out_for_delivery"
    assert status(event("delivered", 5), event("in_transit", 4), event("returned", 9)) == "delivered"


def test_attempts_follow_each_other_by_their_own_times() -> None:
    assert status(event("failed_attempt", 5), event("out_for_delivery", 9)) == "out_for_delivery"
    assert status(event("out_for_delivery", 9), event("failed_attempt", 5)) == "out_for_delivery"
    again = tell(event("failed_attempt", 5), event("failed_attempt", 50))
    assert [one.merged for one in again.mergings] == [True, True]


def test_a_parcel_once_lost_may_be_found_while_its_fulfillment_lives() -> None:
    lost = replace(PARCEL, status=ParcelStatus.LOST)
    assert status(event("delivered"), parcel=lost) == "delivered"
    assert status(event("in_transit"), parcel=lost) == "lost"
    ended = tell(event("delivered"), parcel=replace(lost, state=FulfillmentState.LOST))
    assert (ended.mergings[0].merged, ended.mergings[0].code) == (False, "parcel-ended")


def test_a_repeated_word_is_known() -> None:
    merged = tell(event("in_transit", event_id="e"), event("in_transit", event_id="e"), event("lost", event_id="e"))
    assert [(one.merged, one.known, one.code) for one in merged.mergings] == [
        (True, False, None), (True, True, None), (False, True, "event-id-reused"),
    ]
    assert merged.with_news() == []


def test_keeps_the_words_about_unknown_parcels() -> None:
    merged = tell(event("delivered", number="OP2"))
    assert (merged.mergings[0].merged, merged.mergings[0].code, merged.with_news()) == (False, "unknown-parcel", [])


def test_a_clock_that_runs_ahead_does_not_outrank_later_words() -> None:
    ahead, later = event("out_for_delivery", 10_000), event("failed_attempt", 30)
    first = merge([ahead], {"OP1": PARCEL}, {}, now=NOON + timedelta(minutes=20))
    second = merge([later], first.after, {}, now=NOON + timedelta(minutes=40))
    assert first.mergings[0].event == ahead
    assert second.after["OP1"].status == "failed_attempt"


events = st.lists(st.builds(event, st.sampled_from([one.value for one in ParcelStatus][1:]), st.integers(0, 50)), max_size=12)


@given(events)
def test_the_rank_never_falls_and_an_end_stays(some: list[TrackingEvent]) -> None:
    so_far = [PARCEL.status] + [tell(*some[:count]).after.get("OP1", PARCEL).status for count in range(1, len(some) + 1)]
    for before, after in pairwise(so_far):
        assert _RANK[after] >= _RANK[before]
        if before in ENDS and before != after:
            assert before == "lost"


@given(events)
def test_saying_everything_twice_changes_nothing(some: list[TrackingEvent]) -> None:
    assert status(*some, *some) == status(*some)


@given(events.filter(lambda some: len({one.status for one in some} & ENDS) < 2), st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter_where_the_end_is_one(some: list[TrackingEvent], chance: object) -> None:
    once = list({one.at: one for one in some}.values())
    shuffled = list(once)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert status(*shuffled) == status(*once)
