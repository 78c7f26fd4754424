"""
What came in by mail about an order: replies, reports of letters that did not arrive, and what else its customer wrote.
"""

from datetime import datetime
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from orderpipe.api.auth import ByShop
from orderpipe.api.openapi import refusals
from orderpipe.api.places import OrderId
from orderpipe.api.problems import not_found
from orderpipe.domain.orders import public_id
from orderpipe.serving.transactions import InWork
from orderpipe.store import mail_in, scope
from orderpipe.store.mail_in import Listed

router = APIRouter(prefix="/v1", tags=["Orders"])
MOST = 1_000


class MailTold(BaseModel):
    """A mail that came in, without its words."""

    id: int = Field(description="As `orderpipe mail in` shows it.")
    received_at: datetime
    sender: str
    sender_name: str
    subject: str
    kind: str | None = Field(description="What it was taken for; null while nobody has looked at it.", examples=["answer"])
    state: str = Field(description="new, done, or open where somebody has to look at it")
    note: str | None
    notification: str | None = Field(description="The letter of ours that it answers or is about.")


class Mails(BaseModel):
    """What came in about the order, the newest first."""

    data: list[MailTold]


@router.get("/orders/{order}/mails", summary="Mails about an order", response_model=Mails, responses=refusals(403, 404))
def show_mails(order_id: OrderId, caller: ByShop, work: InWork) -> dict[str, Any]:
    """Mails that came in about the order."""
    if not scope.owns(work.tx, caller.shop_id, order_id):
        raise not_found("order")
    return {"data": [told_of(one) for one in mail_in.listed(work.tx, order_id=order_id, limit=MOST)]}


def told_of(one: Listed) -> dict[str, Any]:
    """The mail's document."""
    shown = {name: getattr(one, name) for name in MailTold.model_fields if name != "notification"}
    return shown | {"notification": public_id("notification", one.notification_id) if one.notification_id else None}
