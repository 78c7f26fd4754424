"""
Stock over HTTP: what a delivery brought, what a stock take counted, and what lies where.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError
from starlette.responses import Response

from orderpipe.api import replays
from orderpipe.api.auth import Caller, caller_as
from orderpipe.api.batches import Body, Entry, Results, one_or_many, read
from orderpipe.api.fields import Name, Part
from orderpipe.api.openapi import refusals
from orderpipe.api.places import BadCursor, Cursor, Limit, page
from orderpipe.api.replays import IdempotencyKey
from orderpipe.domain.receipts import Count, Posted, Posting, Receipt, Spot, UnknownLocation, UnknownProduct
from orderpipe.serving.transactions import InWork, Now
from orderpipe.sideflows import receipts
from orderpipe.store import stock_receipts
from orderpipe.store.shops import Role
from orderpipe.store.stock_receipts import Shelf

router = APIRouter(prefix="/v1", tags=["Stock"])

ByKeeper = Annotated[Caller, Depends(caller_as(Role.WAREHOUSE, Role.SHOP, Role.OFFICE))]
_PIECES = 1_000_000


class StockSent(Part):
    """A delivery or correction (`quantity`), or the result of a stock take (`counted`)."""

    location: Name = Field(description="The location's code.", examples=["main"])
    sku: Name = Field(examples=["MUG-BLUE"])
    quantity: Annotated[int, Field(ge=-_PIECES, le=_PIECES)] | None = Field(
        None, description="Pieces that came; negative takes off what was entered wrongly or broke.", examples=[12]
    )
    counted: Annotated[int, Field(ge=0, le=_PIECES)] | None = Field(None, description="Pieces that lie there.")
    cause: Name = Field(description="Why, such as the number of the delivery note.", examples=["DN-4711"])

    @model_validator(mode="after")
    def _one_of_both(self) -> "StockSent":
        if (self.quantity is None) == (self.counted is None) or self.quantity == 0:
            raise PydanticCustomError("quantity-or-counted", "Give either a quantity other than 0, or what was counted.")
        return self

    def posting(self) -> Posting:
        """As the side flow takes it."""
        if self.counted is not None:
            return Count(self.location, self.sku, self.counted, self.cause)
        return Receipt(self.location, self.sku, self.quantity or 0, self.cause)


class StockTold(BaseModel):
    """What became of it, and what lies there now."""

    status: int
    detail: str = Field(examples=["24 of MUG-BLUE at main now."])
    code: str | None = Field(None, description="Why the stock was not changed.", examples=["below-allocated"])
    location: str
    sku: str
    change: int
    on_hand: int | None = None
    allocated: int | None = Field(None, description="Promised to orders.")


class ShelfTold(BaseModel):
    """What lies of a SKU at a location."""

    location: str = Field(examples=["main"])
    sku: str = Field(examples=["MUG-BLUE"])
    description: str
    on_hand: int
    allocated: int = Field(description="Promised to orders.")
    free: int
    waited_for: int = Field(description="Pieces that orders of the shop still wait for, at any location.")


class ShelfPage(BaseModel):
    """A page of stock."""

    data: list[ShelfTold]
    next_cursor: str | None


_CAME = {"location": "main", "sku": "MUG-BLUE", "quantity": 12, "cause": "DN-4711"}
_BROKE = {"location": "main", "sku": "MUG-BLUE", "quantity": -1, "cause": "broken"}
_TAKE = {"location": "main", "sku": "MUG-BLUE", "counted": 500, "cause": "stock take 2026-11"}


@router.post(
    "/stock/receipts", summary="Write down what came or was counted", response_class=Response,
    openapi_extra=one_or_many(StockSent, one=_CAME, many=[_CAME, _BROKE], stock_take=[_TAKE]),
    responses={
        200: {"model": StockTold | Results[StockTold], "description": "It is written down; or, of many, what became of each."},
        **refusals(403, 404, 409, 413, 415, 422),
    },
)
def receive_stock(body: Body, caller: ByKeeper, work: InWork, now: Now, idempotency_key: IdempotencyKey = None) -> Response:
    """One or a list. What is promised to orders cannot be taken away (409); what comes free goes to those who wait longest."""
    batch = read(body, StockSent)
    if answered := replays.claim(work.tx, caller.shop_id, idempotency_key, request=b"stock/receipts" + body, now=now):
        return answered
    postings = [one.posting() for one in batch.items]
    posted = receipts.post_all(work.tx, postings, shop_id=caller.shop_id, by=caller.by, now=now)
    work.hints((), restock=bool(receipts.more_of(posted)))
    answer = batch.answer(_entry(one) for one in posted)
    replays.keep(work.tx, caller.shop_id, idempotency_key, answer)
    return answer


_STATUS = {None: 200, UnknownLocation.code: 404, UnknownProduct.code: 404}


def _entry(one: Posted) -> Entry:
    level = {"on_hand": one.level.on_hand, "allocated": one.level.allocated} if one.level else {}
    return Entry(_STATUS.get(one.code, 409), one.sentence, one.code, {
        "location": one.posting.location, "sku": one.posting.sku, "change": one.change, **level,
    })


@router.get("/stock", summary="What lies where", response_model=ShelfPage, responses=refusals(403, 422))
def list_stock(
    caller: ByKeeper, work: InWork, cursor: Cursor = "", limit: Limit = 100,
    sku: Annotated[list[str] | None, Query(description="May be repeated. Default: all.", max_length=500)] = None,
) -> dict[str, Any]:
    """By SKU and location."""
    skus = None if sku is None else [one for one in sku if "\0" not in one]
    rows = stock_receipts.shelves(work.tx, caller.shop_id, skus=skus, after=_spot(cursor), limit=limit + 1)
    return page(rows, limit, show=_shelf, cursor=lambda row: f"{row.location}\t{row.sku}")


def _spot(cursor: str) -> Spot:
    if not cursor:
        return "", ""
    location, tab, sku = cursor.partition("\t")
    if not tab or "\0" in cursor:
        raise BadCursor
    return location, sku


def _shelf(one: Shelf) -> dict[str, Any]:
    return {
        "location": one.location, "sku": one.sku, "description": one.description, "on_hand": one.on_hand, "allocated": one.allocated,
        "free": one.on_hand - one.allocated, "waited_for": one.waited_for,
    }
