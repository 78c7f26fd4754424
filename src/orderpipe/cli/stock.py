"""
`orderpipe stock`: what lies where, what a delivery brought, and what a stock take has counted.
"""

import csv
import getpass
import sys
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from itertools import islice
from pathlib import Path
from typing import Annotated, TextIO

import typer

from orderpipe.cli.app import app
from orderpipe.cli.place import Data, enter, send_hints
from orderpipe.cli.refusals import Misused, Refusal
from orderpipe.cli.shop import of_code
from orderpipe.cli.terminal import AsJson, print_json, print_table, say
from orderpipe.domain.receipts import Count, Posted, Receipt
from orderpipe.sideflows import receipts
from orderpipe.store import shops, stock_receipts

commands = typer.Typer(no_args_is_help=True, help="What lies where.")
app.add_typer(commands, name="stock")

ShopCode = Annotated[str, typer.Option("--shop", help="The shop's code.")]
Cause = Annotated[str, typer.Option(help="Why, such as the number of the delivery note.")]
COLUMNS = ("sku", "location", "on_hand")
TOGETHER = 2_000
"""Lines of a file that are written in one transaction."""


class StockRefused(Refusal):
    """The stock was not changed as asked."""


class UnreadableFile(Misused):
    """The file is no stock take."""


@commands.command("load")
def load(
    file: Annotated[str, typer.Argument(help="CSV with the columns sku, location and on_hand; - for standard input.")],
    shop: ShopCode,
    cause: Cause = "stock take",
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Bring the books to what a stock take has counted; each line for itself."""
    parts = enter(data)
    done: list[tuple[int, Posted]] = []
    with parts.engine.begin() as tx:
        shop_id = of_code(tx, shop).id
    with _opened(file) as lines:
        rows = _rows(lines, cause)
        while some := list(islice(rows, TOGETHER)):
            with parts.engine.begin() as tx:
                posted = receipts.load(tx, [count for _, count in some], shop_id=shop_id, by=_who(), now=parts.clock())
            done += zip((number for number, _ in some), posted, strict=True)
    send_hints((), restock=bool(receipts.more_of([one for _, one in done])))
    _report(done, as_json)


def _opened(file: str) -> "nullcontext[TextIO] | TextIO":
    if file == "-":
        return nullcontext(sys.stdin)
    try:
        return Path(file).open(newline="", encoding="utf-8-sig")
    except OSError as error:
        raise UnreadableFile(f"{file} cannot be read: {error.strerror}.") from error


def _rows(lines: Iterable[str], cause: str) -> Iterator[tuple[int, Count]]:
    """Each line's number and count; raises UnreadableFile for the first that makes no sense."""
    reader = csv.DictReader(lines)
    missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
    if missing:
        raise UnreadableFile(f"The first line must name the columns {', '.join(COLUMNS)}; {', '.join(missing)} is missing.")
    for row in reader:
        counted = (row["on_hand"] or "").strip()
        if not (counted.isascii() and counted.isdigit()):
            raise UnreadableFile(f"Line {reader.line_num}: on_hand must be a number of pieces, not {counted!r}.")
        yield reader.line_num, Count((row["location"] or "").strip(), (row["sku"] or "").strip(), int(counted), cause)


def _report(done: list[tuple[int, Posted]], as_json: bool) -> None:
    refused = [(number, one) for number, one in done if one.code]
    if as_json:
        lines = [{"line": number, "code": one.code, "detail": one.sentence} for number, one in refused]
        print_json({"lines": len(done), "changed": sum(one.change != 0 for _, one in done), "refused": lines})
    else:
        for number, one in refused:
            typer.echo(f"Line {number}: {one.sentence}", err=True)
        say(f"{len(done) - len(refused)} of {len(done)} lines are in the books.")
    if refused:
        raise typer.Exit(1)


@commands.command("receive")
def receive(
    sku: Annotated[str, typer.Argument(help="The article.")],
    quantity: Annotated[int, typer.Argument(help="Pieces that came; negative (after --) takes off what broke.")],
    location: Annotated[str, typer.Option(help="The location's code.")],
    shop: ShopCode,
    cause: Cause = "delivery",
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Write a delivery down; those who wait longest are served first."""
    if quantity == 0:
        raise Misused("The quantity must not be 0.")
    parts = enter(data)
    with parts.engine.begin() as tx:
        receipt = Receipt(location, sku, quantity, cause)
        (done,) = receipts.receive(tx, [receipt], shop_id=of_code(tx, shop).id, by=_who(), now=parts.clock())
    if done.code:
        raise StockRefused(done.sentence)
    send_hints((), restock=quantity > 0)
    if as_json:
        on_hand = done.level.on_hand if done.level else None
        print_json({"sku": sku, "location": location, "change": done.change, "on_hand": on_hand})
    else:
        say(done.sentence)


@commands.command("show")
def show(
    sku: Annotated[list[str] | None, typer.Option(help="Only this article; may be repeated.")] = None,
    shop: Annotated[str, typer.Option(help="Only this shop's (its code).")] = "",
    limit: Annotated[int, typer.Option(help="Rows at most, for each shop.", min=1)] = 1_000,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Show what lies where, what of it is set aside for orders, and what orders still wait for."""
    with enter(data).engine.begin() as tx:
        chosen = [of_code(tx, shop)] if shop else shops.list_shops(tx)
        found = [(one.code, shelf) for one in chosen for shelf in stock_receipts.shelves(tx, one.id, skus=sku, limit=limit)]
    columns = ("location", "sku", "description", "on_hand", "allocated", "waited_for")
    if as_json:
        print_json([{"shop": code, **{name: getattr(shelf, name) for name in columns}} for code, shelf in found])
        return
    rows = (
        [code, one.location, one.sku, one.description, one.on_hand, one.allocated, one.on_hand - one.allocated, one.waited_for]
        for code, one in found
    )
    print_table(("shop", "location", "sku", "description", "on hand", "set aside", "free", "waited for"), rows)


def _who() -> str:
    return f"office {getpass.getuser()}"
