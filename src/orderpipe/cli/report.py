"""
`orderpipe report`: how satisfied customers are, and what cases are about.
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from io import StringIO
from typing import Annotated, Any

import typer

from orderpipe.cli.app import app
from orderpipe.cli.place import Data, enter
from orderpipe.cli.shop import of_code
from orderpipe.cli.terminal import AsJson, print_json, print_table
from orderpipe.store import satisfaction as reports
from orderpipe.store.satisfaction import Counted, Satisfaction

commands = typer.Typer(no_args_is_help=True, help="What may be improved.")
app.add_typer(commands, name="report")

ShopCode = Annotated[str, typer.Option("--shop", help="Only this shop (its code).")]
Since = Annotated[datetime | None, typer.Option("--since", formats=["%Y-%m-%d"], help="Only from this day on (UTC).")]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print CSV instead.")]


@commands.command("satisfaction")
def satisfaction(shop: ShopCode = "", since: Since = None, as_csv: AsCsv = False, as_json: AsJson = False, data: Data = None) -> None:
    """Ratings of completed orders by shop, order type, and whether the first promise was kept."""
    with enter(data).engine.begin() as tx:
        rows = reports.satisfaction(tx, shop_id=of_code(tx, shop).id if shop else None, since=_utc(since))
    _print(tuple(Satisfaction.__dataclass_fields__), rows, as_csv=as_csv, as_json=as_json)


@commands.command("causes")
def causes(shop: ShopCode = "", since: Since = None, as_csv: AsCsv = False, as_json: AsJson = False, data: Data = None) -> None:
    """Cases by month, cause and kind, the most frequent first."""
    with enter(data).engine.begin() as tx:
        rows = reports.causes(tx, shop_id=of_code(tx, shop).id if shop else None, since=_utc(since))
    _print(tuple(Counted.__dataclass_fields__), rows, as_csv=as_csv, as_json=as_json)


def _utc(day: datetime | None) -> datetime | None:
    return day.replace(tzinfo=UTC) if day else None


def _print(columns: Sequence[str], rows: Iterable[Any], *, as_csv: bool, as_json: bool) -> None:
    documents = [asdict(row) for row in rows]
    if as_json:
        print_json(documents)
    elif as_csv:
        writer = csv.DictWriter(table := StringIO(), columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: _no_formula(value) for name, value in one.items()} for one in documents)
        typer.echo(table.getvalue(), nl=False)
    else:
        print_table([name.replace("_", " ") for name in columns], (list(one.values()) for one in documents))


def _no_formula(value: object) -> object:
    """The value as a spreadsheet shows it: a text that it would take for a formula behind the sign for text."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value
