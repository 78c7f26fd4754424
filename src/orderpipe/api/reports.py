"""
Reports of the shop over HTTP, as JSON or as a table in CSV: its own figures, and each order judged.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query
from fastapi.responses import Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, StringConstraints

from orderpipe.api.auth import ByShop, Caller
from orderpipe.api.openapi import Responses, refusals
from orderpipe.api.places import Cursor, Limit, page, row_behind
from orderpipe.api.problems import Problem
from orderpipe.api.report_documents import as_csv, columns_of, told
from orderpipe.domain.reports import BadPeriod, By, CannotGroup, UnknownReport, period, zone_of
from orderpipe.intake.refusals import FieldError
from orderpipe.serving.transactions import InWork, Now
from orderpipe.store import satisfaction as reports
from orderpipe.store import shops
from orderpipe.store.metadata import Tx
from orderpipe.store.reports import judged
from orderpipe.store.reports.asked import Asked
from orderpipe.store.reports.catalogue import KINDS, WORKLOAD, kind_of
from orderpipe.store.reports.workload import MOST_DAYS, ahead

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


class Format(StrEnum):
    """How a report is told."""

    JSON = "json"
    CSV = "csv"


def _wants_csv(
    format: Annotated[Format | None, Query(description="`csv` for a table, as the header `Accept: text/csv`.")] = None,
    accept: Annotated[str, Header(include_in_schema=False)] = "",
) -> bool:
    return format == Format.CSV or (format is None and "text/csv" in accept)


AsCsv = Annotated[bool, Depends(_wants_csv)]
_AS_CSV: Responses = {200: {"content": {"text/csv": {"example": "stage,cause,turn,breaches,orders\npicked,pack-scans,warehouse,12,11\n"}}}}


def _csv(columns: Iterable[str], rows: Iterable[Mapping[str, Any]]) -> Response:
    return Response(as_csv(columns, rows), media_type="text/csv; charset=utf-8")


@router.get("/satisfaction", summary="Satisfaction", response_model=SatisfactionReport, responses=refusals(403, 422) | _AS_CSV)
def satisfaction(caller: ByShop, work: InWork, csv: AsCsv, since: Since = None) -> Any:
    """By order type, and by whether the first promise was kept."""
    rows = [_told(one, SatisfactionTold) for one in reports.satisfaction(work.tx, shop_id=caller.shop_id, since=since)]
    return _csv(SatisfactionTold.model_fields, rows) if csv else {"data": rows}


@router.get("/causes", summary="Causes of cases", response_model=CausesReport, responses=refusals(403, 422) | _AS_CSV)
def causes(caller: ByShop, work: InWork, csv: AsCsv, since: Since = None) -> Any:
    """By month and cause, the most frequent first: what to improve."""
    rows = [_told(one, CauseTold) for one in reports.causes(work.tx, shop_id=caller.shop_id, since=since)]
    return _csv(CauseTold.model_fields, rows) if csv else {"data": rows}


def _told(row: object, model: type[BaseModel]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in model.model_fields}


class Wanted(BaseModel):
    """Which days and orders a report is about."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    first: date | None = Field(None, alias="from", description="The first day; thirty days up to the last without one.")
    last: date | None = Field(None, alias="until", description="The last day, which counts whole; today without one.")
    type: Annotated[str, StringConstraints(max_length=100, pattern=r"^[^\x00]*$")] = Field("", description="Only orders of this type.")


class Grouped(Wanted):
    """What a report is grouped by besides."""

    by: list[By] = Field(default_factory=list, description="In this order; may be repeated.")
    days: int = Field(7, ge=1, le=MOST_DAYS, description="Of the workload, which has no other days: so many from today on.")
    format: Format | None = Field(None, description="`csv` for a table, as the header `Accept: text/csv`.")


_EXAMPLE: dict[str, JsonValue] = {
    "month": "2026-11", "orders": 1204, "in_full": 1187, "on_time": 1131, "otif": 1120, "pending": 3, "otif_revised": 1160,
    "in_full_rate": "0.9859", "on_time_rate": "0.9394", "otif_rate": "0.9302", "otif_revised_rate": "0.9659",
}


class ReportTold(BaseModel):
    """A report: the days it covers, where the shop is, and its rows by their columns."""

    model_config = ConfigDict(populate_by_name=True, json_schema_extra={"examples": [
        {"report": "on-time", "from": "2026-11-01", "until": "2026-11-30", "data": [_EXAMPLE]},
    ]})

    report: str
    first: date = Field(alias="from")
    last: date = Field(alias="until")
    data: list[dict[str, Any]] = Field(description="Shares are of 1, times in seconds; null where there is nothing to count.")


class OrderJudged(BaseModel):
    """An order that was due, and why it is not perfect."""

    order_id: str
    number: str
    type: str
    day: date = Field(description="When it was due by its first promise.")
    perfect: bool
    reasons: list[str] = Field(description=", ".join(judged.REASONS))


class OrdersJudged(BaseModel):
    """Orders that were due, in the order they were received."""

    data: list[OrderJudged]
    next_cursor: str | None


class NoSuchReport(Problem):
    """There is no report of this name."""

    def __init__(self, reason: UnknownReport) -> None:
        super().__init__(404, "unknown-report", str(reason))


def _refused(reason: BadPeriod | CannotGroup, pointer: str) -> Problem:
    code = "bad-period" if isinstance(reason, BadPeriod) else "cannot-group"
    return Problem(422, code, str(reason), errors=[FieldError(pointer, str(reason), code)])


def _asked(tx: Tx, caller: Caller, wanted: Wanted, now: datetime) -> Asked:
    """Raises Problem (422) for days that cannot be reported on."""
    shop = shops.by_ids(tx, [caller.shop_id])[caller.shop_id]
    try:
        days = period(wanted.first, wanted.last, today=now.astimezone(zone_of(shop.time_zone)).date())
    except BadPeriod as reason:
        raise _refused(reason, "/query/from") from None
    return Asked(days, now, caller.shop_id, wanted.type)


@router.get(
    "/perfect-order/orders", summary="Each order judged", response_model=OrdersJudged, responses=refusals(403, 422),
)
def orders_judged(
    caller: ByShop, work: InWork, now: Now, wanted: Annotated[Wanted, Depends()], failed: bool = False, cursor: Cursor = "",
    limit: Limit = 100,
) -> dict[str, Any]:
    """The orders that were due, or with `failed` only those that are not perfect, each with the reasons."""
    asked = _asked(work.tx, caller, wanted, now)
    found = judged.each_order(work.tx, asked, failed=failed, behind=row_behind(cursor), limit=limit + 1)
    rows = list(zip(told(found), found.rows, strict=True))
    return page(rows, limit, show=lambda row: row[0], cursor=lambda row: str(row[1][0]))


@router.get("/{name}", summary="A report", response_model=ReportTold, responses=refusals(403, 404, 422) | _AS_CSV)
def report(
    name: Annotated[str, Path(description=f"{', '.join(KINDS)}", examples=["on-time"])], caller: ByShop, work: InWork, now: Now,
    wanted: Annotated[Grouped, Query()], accept: Annotated[str, Header(include_in_schema=False)] = "",
) -> Any:
    """The shop's own figures. What each counts, and on which day, is said in the page on reports of the documentation."""
    try:
        kind = kind_of(name, wanted.by)
    except UnknownReport as reason:
        raise NoSuchReport(reason) from None
    except CannotGroup as reason:
        raise _refused(reason, "/query/by") from None
    asked = replace(_asked(work.tx, caller, wanted, now), by=tuple(dict.fromkeys(wanted.by)))
    if name == WORKLOAD:
        asked = replace(asked, period=ahead(asked.period.last, wanted.days))
    found = kind.make(work.tx, asked)
    if _wants_csv(wanted.format, accept):
        return _csv(columns_of(found), told(found))
    return {"report": name, "from": asked.period.first, "until": asked.period.last, "data": told(found)}
