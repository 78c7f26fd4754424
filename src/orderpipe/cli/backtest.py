"""
`orderpipe backtest`: what would have been promised for the orders of a real history, against what came and what the marketplace had said.
"""

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orderpipe.cli.app import app
from orderpipe.cli.terminal import print_table, say

if TYPE_CHECKING:
    from orderpipe.backtest.walk import Judged

Folder = Annotated[Path, typer.Option("--data", help="Folder with the CSV files of Olist's history.")]
Since = Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day whose orders are judged.")]
Reliability = Annotated[float, typer.Option(help="The share of promises to keep in the comparison with Olist.", min=0.5, max=0.99)]

FIRST_JUDGED = datetime.fromisoformat("2017-07-01")
"""Half a year of Olist's history lies before it."""


@app.command("backtest")
def run(data: Folder, since: Since = FIRST_JUDGED, reliability: Reliability = 0.93) -> None:
    """Promise a day to every order of a history with what was known when it was bought; the last line is one JSON object."""
    from orderpipe.backtest import figures, olist, walk  # numpy comes with them, and no other command waits for it

    judged = walk.walk(olist.read(data), since.date(), reliability, lambda month: typer.echo(f"judging {month}", err=True))
    _print(judged, reliability)
    typer.echo(json.dumps(figures.summary(judged, reliability)))


def _print(judged: "Judged", reliability: float) -> None:
    from orderpipe.backtest import figures

    say(
        f"{len(judged.bought)} orders judged; {judged.never_delivered} more have no known delivery. "
        f"The comparison with Olist asks for {reliability:.0%}.\n"
    )
    all_of = [("Olist", figures.waits(judged, judged.theirs))]
    all_of += [(f"{level:.0%}", figures.waits(judged, judged.row(level))) for level in judged.levels]
    print_table(
        ("asked", "late", "median days", "p90 days", "mean days", "mean days early"),
        [(name, f"{one.late:.2%}", one.median, f"{one.p90:.0f}", f"{one.mean:.1f}", f"{one.early:.1f}") for name, one in all_of],
    )
    regions = figures.regions(judged)
    for title, groups in (("quarter", figures.quarters(judged)), ("region", regions)):
        say("")
        print_table(
            (title, "orders", *(f"kept at {level:.0%}" for level in figures.ASKED), "kept by Olist"),
            [(one.name, one.orders, *(f"{kept:.1%}" for kept in one.kept), f"{one.kept_by_them:.1%}") for one in groups],
        )
    say(
        f"\nThe gap of a quarter is the widest distance between kept and asked, in points; quarters with fewer than "
        f"{figures.ENOUGH_IN_QUARTER} orders do not count. Regions with fewer than {figures.ENOUGH_IN_REGION} are not shown."
    )
