"""
Changes to an order that has been taken down: address, pieces, articles, dates, contact and payment, for as long as each is possible.
"""

import secrets
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from orderpipe.api.auth import ByShop, Caller
from orderpipe.api.once import Document, InOnce, Once
from orderpipe.api.openapi import refusals
from orderpipe.api.order_steps import CANCEL_REASONS, IfMatch, lock
from orderpipe.api.places import OrderId
from orderpipe.api.problems import Problem
from orderpipe.domain.amendable import Matter
from orderpipe.domain.orders import public_id
from orderpipe.intake.refusals import FieldError
from orderpipe.sideflows import amendments
from orderpipe.sideflows.amendments import AmendRefused, Asked

router = APIRouter(prefix="/v1", tags=["Orders"])

_Text = Annotated[str, Field(max_length=5_000, pattern=r"^[^\x00]*$")]
_Pointer = Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]


class AddedLine(BaseModel):
    """A line to be added."""

    model_config = ConfigDict(extra="forbid")

    sku: _Text
    quantity: int
    unit_price: _Text | None = Field(None, description="What was agreed for one; the product's price by default.")


_Value = _Text | int | AddedLine | list[AddedLine] | dict[str, _Text] | None


class GivenAmendment(BaseModel):
    """What is to be different, and why."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [
        {"changes": {"/ship_to/line1": "2 Low Street", "/lines/0/quantity": 3}, "reason": "customer"},
    ]})

    changes: dict[_Pointer, _Value] = Field(
        min_length=1, max_length=2_000,
        description="New values by JSON pointer into the order; null for a line takes it away, `/lines/-` adds one or a list of them.",
        examples=[{"/lines/0/quantity": 3, "/lines/-": {"sku": "MUG-RED", "quantity": 1}}],
    )
    reason: CANCEL_REASONS = "customer"


class AmendedTold(BaseModel):
    """What the amendment led to."""

    order: str
    changed: list[str] = Field(description="The pointers of what is different now.")
    total: Decimal | None = Field(description="What the order costs now.")
    promised_until: datetime | None = Field(description="The end of what is promised now of what is still to come.")
    question: bool = Field(description="It left a doubt; until that is cleared nothing goes on that is not picked yet.")
    repeated: bool = Field(description="It was carried out before.")


@router.post(
    "/orders/{order}/amendments", summary="Change an order", response_model=AmendedTold, responses=refusals(403, 404, 409, 412, 422)
)
def amend_order(order_id: OrderId, given: GivenAmendment, caller: ByShop, once: InOnce, if_match: IfMatch = None) -> Any:
    """It is checked as an order is and carried out whole or not at all; stock, fulfillments and promise follow, the customer is told."""
    return once.do(caller.shop_id, given.model_dump_json(), lambda: _amend(once, order_id, given, caller, if_match))


def _amend(once: Once, order_id: int, given: GivenAmendment, caller: Caller, if_match: str | None) -> Document:
    work = once.work
    lock(work, caller.shop_id, order_id, if_match)
    changes = given.model_dump(exclude_none=False)["changes"]
    asked = Asked(changes, once.key or secrets.token_hex(8), given.reason)
    try:
        done = amendments.amend(work.tx, order_id, asked, by=caller.by, now=once.now)
    except AmendRefused as refusal:
        raise _refused(refusal) from None
    work.hints(done.hints, restock=done.stock_freed)
    return {
        "order": public_id("order", order_id), "changed": list(done.changed), "total": done.total, "promised_until": done.until,
        "question": done.question, "repeated": done.known,
    }


def _refused(refusal: AmendRefused) -> Problem:
    """409 where it is too late for all of it, else 422."""
    errors = [FieldError(one.pointer, one.detail, one.code) for one in refusal.problems]
    allowed = [Matter(one).value for one in refusal.allowed]
    if all(one.code == "too-late" for one in refusal.problems):
        return Problem(409, "cannot-amend", str(refusal), errors=errors, state=refusal.state, allowed=allowed)
    return Problem(422, "amendment-refused", "The order cannot be changed so.", errors=errors, state=refusal.state, allowed=allowed)
