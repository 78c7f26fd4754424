"""
`orderpipe report`: how well orders are handled, where it takes long or goes wrong, and what comes next.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from orderpipe.api.report_documents import as_csv, columns_of, told
from orderpipe.cli.app import app
from orderpipe.cli.place import Data, enter
from orderpipe.cli.refusals import Misused
from orderpipe.cli.shop import of_code
from orderpipe.cli.terminal import AsJson, duration, print_json, print_table
from orderpipe.domain.reports import BadPeriod, By, CannotGroup, period, zone_of
from orderpipe.store import satisfaction as reports
from orderpipe.store.metadata import Tx
from orderpipe.store.reports import judged
from orderpipe.store.reports.asked import Asked, Report
from orderpipe.store.reports.catalogue import KINDS, OVERVIEW, PERFECT, WORKLOAD, kind_of
from orderpipe.store.reports.workload import MOST_DAYS, ahead
from orderpipe.store.satisfaction import Counted, Satisfaction

commands = typer.Typer(invoke_without_command=True, help="Figures: what goes well, and what may be improved.")
app.add_typer(commands, name="report")

ShopCode = Annotated[str, typer.Option("--shop", help="Only this shop (its code).")]
OrderType = Annotated[str, typer.Option("--type", help="Only orders of this type.")]
First = Annotated[datetime | None, typer.Option(
    "--from", formats=["%Y-%m-%d"], help="From this day on, where each shop is; thirty days without it.",
)]
Last = Annotated[datetime | None, typer.Option(
    "--until", formats=["%Y-%m-%d"], help="Up to this day, which counts whole; today without it.",
)]
Groups = Annotated[list[By] | None, typer.Option("--by", help="Group by this; may be repeated.")]
Since = Annotated[datetime | None, typer.Option("--since", formats=["%Y-%m-%d"], help="Only from this day on (UTC).")]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print CSV instead.")]


@commands.callback()
def overview(
    context: typer.Context, shop: ShopCode = "", order_type: OrderType = "", first: First = None, last: Last = None,
    as_csv: AsCsv = False, as_json: AsJson = False, data: Data = None,
) -> None:
    """Without a name: the few key figures, with those of as many days before beside them."""
    if context.invoked_subcommand is None:
        _show(_Made(shop, order_type, first, last).of(OVERVIEW, data), as_csv=as_csv, as_json=as_json)
    elif shop or order_type or first or last or as_csv or as_json or data:
        raise Misused(f"Options stand behind the report's name: orderpipe report {context.invoked_subcommand} …")


class _Made:
    """A report as the options ask for it."""

    def __init__(self, shop: str, order_type: str, first: datetime | None, last: datetime | None, by: Sequence[By] = ()) -> None:
        self._shop, self._type, self._by = shop, order_type, tuple(dict.fromkeys(by))
        self._days = tuple(day.date() if day else None for day in (first, last))

    def of(self, name: str, data: Data, make: Callable[[Tx, Asked], Report] | None = None) -> Report:
        """The report of this name, or what `make` makes of the question. Raises Misused."""
        parts = enter(data)
        now = parts.clock()
        with parts.engine.begin() as tx:
            shop = of_code(tx, self._shop) if self._shop else None
            try:
                kind = kind_of(name, self._by)
                days = period(*self._days, today=now.astimezone(zone_of(shop.time_zone if shop else "UTC")).date())
            except (BadPeriod, CannotGroup) as reason:
                raise Misused(str(reason)) from None
            return (make or kind.make)(tx, Asked(days, now, shop.id if shop else None, self._type, self._by))


def _add(name: str) -> None:
    """The command of a report that only counts."""

    def show(
        shop: ShopCode = "", order_type: OrderType = "", first: First = None, last: Last = None, by: Groups = None,
        as_csv: AsCsv = False, as_json: AsJson = False, data: Data = None,
    ) -> None:
        _show(_Made(shop, order_type, first, last, by or ()).of(name, data), as_csv=as_csv, as_json=as_json)

    says = KINDS[name].says
    show.__doc__ = f"{says[0].upper()}{says[1:]}; grouped by {', '.join(KINDS[name].groups)}."
    commands.command(name)(show)


for _name in KINDS:
    if _name not in (OVERVIEW, PERFECT, WORKLOAD):
        _add(_name)


@commands.command(PERFECT)
def perfect_order(
    shop: ShopCode = "", order_type: OrderType = "", first: First = None, last: Last = None, by: Groups = None,
    orders: Annotated[bool, typer.Option("--orders", help="List the orders, each judged, instead of counting them.")] = False,
    failed: Annotated[bool, typer.Option("--failed", help="List only those that are not perfect.")] = False,
    limit: Annotated[int, typer.Option(help="List at most so many.", min=1, max=2_000_000)] = 1000,
    as_csv: AsCsv = False, as_json: AsJson = False, data: Data = None,
) -> None:
    """Orders that were complete, right, on time, undamaged and well documented; --orders shows each with what it failed by."""

    def each(tx: Tx, asked: Asked) -> Report:
        return judged.each_order(tx, asked, failed=failed, behind=0, limit=limit)

    made = _Made(shop, order_type, first, last, by or ())
    _show(made.of(PERFECT, data, each if orders or failed else None), as_csv=as_csv, as_json=as_json)


@commands.command(WORKLOAD)
def workload(
    shop: ShopCode = "", order_type: OrderType = "", by: Groups = None,
    days: Annotated[int, typer.Option(help="So many days, from today on.", min=1, max=MOST_DAYS)] = 7,
    as_csv: AsCsv = False, as_json: AsJson = False, data: Data = None,
) -> None:
    """What will be due at which stage on the next days: under way already, and expected besides."""

    def make(tx: Tx, asked: Asked) -> Report:
        return KINDS[WORKLOAD].make(tx, replace(asked, period=ahead(asked.period.last, days)))

    _show(_Made(shop, order_type, None, None, by or ()).of(WORKLOAD, data, make), as_csv=as_csv, as_json=as_json)


@commands.command("satisfaction")
def satisfaction(shop: ShopCode = "", since: Since = None, as_csv: AsCsv = False, as_json: AsJson = False, data: Data = None) -> None:
    """Ratings of completed orders by shop, order type, and whether the first promise was kept."""
    with enter(data).engine.begin() as tx:
        rows = reports.satisfaction(tx, shop_id=of_code(tx, shop).id if shop else None, since=_utc(since))
    _print(tuple(Satisfaction.__dataclass_fields__), [asdict(row) for row in rows], csv=as_csv, json=as_json)


@commands.command("causes")
def causes(shop: ShopCode = "", since: Since = None, as_csv: AsCsv = False, as_json: AsJson = False, data: Data = None) -> None:
    """Cases by month, cause and kind, the most frequent first."""
    with enter(data).engine.begin() as tx:
        rows = reports.causes(tx, shop_id=of_code(tx, shop).id if shop else None, since=_utc(since))
    _print(tuple(Counted.__dataclass_fields__), [asdict(row) for row in rows], csv=as_csv, json=as_json)


def _utc(day: datetime | None) -> datetime | None:
    return day.replace(tzinfo=UTC) if day else None


def _show(report: Report, *, as_csv: bool, as_json: bool) -> None:
    _print(columns_of(report), told(report), csv=as_csv, json=as_json)


def _print(columns: Sequence[str], rows: Iterable[Mapping[str, Any]], *, csv: bool, json: bool) -> None:
    if json:
        print_json(list(rows))
    elif csv:
        typer.echo(as_csv(columns, rows), nl=False)
    else:
        shown = [column.removesuffix("_seconds").replace("_", " ") for column in columns]
        print_table(shown, ([_readable(row, *cell) for cell in row.items()] for row in rows))


def _readable(row: Mapping[str, Any], column: str, value: object) -> object:
    """Shares in percent, times in days, hours, minutes and seconds, reasons with commas."""
    said = str(row.get("figure") or column)
    if value is None:
        return None
    if said.endswith("_seconds") and column != "figure":
        return duration(int(str(value)))
    if said.endswith("rate") and column != "figure":
        return f"{float(str(value)):.1%}"
    return ", ".join(value) if isinstance(value, list | tuple) else value
