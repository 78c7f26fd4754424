"""
What the warehouse says and asks: scans of pieces, services performed, and the work list it polls.

A refused scan is written down too; the answer says why it does not count and what is still expected.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import Response

from orderpipe.api.auth import ByWarehouse
from orderpipe.api.batches import Batch, Body, Entry, Results, one_or_many, read
from orderpipe.api.fields import Barcode, Instant, Name, Part, Text, Word
from orderpipe.api.openapi import Responses, refusals
from orderpipe.api.places import FULFILLMENT_EXAMPLE, FulfillmentId, fulfillment_in
from orderpipe.domain.handling import Phase
from orderpipe.domain.orders import public_id
from orderpipe.domain.scans import Outcome, Scan, UnknownBarcode, UnknownFulfillment
from orderpipe.serving.transactions import InWork, Now, Work
from orderpipe.sideflows.performances import Performance, record_performed
from orderpipe.sideflows.recorded import Recorded
from orderpipe.sideflows.scans import record_scans

router = APIRouter(prefix="/v1", tags=["Warehouse"])


class ScanSent(Part):
    """One scan of one or more like pieces."""

    phase: Literal["pick", "pack", "short"] = Field(description="Taken from the shelf, put into the parcel, or not to be found.")
    barcode: Barcode = Field(description="The SKU, a GTIN, or a GS1 element string.", examples=["MUG-BLUE"])
    client_id: Name = Field(description="The scanner's own id of this scan; sent again it counts once.")
    operator: Name = Field(description="Who scanned.", examples=["op-7"])
    station: Word = Field("", examples=["table-2"])
    quantity: Annotated[int, Field(ge=1, le=10_000)] = Field(1, description="How often the bar code counts; a pack counts all its pieces.")
    at: Instant | None = Field(None, description="When it was scanned; default: now.")

    def scan(self, fulfillment_id: int, now: datetime) -> Scan:
        """As the side flow takes it."""
        return Scan(
            fulfillment_id, Phase(self.phase), self.barcode, self.client_id, self.operator, self.station, self.at or now, self.quantity
        )


class ScanOfFulfillment(ScanSent):
    """One scan, with the fulfillment it is for."""

    fulfillment: Name = Field(examples=[FULFILLMENT_EXAMPLE])


class PerformanceSent(Part):
    """The word that a service was performed."""

    client_id: Name = Field(description="The sender's own id of this word; sent again it counts once.")
    by: Name = Field(description="Who performed it.", examples=["Bo Li"])
    note: Text = ""
    at: Instant | None = Field(None, description="When it was done; default: now.")

    def performance(self, fulfillment_id: int, now: datetime) -> Performance:
        """As the side flow takes it."""
        return Performance(fulfillment_id, self.at or now, self.by, self.client_id, self.note)


class PerformanceOfFulfillment(PerformanceSent):
    """The word that a service was performed, with the appointment it is about."""

    fulfillment: Name = Field(examples=[FULFILLMENT_EXAMPLE])


class Left(BaseModel):
    """Pieces still to be scanned."""

    sku: str
    quantity: int


class ScanTold(BaseModel):
    """What became of a scan."""

    status: int = Field(description="200 when it counts.")
    detail: str = Field(description="A sentence for the operator.", examples=["1 of MUG-BLUE counted; 1 of MUG-BLUE left."])
    code: str | None = Field(None, description="Why it does not count.", examples=["surplus"])
    fulfillment: str = Field(examples=[FULFILLMENT_EXAMPLE])
    client_id: str
    sku: str | None = Field(None, description="What the bar code stands for.")
    quantity: int = Field(description="Pieces it stands for.")
    left: list[Left] = Field(description="What is still expected in this phase.")
    repeated: bool = Field(description="It was sent before; this is its first answer again.")


_PICK = {"phase": "pick", "barcode": "MUG-BLUE", "client_id": "6f1c2a52-0001", "operator": "op-7", "station": "table-2"}
_GTIN = {"phase": "pick", "barcode": "(01)09506000134352(10)LOT7", "client_id": "6f1c2a52-0002", "operator": "op-7"}
_SHORT = {"phase": "short", "barcode": "MUG-BLUE", "client_id": "6f1c2a52-0003", "operator": "op-7", "quantity": 1}
_WHERE = {"fulfillment": FULFILLMENT_EXAMPLE}
_DONE = {"client_id": "8e07b0c4-0001", "by": "Bo Li", "note": "Fitted, and shown how it works."}

_TOLD: Responses = {200: {"model": ScanTold | Results[ScanTold], "description": "It counts; or, of many, what became of each."}}


@router.post(
    "/fulfillments/{fulfillment}/scans", summary="Scan for a fulfillment", response_class=Response,
    openapi_extra=one_or_many(ScanSent, one=_PICK, many=[_PICK, _GTIN, _SHORT]),
    responses={**_TOLD, **refusals(403, 404, 409, 413, 415, 422)},
)
def scan_fulfillment(fulfillment_id: FulfillmentId, body: Body, caller: ByWarehouse, work: InWork, now: Now) -> Response:
    """One scan or a list, for picking or packing. A wrong or surplus piece is refused (409), and written down with the reason."""
    batch = read(body, ScanSent)
    scans = [one.scan(fulfillment_id, now) for one in batch.items]
    return _answer(batch, record_scans(work.tx, scans, shop_id=caller.shop_id, by=caller.by, now=now), work)


@router.post(
    "/scans", summary="Scan for many fulfillments", response_class=Response,
    openapi_extra=one_or_many(ScanOfFulfillment, one=_WHERE | _PICK, many=[_WHERE | _PICK, _WHERE | _SHORT]),
    responses={**_TOLD, **refusals(403, 404, 409, 413, 415, 422)},
)
def scan_many(body: Body, caller: ByWarehouse, work: InWork, now: Now) -> Response:
    """Scans of any fulfillments, such as those a scanner has gathered while it was offline."""
    batch = read(body, ScanOfFulfillment)
    scans = [one.scan(fulfillment_in(one.fulfillment), now) for one in batch.items]
    recorded = record_scans(work.tx, scans, shop_id=caller.shop_id, by=caller.by, now=now)
    return _answer(batch, recorded, work, [one.fulfillment for one in batch.items])


@router.post(
    "/fulfillments/{fulfillment}/performed", summary="Say that a service was performed", response_class=Response,
    openapi_extra=one_or_many(PerformanceSent, one=_DONE), responses={**_TOLD, **refusals(403, 404, 409, 413, 415, 422)},
)
def perform_fulfillment(fulfillment_id: FulfillmentId, body: Body, caller: ByWarehouse, work: InWork, now: Now) -> Response:
    """Ends an appointment: the service is delivered."""
    batch = read(body, PerformanceSent)
    said = [one.performance(fulfillment_id, now) for one in batch.items]
    return _answer(batch, record_performed(work.tx, said, shop_id=caller.shop_id, by=caller.by, now=now), work)


@router.post(
    "/performed", summary="Say that services were performed", response_class=Response,
    openapi_extra=one_or_many(PerformanceOfFulfillment, one=_WHERE | _DONE, many=[_WHERE | _DONE]),
    responses={**_TOLD, **refusals(403, 404, 409, 413, 415, 422)},
)
def perform_many(body: Body, caller: ByWarehouse, work: InWork, now: Now) -> Response:
    """Ends appointments: the services are delivered."""
    batch = read(body, PerformanceOfFulfillment)
    said = [one.performance(fulfillment_in(one.fulfillment), now) for one in batch.items]
    recorded = record_performed(work.tx, said, shop_id=caller.shop_id, by=caller.by, now=now)
    return _answer(batch, recorded, work, [one.fulfillment for one in batch.items])


def _answer(batch: Batch[Any], recorded: Recorded[Outcome], work: Work, named: Sequence[str] = ()) -> Response:
    """`named` are the fulfillments as the sender wrote them, right or wrong; none where all are for one."""
    work.hints(recorded.hints)
    names = named or [public_id("fulfillment", one.scan.fulfillment_id) for one in recorded.outcomes]
    return batch.answer(_entry(one, name) for one, name in zip(recorded.outcomes, names, strict=True))


_STATUS = {None: 200, UnknownFulfillment.code: 404, UnknownBarcode.code: 422}


def _entry(one: Outcome, name: str) -> Entry:
    return Entry(_STATUS.get(one.code, 409), one.sentence, one.code, {
        "fulfillment": name, "client_id": one.scan.client_id, "sku": one.sku,
        "quantity": one.pieces, "left": [{"sku": sku, "quantity": pieces} for sku, pieces in one.left.items()],
        "repeated": one.repeated,
    })
