"""
Products over HTTP: what the shop sells, and the bar codes that stand for it.
"""

from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from orderpipe.api.auth import ByAnyone, ByShop
from orderpipe.api.batches import Body, Entry, Results, one_or_many, read
from orderpipe.api.fields import Name, Part, Price, Text, Word
from orderpipe.api.openapi import refusals
from orderpipe.api.places import BadCursor, Cursor, Limit, page
from orderpipe.domain.products import Listed, NoGtin, Product
from orderpipe.serving.transactions import InWork
from orderpipe.sideflows.products import list_in_shop
from orderpipe.store import products

router = APIRouter(prefix="/v1", tags=["Products"])


class GtinSent(Part):
    """A bar code of the product."""

    gtin: Word = Field(description="GTIN-8, -12, -13 or -14 with its check digit.", examples=["09506000134352"])
    pack_quantity: Annotated[int, Field(ge=1, le=10_000)] = Field(1, description="Pieces that it stands for.")


class ProductSent(Part):
    """A product or service, whole: what is left out gets its default."""

    sku: Name = Field(examples=["MUG-BLUE"])
    description: Text = Field(examples=["Mug, blue, 0.3 l"])
    kind: Literal["goods", "service"] = "goods"
    price: Price | None = Field(None, description="Of one piece, in the shop's currency, a decimal string.", examples=["12.50"])
    lead_days: Annotated[int, Field(ge=0, le=3_650)] = Field(0, description="Calendar days until more can be had.")
    discontinued: bool = False
    gtins: list[GtinSent] = Field([], max_length=100)
    substitute_sku: Name | None = Field(None, description="What customers may have instead when this one is late.")

    def product(self) -> Product:
        """As the side flow takes it."""
        return Product(
            self.sku, self.description, self.kind, None if self.price is None else Decimal(self.price), self.lead_days,
            self.discontinued, {one.gtin: one.pack_quantity for one in self.gtins}, self.substitute_sku,
        )


class ProductListed(BaseModel):
    """What became of a product that was sent."""

    status: int
    detail: str = Field(examples=["MUG-BLUE is listed."])
    code: str | None = Field(None, description="Why it was not listed.", examples=["gtin-taken"])
    sku: str


class GtinTold(BaseModel):
    """A bar code of a product."""

    gtin: str
    pack_quantity: int


class ProductTold(BaseModel):
    """A product or service of the shop."""

    sku: str
    description: str
    kind: str
    price: str | None
    lead_days: int
    discontinued: bool
    gtins: list[GtinTold]
    substitute_sku: str | None


class ProductPage(BaseModel):
    """A page of products."""

    data: list[ProductTold]
    next_cursor: str | None


_MUG = {
    "sku": "MUG-BLUE", "description": "Mug, blue, 0.3 l", "price": "12.50",
    "gtins": [{"gtin": "09506000134352"}, {"gtin": "19506000134359", "pack_quantity": 6}],
}
_VISIT = {"sku": "FITTING", "description": "Fitting at your home", "kind": "service", "price": "80.00", "lead_days": 3}


@router.post(
    "/products", summary="List products", response_class=Response,
    openapi_extra=one_or_many(ProductSent, one=_MUG, many=[_MUG, _VISIT]),
    responses={
        200: {"model": ProductListed | Results[ProductListed], "description": "It is listed; or, of many, what became of each."},
        **refusals(403, 409, 413, 415, 422),
    },
)
def write_products(body: Body, caller: ByShop, work: InWork) -> Response:
    """One or a list; a known SKU is described anew, with exactly the GTINs given."""
    batch = read(body, ProductSent)
    listed = list_in_shop(work.tx, [one.product() for one in batch.items], shop_id=caller.shop_id)
    return batch.answer(_entry(one) for one in listed)


_STATUS = {None: 200, NoGtin.code: 422}


def _entry(one: Listed) -> Entry:
    return Entry(_STATUS.get(one.code, 409), one.sentence, one.code, {"sku": one.product.sku})


@router.get("/products", summary="The shop's products", response_model=ProductPage, responses=refusals(403, 422))
def list_products(
    caller: ByAnyone, work: InWork, cursor: Cursor = "", limit: Limit = 100,
    sku: Annotated[list[str] | None, Query(description="May be repeated. Default: all.", max_length=500)] = None,
) -> dict[str, Any]:
    """By SKU."""
    if "\0" in cursor:
        raise BadCursor
    skus = None if sku is None else [one for one in sku if "\0" not in one]
    rows = products.catalogue(work.tx, caller.shop_id, skus=skus, after=cursor, limit=limit + 1)
    return page(rows, limit, show=_product, cursor=lambda row: row.sku)


def _product(one: Product) -> dict[str, Any]:
    gtins = [{"gtin": gtin, "pack_quantity": pieces} for gtin, pieces in one.gtins.items()]
    return {
        "sku": one.sku, "description": one.description, "kind": one.kind, "price": None if one.price is None else str(one.price),
        "lead_days": one.lead_days, "discontinued": one.discontinued, "gtins": gtins, "substitute_sku": one.substitute_sku,
    }
