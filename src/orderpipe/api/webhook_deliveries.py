"""
What became of events on their way to a shop's webhook endpoints, and sending one once more.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from orderpipe.api.auth import ByShop
from orderpipe.api.openapi import refusals
from orderpipe.api.places import NOWHERE, Cursor, Limit, order_in, page, row_behind
from orderpipe.api.problems import not_found
from orderpipe.domain.orders import UnknownNumber, internal_id, public_id
from orderpipe.domain.webhooks import Delivery
from orderpipe.flow import Queue
from orderpipe.serving.transactions import InWork, Now
from orderpipe.store import webhook_deliveries
from orderpipe.store.webhook_deliveries import Filter, Kept

router = APIRouter(prefix="/v1", tags=["Webhooks"])


class DeliveryTold(BaseModel):
    """An event on its way to an endpoint, and what came of the last attempt."""

    id: str = Field(examples=["whd_000000000001"])
    endpoint: str = Field(examples=["whe_000000000001"])
    event: str = Field(description="The `webhook-id` it carries, the same at each attempt.", examples=["evt_000000000001_3"])
    type: str = Field(examples=["order.validated"])
    order: str | None
    sequence: int = Field(description="The number of the event within its order.")
    at: datetime = Field(description="When it happened.")
    state: Literal["pending", "sent", "dead"]
    attempts: int = Field(description="Those that failed.")
    next_at: datetime | None = Field(description="While it is pending: when it is tried next.")
    tried_at: datetime | None
    status: int | None = Field(description="The receiver's last answer.")
    said: str | None = Field(description="The beginning of that answer's body.")
    error: str | None = Field(description="Why there was no answer.")
    took: int | None = Field(description="How long the last attempt took, in milliseconds.")


class DeliveryPage(BaseModel):
    """Deliveries, the newest first."""

    data: list[DeliveryTold]
    next_cursor: str | None


class DeliveryFilter(BaseModel):
    """Which deliveries are wanted."""

    endpoint: str | None = Field(None, max_length=40)
    order: str | None = Field(None, max_length=40, description="The order's id or number.")
    state: Literal["pending", "sent", "dead"] | None = None
    type: str | None = Field(None, max_length=100, pattern=r"^[^\x00]*$")


DeliveryPath = Annotated[str, Path(max_length=40, examples=["whd_000000000001"])]


@router.get(
    "/webhook-deliveries", summary="What went to webhook endpoints, the newest first", response_model=DeliveryPage,
    responses=refusals(403, 422),
)
def list_deliveries(
    caller: ByShop, work: InWork, wanted: Annotated[DeliveryFilter, Query()], cursor: Cursor = "", limit: Limit = 100
) -> dict[str, Any]:
    """With `state=dead` what was given up, with `order` what a receiver was told of one order."""
    which = Filter(
        None if wanted.endpoint is None else _behind("webhook_endpoint", wanted.endpoint),
        None if wanted.order is None else order_in(wanted.order), wanted.state, wanted.type,
    )
    rows = webhook_deliveries.listed(work.tx, caller.shop_id, which, before=row_behind(cursor) or None, limit=limit + 1)
    return page(rows, limit, show=shown, cursor=lambda row: str(row.id))


@router.get(
    "/webhook-deliveries/{delivery}", summary="What became of an event", response_model=DeliveryTold, responses=refusals(403, 404)
)
def show_delivery(delivery: DeliveryPath, caller: ByShop, work: InWork) -> dict[str, Any]:
    """The state of one delivery, and what the receiver answered last."""
    found = webhook_deliveries.one(work.tx, caller.shop_id, _behind("webhook_delivery", delivery))
    if found is None:
        raise not_found("webhook delivery")
    return shown(found)


@router.post(
    "/webhook-deliveries/{delivery}/replay", summary="Send an event once more", status_code=202, response_model=DeliveryTold,
    responses=refusals(403, 404),
)
def replay_delivery(delivery: DeliveryPath, caller: ByShop, work: InWork, now: Now) -> dict[str, Any]:
    """Whatever became of it; it carries the `webhook-id` it had, and the order as it stands by now."""
    found = webhook_deliveries.again(work.tx, _behind("webhook_delivery", delivery), caller.shop_id, now)
    if found is None:
        raise not_found("webhook delivery")
    work.wake("notify.webhook", Queue.NOTIFY)
    return shown(found)


def _behind(kind: str, public: str) -> int:
    try:
        return internal_id(kind, public)
    except UnknownNumber:
        return NOWHERE


def shown(one: Kept) -> dict[str, Any]:
    """A delivery as its shop sees it."""
    event = Delivery(one.id, one.endpoint_id, one.order_id, one.seq, one.type, one.at, one.attempts).event_id
    same = ("type", "at", "state", "attempts", "next_at", "tried_at", "status", "said", "error", "took")
    return {
        "id": public_id("webhook_delivery", one.id), "endpoint": public_id("webhook_endpoint", one.endpoint_id), "event": event,
        "order": None if one.order_id is None else public_id("order", one.order_id), "sequence": one.seq,
        **{name: getattr(one, name) for name in same},
    }
