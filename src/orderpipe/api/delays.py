"""
What staff enters for customers who were told of a delay.
"""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from orderpipe.api.auth import ByShop, Caller
from orderpipe.api.once import Document, InOnce, Once
from orderpipe.api.openapi import refusals
from orderpipe.api.order_steps import IfMatch, lock
from orderpipe.api.places import OrderId
from orderpipe.api.problems import refused
from orderpipe.domain.delay_terms import Choice
from orderpipe.domain.orders import public_id
from orderpipe.sideflows import delay_choices
from orderpipe.sideflows.delay_choices import ChoiceRefused

router = APIRouter(prefix="/v1", tags=["Orders"])


class DelayChoice(BaseModel):
    """What the customer chose about what is late."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"choice": "wait"}]})

    choice: Choice


class DelayChosen(BaseModel):
    """What was chosen."""

    order: str
    choice: Choice


@router.post(
    "/orders/{order}/delay-choice", summary="Choose what becomes of what is late", response_model=DelayChosen,
    responses=refusals(403, 404, 409, 412, 422),
)
def choose(order_id: OrderId, given: DelayChoice, caller: ByShop, once: InOnce, if_match: IfMatch = None) -> Any:
    """For the customer: wait, have sent now what is there, have something else at the same price, or cancel what is late."""
    return once.do(caller.shop_id, given.model_dump_json(), lambda: _choose(once, order_id, given, caller, if_match))


def _choose(once: Once, order_id: int, given: DelayChoice, caller: Caller, if_match: str | None) -> Document:
    lock(once.work, caller.shop_id, order_id, if_match)
    try:
        chosen = delay_choices.choose(once.work.tx, order_id, given.choice, by=caller.by, now=once.now)
    except ChoiceRefused as refusal:
        raise refused(refusal, state=refusal.state, allowed=refusal.allowed, code="choice-does-not-fit") from None
    once.work.hints(chosen.hints, restock=chosen.stock_freed)
    return {"order": public_id("order", order_id), "choice": chosen.choice}
