"""
`orderpipe return`: what came back is scanned, looked at, and put into stock again or written off.
"""

from typing import Annotated
from uuid import uuid4

import typer

from orderpipe.api.case_documents import return_told
from orderpipe.cli.app import app
from orderpipe.cli.order import who
from orderpipe.cli.place import Data, enter, send_hints
from orderpipe.cli.refusals import Misused, Refusal
from orderpipe.cli.terminal import AsJson, print_json, print_table, say
from orderpipe.domain.returns import Inspection, Return, ReturnScan, UnknownReturn, return_id_of
from orderpipe.sideflows import returns
from orderpipe.store import returns as return_store

commands = typer.Typer(no_args_is_help=True, help="What customers send back.")
app.add_typer(commands, name="return")

Number = Annotated[str, typer.Argument(metavar="RETURN", help="The number on the label (R-…).")]


class ScanRefused(Refusal):
    """The scanned piece does not belong to the return."""


@commands.command("show")
def show(number: Number, as_json: AsJson = False, data: Data = None) -> None:
    """Show what may come back, what has come, and what became of it."""
    with enter(data).engine.begin() as tx:
        found = return_store.of_ids(tx, [return_id_of(number)])
    if not found:
        raise UnknownReturn(f"There is no return {number}.")
    _tell(next(iter(found.values())), as_json)


@commands.command("scan")
def scan(
    number: Number,
    barcode: Annotated[str, typer.Argument(help="The SKU, a GTIN, or a GS1 element string.")],
    quantity: Annotated[int, typer.Option(help="How many like pieces.", min=1)] = 1,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Receive pieces that came back."""
    parts = enter(data)
    with parts.engine.begin() as tx:
        sent = [ReturnScan(barcode, f"cli-{uuid4()}", who(), quantity)]
        (done,) = returns.record_scans(tx, return_id_of(number), sent, by=who(), now=parts.clock())
    if done.code:
        raise ScanRefused(done.sentence)
    send_hints(())
    if as_json:
        print_json({"sku": done.sku, "pieces": done.pieces})
    else:
        say(done.sentence)


@commands.command("inspect")
def inspect(
    number: Number,
    line: Annotated[int, typer.Option(help="The order line.", min=1)],
    restock: Annotated[int, typer.Option(help="Pieces that go back into stock.", min=0)] = 0,
    write_off: Annotated[int, typer.Option(help="Pieces that are of no more use.", min=0)] = 0,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Put pieces that came back into stock again, or write them off."""
    if not restock + write_off:
        raise Misused("Say how many pieces: --restock, --write-off, or both.")
    parts = enter(data)
    with parts.engine.begin() as tx:
        found = [Inspection(line, restock, write_off)]
        after = returns.record_inspection(tx, return_id_of(number), found, by=who(), now=parts.clock())
    send_hints((), restock=restock > 0)
    _tell(after, as_json)


def _tell(one: Return, as_json: bool) -> None:
    document = return_told(one)
    if as_json:
        print_json(document)
        return
    say(f"Return {one.number} is {one.state}.")
    print_table(("line", "sku", "pieces", "received", "restocked", "written off"), (list(item.values()) for item in document["items"]))
