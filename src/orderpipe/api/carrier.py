"""
What the carrier says and asks: where parcels are, and which ones there are.

Every word is kept, whatever it says; the answer tells whether it was news.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from orderpipe.api.auth import ByCarrier
from orderpipe.api.batches import Body, Entry, Results, one_or_many, read
from orderpipe.api.fields import Day, Instant, Name, Part, Word
from orderpipe.api.openapi import refusals
from orderpipe.api.places import Cursor, Limit, page, row_behind
from orderpipe.domain.tracking import ENDS, EventIdReused, Merging, ParcelStatus, TrackingEvent, UnknownParcel
from orderpipe.serving.transactions import InWork, Now
from orderpipe.sideflows.tracking import record_events
from orderpipe.store import parcels
from orderpipe.store.parcels import Sent

router = APIRouter(prefix="/v1", tags=["Carrier"])


class EventSent(Part):
    """One word about a parcel."""

    tracking_number: Name = Field(examples=["OP1011009"])
    event_id: Name = Field(description="The carrier's own id of this word; sent again it is known.", examples=["evt-0001"])
    status: Literal["in_transit", "delayed", "out_for_delivery", "failed_attempt", "delivered", "returned", "lost"]
    at: Instant = Field(description="When it happened.")
    place: Word = Field("", examples=["Leeds"])
    expected_on: Day | None = Field(None, description="The day on which it is to be delivered, as far as the carrier knows.")

    def event(self) -> TrackingEvent:
        """As the side flow takes it."""
        return TrackingEvent(self.tracking_number, self.event_id, ParcelStatus(self.status), self.at, self.place, self.expected_on)


class EventTold(BaseModel):
    """What became of a word: 200 it is known or merged, 202 it is kept until there is such a parcel, 409 it contradicts itself."""

    status: int
    detail: str = Field(examples=["The parcel is in_transit."])
    code: str | None = Field(None, description="Why it did not change the parcel's status.", examples=["no-news"])
    tracking_number: str
    event_id: str
    merged: bool = Field(description="Whether it took the parcel forward.")
    repeated: bool = Field(description="It was said before.")


class ParcelTold(BaseModel):
    """A parcel for the carrier."""

    tracking_number: str
    sscc: str
    carrier: str
    status: ParcelStatus
    status_at: datetime
    shipped_at: datetime
    country: str = Field(description="Where it goes, ISO 3166-1 alpha-2.")
    postal_code: str


class ParcelPage(BaseModel):
    """A page of parcels."""

    data: list[ParcelTold]
    next_cursor: str | None


_MOVING = {"tracking_number": "OP1011009", "event_id": "evt-0001", "status": "in_transit", "at": "2026-11-24T09:30:00Z", "place": "Leeds"}
_THERE = {"tracking_number": "OP1011009", "event_id": "evt-0002", "status": "delivered", "at": "2026-11-25T14:05:00+01:00"}


@router.post(
    "/tracking-events", summary="Say where parcels are", response_class=Response,
    openapi_extra=one_or_many(EventSent, one=_MOVING, many=[_MOVING, _THERE]),
    responses={
        200: {"model": EventTold | Results[EventTold], "description": "It is written down; or, of many, what became of each."},
        202: {"model": EventTold, "description": "There is no such parcel yet; it is kept until there is."},
        **refusals(403, 409, 413, 415, 422),
    },
)
def say_where(body: Body, caller: ByCarrier, work: InWork, now: Now) -> Response:
    """
    One word or a list, in any order and as often as wanted: a parcel's status only goes forward.

    Words that are no news are kept all the same (`merged` is false, `code` says why).
    """
    batch = read(body, EventSent)
    recorded = record_events(work.tx, [one.event() for one in batch.items], shop_id=caller.shop_id, by=caller.by, now=now)
    work.hints(recorded.hints)
    return batch.answer(_entry(one) for one in recorded.outcomes)


_STATUS = {UnknownParcel.code: 202, EventIdReused.code: 409}


def _entry(one: Merging) -> Entry:
    return Entry(_STATUS.get(one.code or "", 200), one.sentence, one.code, {
        "tracking_number": one.event.tracking_number, "event_id": one.event.event_id, "merged": one.merged, "repeated": one.known,
    })


@router.get("/parcels", summary="Parcels on their way", response_model=ParcelPage, responses=refusals(403, 422))
def list_parcels(
    caller: ByCarrier, work: InWork, cursor: Cursor = "", limit: Limit = 100,
    status: Annotated[list[ParcelStatus], Query(description="May be repeated. Default: all that have not ended.")] = [],  # noqa: B006
) -> dict[str, Any]:
    """In the order in which they were labelled."""
    wanted = status or [one for one in ParcelStatus if one not in ENDS]
    rows = parcels.of_shop(work.tx, caller.shop_id, wanted, after=row_behind(cursor), limit=limit + 1)
    return page(rows, limit, show=_parcel, cursor=lambda row: str(row.id))


def _parcel(one: Sent) -> dict[str, Any]:
    return {name: getattr(one, name) for name in ParcelTold.model_fields}
