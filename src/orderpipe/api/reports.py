"""
Reports of the shop: how satisfied its customers are, and what its cases are about.
"""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, Field

from orderpipe.api.auth import ByShop
from orderpipe.api.openapi import refusals
from orderpipe.serving.transactions import InWork
from orderpipe.store import satisfaction as reports

router = APIRouter(prefix="/v1/reports", tags=["Reports"])
Since = Annotated[AwareDatetime | None, Query(description="Only what was asked or opened at this instant or later.")]


class SatisfactionTold(BaseModel):
    """One group of completed orders; shares are of 1, null where nobody has rated."""

    type: str
    on_time: bool | None = Field(description="Against the first promise; null where nothing was promised.")
    asked: int
    rated: int
    response: Decimal | None
    average: Decimal | None
    high: Decimal | None = Field(description="The share of 4 and 5.")
    low: Decimal | None = Field(description="The share of 1 and 2.")


class SatisfactionReport(BaseModel):
    """How satisfied customers are, by order type and punctuality."""

    data: list[SatisfactionTold]


class CauseTold(BaseModel):
    """Cases of one cause and kind that were opened in one month."""

    month: date = Field(description="Its first day, UTC.")
    cause: str
    kind: str
    count: int
    open: int


class CausesReport(BaseModel):
    """What cases are about, month by month."""

    data: list[CauseTold]


@router.get("/satisfaction", summary="Satisfaction", response_model=SatisfactionReport, responses=refusals(403, 422))
def satisfaction(caller: ByShop, work: InWork, since: Since = None) -> dict[str, Any]:
    """By order type, and by whether the first promise was kept."""
    return {"data": [_told(one, SatisfactionTold) for one in reports.satisfaction(work.tx, shop_id=caller.shop_id, since=since)]}


@router.get("/causes", summary="Causes of cases", response_model=CausesReport, responses=refusals(403, 422))
def causes(caller: ByShop, work: InWork, since: Since = None) -> dict[str, Any]:
    """By month and cause, the most frequent first: what to improve."""
    return {"data": [_told(one, CauseTold) for one in reports.causes(work.tx, shop_id=caller.shop_id, since=since)]}


def _told(row: object, model: type[BaseModel]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in model.model_fields}
