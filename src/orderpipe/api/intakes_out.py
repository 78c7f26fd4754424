"""
What became of something that was kept as it came.
"""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from orderpipe.api.auth import ByShop
from orderpipe.api.openapi import ProblemDocument, refusals
from orderpipe.api.problems import not_found
from orderpipe.domain.orders import UnknownNumber, internal_id, number_of, public_id
from orderpipe.flow import IntakeState
from orderpipe.serving.transactions import InWork
from orderpipe.store import intakes
from orderpipe.store.intakes import Intake

router = APIRouter(prefix="/v1", tags=["Orders"])


class IntakeTold(BaseModel):
    """Something received, and what became of it."""

    id: str = Field(examples=["int_000000000001"])
    state: IntakeState
    channel: str
    parser: str
    received_at: datetime
    order: str | None = Field(description="The order it became, or the one it is at odds with.", examples=["ord_000000000001"])
    order_number: str | None
    problem: ProblemDocument | None = Field(description="Why it was refused.")
    next_at: datetime | None = Field(description="While it is pending: when it is looked at again at the latest.")


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
    return {
        "id": public_id("intake", one.id), "state": one.state, "channel": one.channel, "parser": one.parser,
        "received_at": one.received_at, "order": None if one.order_id is None else public_id("order", one.order_id),
        "order_number": None if one.order_id is None else number_of(one.order_id), "next_at": one.next_at,
        "problem": one.result if one.state == IntakeState.REFUSED else None,
    }
