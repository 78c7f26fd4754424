"""
The warehouse's work list: what it polls to know which fulfillments to pick and pack, and with which bar codes.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, Field

from orderpipe.api.auth import Caller, caller_as
from orderpipe.api.openapi import refusals
from orderpipe.api.places import FULFILLMENT_EXAMPLE, Cursor, FulfillmentId, Limit, page, row_behind
from orderpipe.api.problems import not_found
from orderpipe.domain.orders import fulfillment_number_of, number_of, public_id
from orderpipe.flow import FulfillmentState, WaitingFor
from orderpipe.serving.transactions import InWork
from orderpipe.store import parcels, worklist
from orderpipe.store.metadata import Tx
from orderpipe.store.parcels import Sent
from orderpipe.store.shops import Role
from orderpipe.store.worklist import Job, JobLine, Wanted

router = APIRouter(prefix="/v1", tags=["Warehouse"])

ByHandler = Annotated[Caller, Depends(caller_as(Role.WAREHOUSE, Role.SHOP, Role.OFFICE))]


class GtinTold(BaseModel):
    """A bar code of an article, and how many pieces it stands for."""

    gtin: str = Field(examples=["09506000134352"])
    pack_quantity: int


class LineTold(BaseModel):
    """One line of a fulfillment."""

    number: int = Field(description="The order line's number.")
    sku: str = Field(examples=["MUG-BLUE"])
    description: str
    gtins: list[GtinTold]
    quantity: int
    picked: int
    short: int = Field(description="Reported as not to be found.")
    packed: int


class ParcelTold(BaseModel):
    """A parcel of a fulfillment."""

    tracking_number: str
    sscc: str
    carrier: str
    status: str = Field(examples=["in_transit"])


class FulfillmentTold(BaseModel):
    """What can leave together from one place."""

    id: str = Field(examples=[FULFILLMENT_EXAMPLE])
    number: str = Field(examples=["100038-5/1"])
    order: str = Field(examples=["ord_000000000001"])
    order_number: str = Field(examples=["100038-5"])
    kind: str = Field(description="parcel, or appointment for a service")
    state: FulfillmentState
    waiting_for: WaitingFor | None
    entered_at: datetime = Field(description="When it entered its state.")
    due_at: datetime | None = Field(description="The time target of its state.")
    not_before: datetime | None
    promised_until: datetime | None = Field(description="The end of what the customer was promised.")
    location: str | None = Field(description="The location's code; none of an appointment.")
    ship_to: dict[str, str] | None
    lines: list[LineTold]
    parcels: list[ParcelTold]


class FulfillmentPage(BaseModel):
    """A page of fulfillments."""

    data: list[FulfillmentTold]
    next_cursor: str | None


class Filters(BaseModel):
    """Which fulfillments are wanted."""

    state: list[FulfillmentState] = Field([], description="May be repeated. Default: all that have not ended.")
    waiting_for: WaitingFor | None = Field(None, description="Such as pick-scans.")
    location: str | None = Field(None, max_length=100, pattern=r"^[^\x00]*$", description="A location's code.")
    updated_since: AwareDatetime | None = Field(None, description="Those that entered their state at this instant or later.")


@router.get("/fulfillments", summary="The work list", response_model=FulfillmentPage, responses=refusals(403, 422))
def list_fulfillments(
    caller: ByHandler, work: InWork, filters: Annotated[Filters, Query()], cursor: Cursor = "", limit: Limit = 100
) -> dict[str, Any]:
    """The oldest first. Poll `?state=released&waiting_for=pick-scans` for what is to be picked, `picked`, `pack-scans` to be packed."""
    wanted = Wanted(filters.state, filters.waiting_for, filters.location, filters.updated_since, row_behind(cursor), limit + 1)
    rows = worklist.jobs(work.tx, caller.shop_id, wanted)
    told = _told(work.tx, rows[:limit])
    return page(rows, limit, show=lambda job: told[job.id], cursor=lambda job: str(job.id))


@router.get("/fulfillments/{fulfillment}", summary="One fulfillment", response_model=FulfillmentTold, responses=refusals(403, 404))
def show_fulfillment(fulfillment_id: FulfillmentId, caller: ByHandler, work: InWork) -> Mapping[str, Any]:
    """Where it stands, with its lines and parcels."""
    found = worklist.job(work.tx, caller.shop_id, fulfillment_id)
    if found is None:
        raise not_found("fulfillment")
    return _told(work.tx, [found])[found.id]


def _told(tx: Tx, jobs: Iterable[Job]) -> dict[int, dict[str, Any]]:
    by_id = {job.id: job for job in jobs}
    lines, sent = worklist.job_lines(tx, by_id), parcels.of_fulfillments(tx, by_id)
    return {one: _document(job, lines[one], sent[one]) for one, job in by_id.items()}


def _document(job: Job, lines: Iterable[JobLine], sent: Iterable[Sent]) -> dict[str, Any]:
    return {
        "id": public_id("fulfillment", job.id), "number": fulfillment_number_of(job.id),
        "order": public_id("order", job.order_id), "order_number": number_of(job.order_id), "kind": job.kind, "state": job.state,
        "waiting_for": job.waiting_for, "entered_at": job.entered_at, "due_at": job.due_at, "not_before": job.not_before,
        "promised_until": job.promised_until, "location": job.location, "ship_to": job.ship_to,
        "lines": [
            {
                "number": line.number, "sku": line.sku, "description": line.description, "gtins": line.gtins,
                "quantity": line.quantity, "picked": line.picked, "short": line.short, "packed": line.packed,
            }
            for line in lines
        ],
        "parcels": [
            {"tracking_number": one.tracking_number, "sscc": one.sscc, "carrier": one.carrier, "status": one.status} for one in sent
        ],
    }
