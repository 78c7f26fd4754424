"""
What is held about a customer, for the office to hand out or to erase for good.
"""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from orderpipe.api.auth import ByOffice, Caller
from orderpipe.api.openapi import refusals
from orderpipe.api.problems import not_found, refused
from orderpipe.domain.orders import public_id
from orderpipe.serving.transactions import InWork, Now
from orderpipe.sideflows import privacy
from orderpipe.sideflows.privacy import StillUnderWay, UnknownCustomer
from orderpipe.store import shops
from orderpipe.store.metadata import Tx
from orderpipe.store.shops import Shop

router = APIRouter(prefix="/v1", tags=["Customers"])

Given = Annotated[str, Field(min_length=5, max_length=300, pattern=r"^[^\x00]*$", description="An e-mail address or telephone number.")]


class Named(BaseModel):
    """A customer by what they gave."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"customer": "ann@customers.example"}]})

    customer: Given


class ToErase(Named):
    """A customer who is to be erased."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"customer": "ann@customers.example", "when_done": True}]}
    )

    when_done: bool = Field(False, description="Erase orders under way, too, when they have ended.")


class Exported(BaseModel):
    """Everything held about a customer: the rows of each table."""

    shop: str
    customer: str
    held: dict[str, list[dict[str, Any]]]


class ErasedTold(BaseModel):
    """Which orders are erased."""

    orders: list[str] = Field(examples=[["ord_000000000001"]])
    waiting: list[str] = Field(description="Those that will be when they have ended.")


@router.post(
    "/customers/export", summary="What is held about a customer", response_model=Exported, responses=refusals(403, 404, 422)
)
def export_customer(given: Named, caller: ByOffice, work: InWork) -> Any:
    """Every row of theirs, letters as they were sent, documents as they came."""
    try:
        return privacy.export(work.tx, _shop(work.tx, caller), given.customer)
    except UnknownCustomer:
        raise not_found("customer") from None


@router.post(
    "/customers/erase", summary="Erase a customer", response_model=ErasedTold, responses=refusals(403, 404, 409, 422)
)
def erase_customer(given: ToErase, caller: ByOffice, work: InWork, now: Now) -> Any:
    """From every table, for good; the journal, which has references only, stays. Orders under way need their customer (409)."""
    try:
        done = privacy.erase(work.tx, _shop(work.tx, caller), given.customer, when_done=given.when_done, now=now)
    except UnknownCustomer:
        raise not_found("customer") from None
    except StillUnderWay as error:
        raise refused(error, code="still-under-way") from None
    return {"orders": [public_id("order", one) for one in done.orders], "waiting": [public_id("order", one) for one in done.waiting]}


def _shop(tx: Tx, caller: Caller) -> Shop:
    return shops.by_ids(tx, [caller.shop_id])[caller.shop_id]
