"""
An order as its shop sees it: what was ordered, where every part of it stands, and what may be done now.
"""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, Field

from orderpipe.domain.amendable import Matter, open_matters
from orderpipe.domain.ladder import OnSilence
from orderpipe.domain.orders import fulfillment_number_of, number_of, public_id
from orderpipe.domain.payments import Account, PaymentStatus
from orderpipe.domain.status import Action, FulfillmentStatus, PublicStatus, actions, fulfillment_status, public_status
from orderpipe.flow import WAITS, FulfillmentState, OrderState, Owner, WaitingFor, next_step
from orderpipe.store.order_views import Head, Line, Listed, Part, Question

_CENT = Decimal("0.01")


class OrderListed(BaseModel):
    """An order in a list."""

    id: str = Field(examples=["ord_000000000016"])
    number: str = Field(examples=["100038-5"])
    reference: str = Field(examples=["WEB-1001"])
    type: str
    channel: str
    state: OrderState
    status: PublicStatus = Field(description="What a customer is told; derived from the states.")
    waiting_for: WaitingFor | None = Field(description="What stops the order's own next stage.")
    currency: str
    total: Decimal | None
    received_at: datetime
    complete_by: datetime | None
    ended_at: datetime | None


class OrderPage(BaseModel):
    """A page of orders, the newest first."""

    data: list[OrderListed]
    next_cursor: str | None = Field(description="Give it as `cursor` for the next page; null on the last.")


class WaitTold(BaseModel):
    """What the order or one of its fulfillments waits for, and whose turn it is."""

    unit: str = Field(description="The order's or the fulfillment's id.")
    waiting_for: WaitingFor | None
    sentence: str = Field(examples=["the customer's answer to our question"])
    turn: Owner
    next_at: datetime | None = Field(description="When the clock looks at it again by itself.")
    last_error: str | None


class LineTold(BaseModel):
    """One line of the order."""

    number: int
    sku: str
    kind: str = Field(description="goods or service")
    description: str
    quantity: int
    canceled: int
    unit_price: Decimal | None


class PromiseTold(BaseModel):
    """What was promised: the window as it stands, and the end that was promised first."""

    from_at: datetime
    until_at: datetime
    first_until_at: datetime
    revision: int
    reason: str


class ParcelTold(BaseModel):
    """A parcel on its way."""

    tracking_number: str
    sscc: str
    carrier: str
    status: str
    shipped_at: datetime
    status_at: datetime


class PartLine(BaseModel):
    """A line's share in a fulfillment."""

    number: int
    sku: str
    quantity: int
    picked: int
    packed: int


class FulfillmentTold(BaseModel):
    """What leaves together from one place, or an appointment."""

    id: str
    number: str
    kind: str
    state: FulfillmentState
    waiting_for: WaitingFor | None
    location: str | None
    entered_at: datetime
    due_at: datetime | None
    ended_at: datetime | None
    promise: PromiseTold | None
    lines: list[PartLine]
    parcels: list[ParcelTold]


class QuestionTold(BaseModel):
    """A question the customer has not answered yet."""

    id: str = Field(description="Answer it at /v1/queries/{id}/answer.")
    doubts: list[dict[str, Any]]
    opened_at: datetime
    asked_at: datetime | None
    reminded_at: datetime | None
    repeated_at: datetime | None = Field(description="The reminder by the other channel, SMS or e-mail.")
    escalated_at: datetime | None
    silence_at: datetime | None = Field(description="From when on silence counts, as the customer was told; null: never.")
    on_silence: OnSilence | None


class OrderTold(OrderListed):
    """An order, whole."""

    lane: str
    language: str
    customer: dict[str, str]
    ship_to: dict[str, str] | None
    payment_method: str
    prepaid: bool
    requested_on: date | None
    purchase_order: str | None
    note: str | None
    backorder_policy: str
    entered_at: datetime = Field(description="When it entered its state.")
    due_at: datetime | None = Field(description="The time target of its state.")
    fulfillment_status: FulfillmentStatus
    payment_status: PaymentStatus
    paid: Decimal
    promise: PromiseTold | None = Field(description="The latest of its fulfillments'.")
    lines: list[LineTold]
    fulfillments: list[FulfillmentTold]
    questions: list[QuestionTold]
    waits: list[WaitTold]
    actions: list[Action] = Field(description="What may be done now.")
    amendable: list[Matter] = Field(description="What of it can still be changed.")


def listed(order: Listed, parts: Sequence[FulfillmentState]) -> dict[str, Any]:
    """The entry of a list."""
    state, waiting_for = OrderState(order.state), WaitingFor(order.waiting_for) if order.waiting_for else None
    return {
        "id": public_id("order", order.id), "number": number_of(order.id), "reference": order.reference, "type": order.type,
        "channel": order.channel, "state": state, "status": public_status(state, waiting_for, parts), "waiting_for": waiting_for,
        "currency": order.currency, "total": _money(order.total), "received_at": order.received_at, "complete_by": order.complete_by,
        "ended_at": order.ended_at,
    }


def told(order: Head, lines: Sequence[Line], parts: Sequence[Part], questions: Sequence[Question], account: Account) -> dict[str, Any]:
    """The order, whole."""
    states = [FulfillmentState(part.state) for part in parts]
    document = listed(order, states)
    waits = [_order_wait(order), *(_part_wait(part) for part in parts)]
    live = [wait for wait in waits if wait is not None]
    promises = [promise for part in parts if part.state != FulfillmentState.CANCELED and (promise := _promise(part))]
    return document | {
        "lane": order.lane, "language": order.language, "customer": order.customer, "ship_to": order.ship_to,
        "payment_method": order.payment_method, "prepaid": order.prepaid, "requested_on": order.requested_on, "note": order.note,
        "purchase_order": order.purchase_order,
        "backorder_policy": order.backorder_policy, "entered_at": order.stage_entered_at, "due_at": order.due_at,
        "fulfillment_status": fulfillment_status(states), "payment_status": account.status, "paid": _money(account.paid),
        "promise": max(promises, key=lambda promise: promise["until_at"], default=None),
        "lines": [_line(line) for line in lines],
        "fulfillments": [_fulfillment(part) for part in parts],
        "questions": [_question(one) for one in questions],
        "waits": live,
        "actions": actions(document["state"], states, [wait["waiting_for"] for wait in live if wait["waiting_for"]], account.status),
        "amendable": sorted(open_matters(document["state"], states, paid=account.paid)),
    }


def _line(line: Line) -> dict[str, Any]:
    return {name: getattr(line, name) for name in LineTold.model_fields} | {"unit_price": _money(line.unit_price)}


def _money(amount: Decimal | None) -> Decimal | None:
    """With two places, or more where it has them."""
    if amount is None:
        return None
    short = amount.quantize(_CENT)
    return short if short == amount else amount.normalize()


def _fulfillment(part: Part) -> dict[str, Any]:
    return {
        "id": public_id("fulfillment", part.id), "number": fulfillment_number_of(part.id), "kind": part.kind, "state": part.state,
        "waiting_for": part.waiting_for, "location": part.location, "entered_at": part.stage_entered_at, "due_at": part.due_at,
        "ended_at": part.ended_at, "promise": _promise(part), "lines": part.lines, "parcels": part.parcels,
    }


def _promise(part: Part) -> dict[str, Any] | None:
    if part.revision is None:
        return None
    return {
        "from_at": part.promised_from, "until_at": part.promised_until, "first_until_at": part.first_until,
        "revision": part.revision, "reason": part.reason,
    }


def _question(one: Question) -> dict[str, Any]:
    return {"id": public_id("query", one.id)} | {name: getattr(one, name) for name in Question.__slots__ if name != "id"}


def _order_wait(order: Head) -> dict[str, Any] | None:
    if order.ended_at is not None:
        return None
    step = next_step(OrderState(order.state))
    return _wait(public_id("order", order.id), order.waiting_for, step.name if step else "", order.next_at, order.last_error)


def _part_wait(part: Part) -> dict[str, Any] | None:
    if part.ended_at is not None:
        return None
    step = next_step(FulfillmentState(part.state), appointment=part.kind == "appointment")
    return _wait(public_id("fulfillment", part.id), part.waiting_for, step.name if step else "", part.next_at, part.last_error)


def _wait(unit: str, reason: str | None, step: str, next_at: datetime | None, last_error: str | None) -> dict[str, Any]:
    waiting = WAITS[WaitingFor(reason)] if reason else None
    return {
        "unit": unit, "waiting_for": WaitingFor(reason) if reason else None,
        "sentence": waiting.sentence if waiting else f"nothing; the stage {step} takes it next",
        "turn": waiting.owner if waiting else Owner.PIPELINE, "next_at": next_at, "last_error": last_error,
    }
