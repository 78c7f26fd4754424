"""
Orders out: lists page by page, one order whole, what happened to it, and what was told about it.
"""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Response
from pydantic import AwareDatetime, BaseModel, Field

from orderpipe.api.auth import ByShop
from orderpipe.api.openapi import refusals
from orderpipe.api.order_documents import OrderPage, OrderTold, listed, told
from orderpipe.api.places import Cursor, Limit, OrderId, page, row_behind
from orderpipe.api.problems import not_found
from orderpipe.domain.orders import public_id
from orderpipe.flow import OrderState, WaitingFor
from orderpipe.serving.transactions import InWork
from orderpipe.store import fulfillments, holds, notifications, order_views, payments, scope
from orderpipe.store.notifications import Notification
from orderpipe.store.order_views import Filter, Happened

router = APIRouter(prefix="/v1", tags=["Orders"])


class OrderFilter(BaseModel):
    """Which orders are wanted."""

    state: OrderState | None = None
    waiting_for: WaitingFor | None = Field(None, description="What the order or one of its fulfillments waits for.")
    reference: str | None = Field(None, max_length=100, pattern=r"^[^\x00]*$", description="The shop's own number.")
    updated_since: AwareDatetime | None = Field(None, description="Those to which something happened at this instant or later.")


class Event(BaseModel):
    """Something that happened to the order."""

    seq: int
    at: datetime
    actor: str
    what: str = Field(examples=["order.validated"])
    fulfillment: str | None
    before: str | None
    after: str | None
    note: dict[str, Any] | None
    spent_seconds: float | None = Field(description="Time spent in the state before.")
    target_seconds: float | None = Field(description="Time allowed there.")
    task_id: str | None = Field(description="The task that did it, as seen in Flower.")


class Timeline(BaseModel):
    """What happened to the order, in order."""

    data: list[Event]
    next_cursor: str | None


class FindingTold(BaseModel):
    """What a check found, with its evidence."""

    rule: str = Field(examples=["quantity-unusual"])
    severity: str = Field(description="note, ask, review or reject")
    field: str = Field(description="JSON pointer into the order as it was then.", examples=["/lines/0/quantity"])
    evidence: dict[str, Any]
    found_at: datetime
    cleared_at: datetime | None
    cleared_how: str | None = Field(description="confirmed, answered, noted, again (looked at once more) or canceled")
    cleared_by: str | None


class Findings(BaseModel):
    """What was found in the order, the oldest first."""

    data: list[FindingTold]


class NotificationTold(BaseModel):
    """Something told to the customer or the office."""

    id: str
    kind: str = Field(examples=["acknowledgement"])
    audience: str
    channel: str
    recipient: str
    language: str
    state: str = Field(
        description="pending, sending, sent, dead, superseded (a newer one tells it too), withdrawn (it no longer matters) or declined"
        " (the customer does without such letters)"
    )
    attempts: int
    created_at: datetime
    sent_at: datetime | None
    next_at: datetime | None
    last_error: str | None
    answer: str | None = Field(description="What the mail server or SMS provider answered.")
    superseded_by: str | None = Field(description="The newer one that tells it too.")


class Notifications(BaseModel):
    """What was told about the order, the oldest first."""

    data: list[NotificationTold]


@router.get("/orders", summary="Orders, the newest first", response_model=OrderPage, responses=refusals(403, 422))
def list_orders(
    caller: ByShop, work: InWork, wanted: Annotated[OrderFilter, Query()], cursor: Cursor = "", limit: Limit = 100
) -> dict[str, Any]:
    """To follow what changes, poll with `updated_since` and keep the instant of the poll before."""
    which = Filter(wanted.state, wanted.waiting_for, wanted.reference, wanted.updated_since)
    rows = order_views.listed(work.tx, caller.shop_id, which, before=row_behind(cursor) or None, limit=limit + 1)
    states = fulfillments.states_of(work.tx, [row.id for row in rows])
    return page(
        rows, limit, show=lambda row: listed(row, [state for _, state in states[row.id]]), cursor=lambda row: str(row.id)
    )


@router.get(
    "/orders/{order}", summary="One order, whole", response_model=OrderTold,
    responses={304: {"description": "Nothing has happened to it since."}, **refusals(403, 404)},
)
def show_order(
    order_id: OrderId, caller: ByShop, work: InWork, response: Response, if_none_match: Annotated[str | None, Header()] = None
) -> Any:
    """By its id or its number. The ETag changes with everything that happens to it."""
    order = order_views.head(work.tx, caller.shop_id, order_id)
    if order is None:
        raise not_found("order")
    tag = etag(order.seq)
    if if_none_match is not None and tag in if_none_match:
        return Response(status_code=304, headers={"ETag": tag})
    response.headers["ETag"] = tag
    account = payments.accounts(work.tx, [order_id])[order_id]
    tx = work.tx
    return told(
        order, order_views.lines(tx, order_id), order_views.parts(tx, order_id), order_views.open_questions(tx, order_id), account
    )


def etag(seq: int) -> str:
    """The ETag of an order whose last journal entry has this number."""
    return f'"{seq}"'


@router.get("/orders/{order}/timeline", summary="What happened to an order", response_model=Timeline, responses=refusals(403, 404))
def show_timeline(order_id: OrderId, caller: ByShop, work: InWork, cursor: Cursor = "", limit: Limit = 100) -> dict[str, Any]:
    """The order's journal, the oldest first."""
    if not scope.owns(work.tx, caller.shop_id, order_id):
        raise not_found("order")
    rows = order_views.timeline(work.tx, order_id, after=row_behind(cursor), limit=limit + 1)
    return page(rows, limit, show=_event, cursor=lambda row: str(row.seq))


def _event(one: Happened) -> dict[str, Any]:
    fulfillment = public_id("fulfillment", one.fulfillment_id) if one.fulfillment_id is not None else None
    return {name: getattr(one, name) for name in Event.model_fields if name != "fulfillment"} | {"fulfillment": fulfillment}


@router.get(
    "/orders/{order}/notifications", summary="What was told about an order", response_model=Notifications,
    responses=refusals(403, 404),
)
def show_notifications(order_id: OrderId, caller: ByShop, work: InWork) -> dict[str, Any]:
    """Letters and text messages, sent and still to be sent."""
    if not scope.owns(work.tx, caller.shop_id, order_id):
        raise not_found("order")
    return {"data": [_notification(one) for one in notifications.of_order(work.tx, order_id)]}


def _notification(one: Notification) -> dict[str, Any]:
    shown = {name: getattr(one, name) for name in NotificationTold.model_fields if hasattr(one, name)}
    newer = public_id("notification", one.superseded_by) if one.superseded_by else None
    return {**shown, "id": public_id("notification", one.id), "answer": one.provider_id, "superseded_by": newer}


@router.get("/orders/{order}/findings", summary="What was found in an order", response_model=Findings, responses=refusals(403, 404))
def show_findings(order_id: OrderId, caller: ByShop, work: InWork) -> dict[str, Any]:
    """Every doubt that a check had, with its evidence and what became of it; those that were only noted, too."""
    if not scope.owns(work.tx, caller.shop_id, order_id):
        raise not_found("order")
    return {"data": [{name: getattr(one, name) for name in FindingTold.model_fields} for one in holds.found_in(work.tx, order_id)]}
