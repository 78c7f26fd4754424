"""
What the demo came to, printed at its end: orders, durations, letters, the exceptions, and where to look further.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from orderpipe.simulation.judge import Verdict
from orderpipe.simulation.watch import Picture


def print_summary(
    console: Console, verdict: Verdict, picture: Picture, durations: Mapping[str, Iterable[Mapping[str, Any]]], addresses: Mapping[str, str]
) -> None:
    """Print everything; `durations` by shop as the API tells them."""
    console.print()
    console.print(_orders(verdict, picture))
    console.print(_durations(durations))
    console.print(_letters(picture))
    console.print(_satisfaction(verdict))
    console.print(_cases(verdict))
    console.print(_exceptions(verdict))
    for sentence in verdict.wrong:
        console.print(Text(f"✗ {sentence}", style="red"))
    for label, address in addresses.items():
        console.print(Text.assemble((f"{label}: ", "dim"), address))


def _orders(verdict: Verdict, picture: Picture) -> Text:
    states = ", ".join(f"{count} {state}" for state, count in sorted(verdict.states.items()))
    return Text.assemble((f"{sum(verdict.states.values())} orders", "bold"), f" in {picture.seconds:.0f} s: {states}")


def _durations(durations: Mapping[str, Iterable[Mapping[str, Any]]]) -> Table:
    table = Table(box=None, pad_edge=False, title="from arrival until", title_justify="left", title_style="bold", header_style="dim")
    table.add_column("")
    table.add_column("shop")
    for column in ("orders", "median", "95 of 100 within"):
        table.add_column(column, justify="right")
    for shop, rows in durations.items():
        for row in rows:
            if row["until"] in ("promised", "released", "completed"):
                table.add_row(row["until"], shop, str(row["count"]), f"{row['median_seconds']:.1f} s", f"{row['p95_seconds']:.1f} s")
    return table


def _letters(picture: Picture) -> Text:
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(picture.letters.items(), key=lambda item: -item[1]))
    return Text.assemble((f"{sum(picture.letters.values())} letters and messages", "bold"), f": {kinds}")


def _satisfaction(verdict: Verdict) -> Text:
    rated = [one for one in verdict.ratings if one["rated"]]
    count, asked = sum(one["rated"] for one in rated), sum(one["asked"] for one in verdict.ratings)
    stars = sum(one["rated"] * Decimal(one["average"]) for one in rated)
    average = f", {stars / count:.1f} of 5 on average" if count else ""
    return Text.assemble((f"{count} of {asked} customers asked have rated", "bold"), average)


def _cases(verdict: Verdict) -> Text:
    count, still_open = (sum(one[name] for one in verdict.cases) for name in ("count", "open"))
    by_cause: Counter[str] = Counter()
    for one in verdict.cases:
        by_cause[one["cause"]] += one["count"]
    causes = ", ".join(f"{some} {cause}" for cause, some in by_cause.most_common())
    return Text.assemble((f"{count} cases", "bold"), f", {still_open} of them open: {causes}")


def _exceptions(verdict: Verdict) -> Table:
    table = Table(box=None, pad_edge=False, title="exceptions", title_justify="left", title_style="bold", show_header=False)
    for scripted, found in verdict.exceptions.items():
        mark = Text("✗", style="red") if found else Text("✓", style="green")
        table.add_row(mark, scripted.name, Text(verdict.numbers.get(scripted.name, ""), style="dim"), scripted.story)
        for sentence in found:
            table.add_row("", "", "", Text(sentence, style="red"))
    return table

