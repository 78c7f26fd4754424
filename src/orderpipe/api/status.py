"""
Where everything stands: counts by state and by what is waited for, with whose turn it is; for dashboards and for the demo.
"""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from orderpipe.api.auth import ByShop
from orderpipe.api.openapi import refusals
from orderpipe.api.places import NOWHERE, ORDER_EXAMPLE, order_in
from orderpipe.api.problems import not_found
from orderpipe.flow import ENDS, WAITS, FulfillmentState, OrderState, Owner, WaitingFor
from orderpipe.serving.transactions import InWork
from orderpipe.store import counts
from orderpipe.store.counts import Standing

router = APIRouter(prefix="/v1", tags=["Status"])

FromOrder = Annotated[str | None, Query(
    max_length=40, description="Id or number of an order: count all from this one on, the ended ones too. Default: what is live.",
    examples=[ORDER_EXAMPLE],
)]

MEASURED = (
    OrderState.VALIDATED, OrderState.PROMISED, FulfillmentState.RELEASED, FulfillmentState.SHIPPED, FulfillmentState.DELIVERED,
    OrderState.COMPLETED,
)


class StandingTold(BaseModel):
    """Units that stand in the same state and wait for the same."""

    state: str = Field(examples=["received"])
    waiting_for: WaitingFor | None = Field(None, examples=["query"])
    turn: Owner | None = Field(None, description="Whose turn it is; nobody's for what has ended.", examples=["customer"])
    count: int
    since: datetime = Field(description="When the first of them entered the state.")
    parked: int = Field(description="Of them, those that stopped with an error and wait for the office.")


class LettersTold(BaseModel):
    """Letters and text messages of one kind."""

    kind: str = Field(examples=["thank-you"])
    audience: str = Field(examples=["customer"])
    channel: str = Field(examples=["email"])
    state: str = Field(examples=["sent"])
    count: int


class StatusTold(BaseModel):
    """Where everything stands."""

    orders: list[StandingTold]
    fulfillments: list[StandingTold]
    letters: list[LettersTold]


class DurationTold(BaseModel):
    """How long orders took from their arrival until they, or their first part, came to a state."""

    until: str = Field(examples=["shipped"])
    count: int
    median_seconds: float
    p95_seconds: float


class DurationsTold(BaseModel):
    """How long orders took."""

    data: list[DurationTold]


@router.get("/status", summary="Where everything stands", response_model=StatusTold, responses=refusals(403, 404, 422))
def show_status(caller: ByShop, work: InWork, from_order: FromOrder = None) -> dict[str, Any]:
    """Orders, fulfillments and letters of the shop, counted."""
    first = _first(from_order)
    return {
        "orders": [_standing(one) for one in counts.orders(work.tx, caller.shop_id, first)],
        "fulfillments": [_standing(one) for one in counts.fulfillments(work.tx, caller.shop_id, first)],
        "letters": counts.letters(work.tx, caller.shop_id, first),
    }


@router.get("/status/durations", summary="How long orders took", response_model=DurationsTold, responses=refusals(403, 404, 422))
def show_durations(caller: ByShop, work: InWork, from_order: FromOrder = ORDER_EXAMPLE) -> dict[str, Any]:
    """Median and 95th percentile of the orders from one on, by default from the installation's first."""
    return {"data": counts.durations(work.tx, caller.shop_id, _first(from_order) or 1, MEASURED)}


def _first(order: str | None) -> int | None:
    if order is None:
        return None
    if (found := order_in(order)) == NOWHERE:
        raise not_found("order")
    return found


def _standing(one: Standing) -> dict[str, Any]:
    waiting_for = WaitingFor(one.waiting_for) if one.waiting_for else None
    ended = one.state in ENDS
    turn = None if ended else WAITS[waiting_for].owner if waiting_for else Owner.PIPELINE
    return {
        "state": one.state, "waiting_for": waiting_for, "turn": turn, "count": one.count, "since": one.since, "parked": one.parked,
    }
