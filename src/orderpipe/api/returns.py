"""
Returns over HTTP: what came back is scanned, looked at, and put into stock again or written off.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from orderpipe.api.auth import ByWarehouse
from orderpipe.api.batches import Body, Entry, Results, one_or_many, read
from orderpipe.api.case_documents import ReturnTold, return_told
from orderpipe.api.fields import Barcode, Name, Part
from orderpipe.api.once import InOnce
from orderpipe.api.openapi import Responses, refusals
from orderpipe.api.problems import not_found, refused
from orderpipe.api.work_list import ByHandler
from orderpipe.domain.orders import UnknownNumber
from orderpipe.domain.returns import Inspection, ReturnRefused, ReturnScan, Scanned, return_id_of
from orderpipe.serving.transactions import InWork, Now
from orderpipe.sideflows.returns import record_inspection, record_scans
from orderpipe.store import returns

router = APIRouter(prefix="/v1", tags=["Returns"])


class ReturnScanSent(Part):
    """One scan of one or more like pieces that came back."""

    barcode: Barcode = Field(description="The SKU, a GTIN, or a GS1 element string.", examples=["MUG-BLUE"])
    client_id: Name = Field(description="The scanner's own id of this scan; sent again it counts once.")
    operator: Name = Field(description="Who scanned.", examples=["op-7"])
    quantity: Annotated[int, Field(ge=1, le=10_000)] = 1


class ReturnScanTold(BaseModel):
    """What became of a scan."""

    status: int = Field(description="200 when it counts.")
    detail: str
    code: str | None = Field(None, description="Why it does not count.", examples=["surplus"])
    client_id: str
    sku: str | None
    quantity: int
    repeated: bool


class InspectionSent(Part):
    """What was found of one order line."""

    number: int = Field(ge=1, le=32_000, description="The order line's number.")
    restock: int = Field(0, ge=0, le=1_000_000, description="Pieces that go back into stock.")
    write_off: int = Field(0, ge=0, le=1_000_000, description="Pieces that are of no more use.")


class InspectionsSent(Part):
    """What was found of a return."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"lines": [{"number": 1, "restock": 1}]}]})

    lines: list[InspectionSent] = Field(min_length=1, max_length=1_000)


def _return(
    return_number: Annotated[str, Path(alias="return", max_length=40, description="The return's number.", examples=["R-100001-7"])],
    work: InWork, caller: ByHandler,
) -> int:
    try:
        found = return_id_of(return_number)
    except UnknownNumber:
        raise not_found("return") from None
    owner = returns.order_of(work.tx, found)
    if owner is None or owner[0] != caller.shop_id:
        raise not_found("return")
    return found


ReturnId = Annotated[int, Depends(_return)]
_SCAN = {"barcode": "MUG-BLUE", "client_id": "9a41-0001", "operator": "op-7"}
_TOLD: Responses = {200: {"model": ReturnScanTold | Results[ReturnScanTold], "description": "It counts; or, of many, what became of each."}}
_STATUS = {None: 200, "unknown-barcode": 422}


@router.get("/returns/{return}", summary="One return", response_model=ReturnTold, responses=refusals(403, 404))
def show_return(return_id: ReturnId, work: InWork) -> dict[str, Any]:
    """What may come back, what has come, and what became of it."""
    return return_told(returns.of_ids(work.tx, [return_id])[return_id])


@router.post(
    "/returns/{return}/scans", summary="Scan what came back", response_class=Response,
    openapi_extra=one_or_many(ReturnScanSent, one=_SCAN, many=[_SCAN]),
    responses={**_TOLD, **refusals(403, 404, 409, 413, 415, 422)},
)
def scan_return(return_id: ReturnId, body: Body, caller: ByWarehouse, work: InWork, now: Now) -> Response:
    """One scan or a list. A foreign or surplus piece is refused, and written down with the reason."""
    batch = read(body, ReturnScanSent)
    sent = [ReturnScan(one.barcode, one.client_id, one.operator, one.quantity) for one in batch.items]
    return batch.answer(_entry(one) for one in record_scans(work.tx, return_id, sent, by=caller.by, now=now))


def _entry(one: Scanned) -> Entry:
    told = {"client_id": one.scan.client_id, "sku": one.sku, "quantity": one.pieces, "repeated": one.repeated}
    return Entry(_STATUS.get(one.code, 409), one.sentence, one.code, told)


@router.post(
    "/returns/{return}/inspections", summary="Inspect what came back", response_model=ReturnTold, responses=refusals(403, 404, 409, 422)
)
def inspect_return(return_id: ReturnId, given: InspectionsSent, caller: ByWarehouse, once: InOnce) -> Any:
    """Pieces go back into stock, where somebody may wait for them, or are written off; both are movements."""
    def step() -> dict[str, Any]:
        found = [Inspection(one.number, one.restock, one.write_off) for one in given.lines]
        try:
            after = record_inspection(once.work.tx, return_id, found, by=caller.by, now=once.now)
        except ReturnRefused as refusal:
            raise refused(refusal, code=refusal.code) from None
        once.work.hints((), restock=True)
        return return_told(after)

    return once.do(caller.shop_id, given.model_dump_json(), step)
