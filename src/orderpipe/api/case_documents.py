"""
A case as it is told: to programs over HTTP, and by the command line.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, Field

from orderpipe.domain.cases import Case, Cause, Channel, Kind, Outcome, Severity, State, Step
from orderpipe.domain.orders import number_of, public_id
from orderpipe.domain.returns import Return, ReturnState
from orderpipe.store import cases, refunds, returns
from orderpipe.store.metadata import Tx

CASE_EXAMPLE = "cas_000000000001"


class PiecesTold(BaseModel):
    """Pieces of one order line."""

    number: int
    quantity: int


class RemedyTold(BaseModel):
    """A remedy that was set going; `order` is the number of a replacement order."""

    kind: str
    by: str
    at: datetime
    reference: str | None = None
    amount: Decimal | None = None
    currency: str | None = None
    order: str | None = None


class CaseTold(BaseModel):
    """A case: what it is about, where it stands, and both its clocks."""

    id: str = Field(examples=[CASE_EXAMPLE])
    number: str = Field(examples=["C-100001-7"])
    order: str
    order_number: str
    kind: Kind
    state: State
    allowed: list[Step] = Field(description="What may be done with it now.")
    cause: Cause
    severity: Severity
    owner: str
    channel: Channel
    opened_by: str
    opened_at: datetime
    acknowledge_by: datetime
    acknowledged_at: datetime | None
    resolve_by: datetime
    responded_at: datetime | None
    closed_at: datetime | None
    outcome: Outcome | None
    holds: bool = Field(description="Whether it stops its order.")
    reopened: int = Field(description="How often the customer has written again after our answer.")
    lines: list[PiecesTold]
    remedies: list[RemedyTold]


class MessageTold(BaseModel):
    """Something written: `in` by the customer, `out` to the customer, `note` among staff."""

    at: datetime
    direction: str
    channel: str
    author: str
    body: str


class ItemTold(BaseModel):
    """Pieces of one order line in a return, and what became of them."""

    number: int
    sku: str
    quantity: int
    received: int
    restocked: int
    written_off: int


class ReturnTold(BaseModel):
    """A return authorisation."""

    number: str = Field(examples=["R-100001-7"])
    case: str
    order: str
    state: ReturnState
    location: str
    authorised_at: datetime
    expires_at: datetime
    items: list[ItemTold]


class RefundTold(BaseModel):
    """
    Money to be given back, or a credit to be given. A refund is done when a negative payment of this reference is booked, a credit when
    the shop says so.
    """

    kind: str = Field(examples=["refund", "credit"])
    reference: str
    amount: Decimal
    currency: str
    instructed_at: datetime
    done_at: datetime | None


class WholeCaseTold(CaseTold):
    """A case with everything that belongs to it."""

    messages: list[MessageTold]
    returns: list[ReturnTold]
    refunds: list[RefundTold]


def told(case: Case) -> dict[str, Any]:
    """The case's document."""
    taken = ("kind", "state", "cause", "severity", "owner", "channel", "opened_by", "opened_at", "acknowledged_at", "responded_at",
             "closed_at", "outcome", "holds", "reopened", "allowed", "number")
    return {
        "id": public_id("case", case.id), "order": public_id("order", case.order_id), "order_number": number_of(case.order_id),
        "acknowledge_by": case.clocks.acknowledge_by, "resolve_by": case.clocks.resolve_by, "lines": [asdict(one) for one in case.lines],
        "remedies": list(case.remedies), **{name: getattr(case, name) for name in taken},
    }


def told_whole(tx: Tx, case: Case) -> dict[str, Any]:
    """The case with its messages, returns and refunds."""
    messages: Sequence[Mapping[str, Any]] = [
        {name: getattr(one, name) for name in MessageTold.model_fields} for one in cases.messages_of(tx, case.id)
    ]
    coming = [return_told(one) for one in returns.of_order(tx, case.order_id) if one.case_id == case.id]
    money = [{name: getattr(one, name) for name in RefundTold.model_fields} for one in refunds.of_case(tx, case.id)]
    return told(case) | {"messages": messages, "returns": coming, "refunds": money}


def return_told(one: Return) -> dict[str, Any]:
    """The return's document."""
    return {
        "number": one.number, "case": public_id("case", one.case_id), "order": public_id("order", one.order_id), "state": one.state,
        "location": one.location, "authorised_at": one.authorised_at, "expires_at": one.expires_at,
        "items": [asdict(item) for item in one.items],
    }
