"""
`orderpipe customer`: what is held about a customer is found, handed out as one file, or erased for good.
"""

from pathlib import Path
from typing import Annotated

import typer

from orderpipe.cli.app import app
from orderpipe.cli.place import Data, enter
from orderpipe.cli.shop import of_code
from orderpipe.cli.terminal import AsJson, as_json_text, print_json, say
from orderpipe.domain.orders import number_of
from orderpipe.sideflows import privacy

commands = typer.Typer(no_args_is_help=True, help="What is held about a customer: find it, hand it out, erase it.")
app.add_typer(commands, name="customer")

Called = Annotated[str, typer.Argument(metavar="CUSTOMER", help="The e-mail address or telephone number that they gave.")]
OfShop = Annotated[str, typer.Option("--shop", help="The shop's code.")]


@commands.command("find")
def find(called: Called, shop: OfShop, as_json: AsJson = False, data: Data = None) -> None:
    """Tell which orders a customer has, and whether they are remembered."""
    with enter(data).engine.begin() as tx:
        found = privacy.find(tx, of_code(tx, shop), called)
    ended, live = [number_of(one) for one in found.ended], [number_of(one) for one in found.live]
    if as_json:
        print_json({"ended": ended, "live": live, "remembered_as": found.keys})
        return
    say(f"Orders that have ended: {', '.join(ended) or 'none'}.")
    say(f"Orders under way: {', '.join(live) or 'none'}.")
    say(f"Remembered as: {', '.join(found.keys) or 'nobody'}.")


@commands.command("export")
def export(
    called: Called,
    shop: OfShop,
    to: Annotated[Path | None, typer.Option("--to", help="File to write; default: the terminal.")] = None,
    data: Data = None,
) -> None:
    """Hand out everything that is held about a customer, as one JSON document."""
    with enter(data).engine.begin() as tx:
        document = privacy.export(tx, of_code(tx, shop), called)
    if to is None:
        print_json(document)
        return
    to.touch(mode=0o600)
    to.write_text(as_json_text(document), encoding="utf-8")
    say(f"{sum(map(len, document['held'].values()))} rows of {len(document['held'])} tables are in {to}.")


@commands.command("erase")
def erase(
    called: Called,
    shop: OfShop,
    when_done: Annotated[bool, typer.Option("--when-done", help="Erase orders under way, too, when they have ended.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Erase a customer from every table; it cannot be undone. The journal, which has references only, stays."""
    parts = enter(data)
    if not yes:
        typer.confirm(f"Erase {called} for good?", abort=True)
    with parts.engine.begin() as tx:
        done = privacy.erase(tx, of_code(tx, shop), called, when_done=when_done, now=parts.clock())
    if as_json:
        print_json({"orders": [number_of(one) for one in done.orders], "waiting": [number_of(one) for one in done.waiting]})
        return
    say(f"{called} is erased, with {len(done.orders)} orders.")
    if done.waiting:
        say(f"Erased when they have ended: {', '.join(number_of(one) for one in done.waiting)}.")
