"""
What became of something that was kept as it came.
"""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from orderpipe.api.auth import ByShop
from orderpipe.api.openapi import ProblemDocument, refusals
from orderpipe.api.places import Cursor, Limit, page, row_behind
from orderpipe.api.problems import not_found
from orderpipe.domain.orders import UnknownNumber, internal_id, number_of, public_id
from orderpipe.flow import IntakeState
from orderpipe.serving.transactions import InWork
from orderpipe.store import intakes
from orderpipe.store.intakes import Filter, Intake

router = APIRouter(prefix="/v1", tags=["Orders"])


class IntakeTold(BaseModel):
    """Something received, and what became of it."""

    id: str = Field(examples=["int_000000000001"])
    state: IntakeState
    channel: str = Field(description="The door it came in through.", examples=["broker"])
    message: str = Field(
        description="The sender's own id of the message: through the broker door `task id/n` for its nth order, `task id/0` for the whole;"
        " else the SHA-256 of the bytes.", examples=["b28258e1-3720-4a1e-a532-f9a7b1cb455e/1"],
    )
    sender: str = Field(examples=["shop key …x4Yz"])
    parser: str
    received_at: datetime
    order: str | None = Field(description="The order it became, or the one it is at odds with.", examples=["ord_000000000001"])
    order_number: str | None
    problem: ProblemDocument | None = Field(description="Why it was refused.")
    next_at: datetime | None = Field(description="While it is pending: when it is looked at again at the latest.")


class IntakeFilter(BaseModel):
    """Which intakes are wanted."""

    state: IntakeState | None = Field(None, examples=["refused"])
    channel: str | None = Field(None, max_length=50, pattern=r"^[^\x00]*$", description="The door, such as `http` or `broker`.")
    task: str | None = Field(
        None, max_length=100, pattern=r"^[^\x00]*$", description="The task id that `send_task` gave back: the orders of that message."
    )


class IntakePage(BaseModel):
    """Intakes, the newest first."""

    data: list[IntakeTold]
    next_cursor: str | None


@router.get(
    "/intakes", summary="What became of messages, the newest first", response_model=IntakePage, responses=refusals(403, 422)
)
def list_intakes(
    caller: ByShop, work: InWork, wanted: Annotated[IntakeFilter, Query()], cursor: Cursor = "", limit: Limit = 100
) -> dict[str, Any]:
    """Who puts orders onto the broker finds refusals here: all with `state=refused`, those of one message with `task`."""
    which = Filter(wanted.state, wanted.channel, wanted.task)
    rows = intakes.listed(work.tx, caller.shop_id, which, before=row_behind(cursor) or None, limit=limit + 1)
    return page(rows, limit, show=_told, cursor=lambda row: str(row.id))


@router.get("/intakes/{intake}", summary="What became of a message", response_model=IntakeTold, responses=refusals(403, 404))
def show_intake(
    intake: Annotated[str, Path(max_length=40, examples=["int_000000000001"])], caller: ByShop, work: InWork
) -> dict[str, Any]:
    """For orders sent with `Prefer: respond-async`."""
    try:
        found = intakes.read(work.tx, caller.shop_id, internal_id("intake", intake))
    except UnknownNumber:
        found = None
    if found is None:
        raise not_found("intake")
    return _told(found)


def _told(one: Intake) -> dict[str, Any]:
    order = one.order_id
    return {
        "id": public_id("intake", one.id), "state": one.state, "channel": one.channel, "message": one.source_id,
        "sender": one.sender, "parser": one.parser, "received_at": one.received_at,
        "order": None if order is None else public_id("order", order), "order_number": None if order is None else number_of(order),
        "problem": one.result if one.state == IntakeState.REFUSED else None, "next_at": one.next_at,
    }
