"""
What the carrier says of a parcel: its words may come late, twice or out of order, and the parcel's status only ever goes forward.

Every word is kept; only those that bring news are merged into the status.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from orderpipe.flow import FULFILLMENT_ENDS, FulfillmentState


class ParcelStatus(StrEnum):
    """Where a parcel is, by the carrier's last word that counts; SHIPPED is ours, when it left the house."""

    SHIPPED = "shipped"
    IN_TRANSIT = "in_transit"
    OUT_FOR_DELIVERY = "out_for_delivery"
    FAILED_ATTEMPT = "failed_attempt"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RETURNED = "returned"
    LOST = "lost"


_RANK = {
    ParcelStatus.SHIPPED: 0, ParcelStatus.IN_TRANSIT: 1, ParcelStatus.DELAYED: 1, ParcelStatus.OUT_FOR_DELIVERY: 2,
    ParcelStatus.FAILED_ATTEMPT: 2, ParcelStatus.DELIVERED: 3, ParcelStatus.RETURNED: 3, ParcelStatus.LOST: 3,
}
ENDS = frozenset({ParcelStatus.DELIVERED, ParcelStatus.RETURNED, ParcelStatus.LOST})
NEWS = frozenset(status for status, rank in _RANK.items() if rank >= 2)
"""What the deliver stage acts upon or the customer is told of."""


@dataclass(frozen=True, slots=True)
class TrackingEvent:
    """One word of the carrier; `event_id` is the carrier's own, so that a repeat is known as such. `at` is the carrier's time, UTC."""

    tracking_number: str
    event_id: str
    status: ParcelStatus
    at: datetime
    place: str = ""
    expected_on: date | None = None


@dataclass(frozen=True, slots=True)
class Parcel:
    """A parcel of ours, its status, since when, and where its fulfillment stands."""

    id: int
    fulfillment_id: int
    tracking_number: str
    status: ParcelStatus
    status_at: datetime
    state: FulfillmentState


@dataclass(frozen=True, slots=True)
class Merging:
    """What became of a word: `merged` into the status, or kept only, with the reason as code and sentence; `known`: said before."""

    event: TrackingEvent
    merged: bool
    sentence: str
    code: str | None = None
    fulfillment_id: int | None = None
    known: bool = False


class NotMerged(Exception):
    """This word is kept, and does not change the parcel's status."""

    code = "not-merged"


class UnknownParcel(NotMerged):
    """No parcel of this shop has that tracking number yet; the word is kept until one has."""

    code = "unknown-parcel"


class ParcelEnded(NotMerged):
    """The parcel's status is final."""

    code = "parcel-ended"


class EventIdReused(NotMerged):
    """The carrier has said something else under this event id before."""

    code = "event-id-reused"


class NoNews(NotMerged):
    """The parcel is that far, or farther, already."""

    code = "no-news"


def check_forward(parcel: Parcel, event: TrackingEvent) -> None:
    """
    Raise NotMerged unless this word takes the parcel forward.

    Attempts at delivery may follow each other, by their own times. A lost parcel may be found, and be delivered or returned,
    as long as its fulfillment has not ended as lost; afterwards that is for the office's case.
    """
    if parcel.status in ENDS:
        found = parcel.status == ParcelStatus.LOST and event.status in ENDS - {ParcelStatus.LOST}
        if not found or parcel.state in FULFILLMENT_ENDS:
            raise ParcelEnded(f"The parcel is {parcel.status} already.")
    elif _RANK[event.status] < _RANK[parcel.status] or (event.status == parcel.status and event.status not in NEWS):
        raise NoNews(f"The parcel is {parcel.status} already.")
    elif _RANK[event.status] == _RANK[parcel.status] and event.at <= parcel.status_at:
        raise NoNews(f"The parcel is {parcel.status} since {parcel.status_at.isoformat()}, which is later.")


@dataclass(frozen=True, slots=True)
class Merged:
    """What became of each word, in the order given, and the parcels that it changed, by tracking number."""

    mergings: list[Merging]
    after: dict[str, Parcel]

    def with_news(self) -> list[int]:
        """The fulfillments of which the deliver stage or the customer should hear."""
        return sorted({
            one.fulfillment_id for one in self.mergings
            if one.merged and not one.known and one.fulfillment_id is not None and one.event.status in NEWS
        })


def merge(
    events: Sequence[TrackingEvent], parcels: Mapping[str, Parcel], known: Mapping[tuple[str, str], Merging], *, now: datetime
) -> Merged:
    """Judge the words in the order they came; `known` holds what became of those said before, by (tracking number, event id)."""
    merged = Merged([], {})
    said = dict(known)
    for event in events:
        key = event.tracking_number, event.event_id
        parcel = merged.after.get(event.tracking_number) or parcels.get(event.tracking_number)
        if first := said.get(key):
            merged.mergings.append(_again(event, first))
            continue
        # a carrier's clock that runs ahead must not outrank what it says later
        merging = said[key] = _judge(parcel, replace(event, at=min(event.at, now)))
        merged.mergings.append(replace(merging, event=event))
        if merging.merged and parcel:
            merged.after[parcel.tracking_number] = replace(parcel, status=event.status, status_at=merging.event.at)
    return merged


def _judge(parcel: Parcel | None, event: TrackingEvent) -> Merging:
    if parcel is None:
        sentence = "No parcel of this shop has that tracking number; the word is kept until one has."
        return Merging(event, False, sentence, UnknownParcel.code)
    try:
        check_forward(parcel, event)
    except NotMerged as reason:
        return Merging(event, False, str(reason), reason.code, parcel.fulfillment_id)
    return Merging(event, True, f"The parcel is {event.status}.", None, parcel.fulfillment_id)


def _again(event: TrackingEvent, first: Merging) -> Merging:
    if event.status != first.event.status:
        sentence = f"The carrier said {first.event.status} under this event id before; that stays."
        return replace(first, event=event, merged=False, sentence=sentence, code=EventIdReused.code, known=True)
    return replace(first, event=event, known=True)
