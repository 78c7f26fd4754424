"""
`orderpipe import`: take a file of orders down, whole, with a balance of what became of every line.

What was not taken lies in a file of rejects with line and reason; put right, that file is imported in the same way.
"""

import getpass
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from orderpipe.cli.app import app
from orderpipe.cli.place import Data, enter, send_hints
from orderpipe.cli.refusals import Misused
from orderpipe.cli.shop import of_code
from orderpipe.cli.terminal import AsJson, console, print_json, print_table, say
from orderpipe.domain.targets import EVERYBODY
from orderpipe.importing import run
from orderpipe.importing.balance import Balance, Fate
from orderpipe.importing.refusals import NotImported
from orderpipe.importing.run import Done, Job
from orderpipe.intake import mapping
from orderpipe.intake.mapping import UnreadableMapping
from orderpipe.sideflows.hints import Hint
from orderpipe.store import policies
from orderpipe.store.metadata import Tx

SAID = {
    Fate.ORDER: "new orders", Fate.KNOWN_ORDER: "orders there already", Fate.CANCELLATION: "cancellations applied",
    Fate.KNOWN_CANCELLATION: "cancellations applied before", Fate.KEPT: "kept to be received later", Fate.REJECT: "rejected",
}


class CannotImport(Misused):
    """The file, its mapping or a file beside it cannot be used; nothing was taken down."""


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="CSV, or JSON Lines by its ending .jsonl.")],
    shop: Annotated[str, typer.Option(help="The shop's code.")],
    mapping_name: Annotated[str, typer.Option("--mapping", help="orders, online-retail, olist, or a file of your own.")] = mapping.OWN,
    order_type: Annotated[str, typer.Option("--type", help="What orders are that name no type.")] = "bulk",
    customers: Annotated[Path | None, typer.Option(help="CSV that says who the customers are, by the file's key for them.")] = None,
    rejects: Annotated[Path | None, typer.Option(help="Where what is not taken is written; FILE.rejects.csv.")] = None,
    encoding: Annotated[str, typer.Option(help="Such as latin-1, where the file is not UTF-8.")] = "",
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Import a file of orders; the same file again adds nothing, one that was interrupted goes on where it stood."""
    try:
        chosen = mapping.choose(mapping_name)
        if encoding:
            chosen = mapping.of_document(chosen.model_dump() | {"encoding": encoding})
        done = _import(Job(file, 0, "", chosen, order_type, rejects or _rejects_of(file), customers), shop, data, quiet=as_json)
    except UnreadableMapping as problem:
        raise CannotImport(str(problem)) from None
    except NotImported as problem:
        raise CannotImport(str(problem)) from None
    _tell(done, file, as_json=as_json)
    if done.balance[Fate.REJECT].references:
        sys.exit(1)


def _rejects_of(file: Path) -> Path:
    return file.with_name(f"{file.name.removesuffix(file.suffix)}.rejects{file.suffix}")


def _import(job: Job, shop: str, data: Path | None, *, quiet: bool) -> Done:
    parts = enter(data)
    with parts.engine.begin() as tx:
        shop_id = of_code(tx, shop).id
        _understand(tx, shop_id, job.order_type)
    whole = Job(job.path, shop_id, f"office {getpass.getuser()}", job.mapping, job.order_type, job.rejects, job.customers)
    with _bar(job.path.name, quiet=quiet) as watch:
        return run.run(whole, parts.engine, parts.clock, _hint, watch)


def _understand(tx: Tx, shop_id: int, order_type: str) -> None:
    known = {code for owner, code in policies.read_policies(tx).order_types if owner in (EVERYBODY, shop_id)}
    if order_type not in known:
        raise CannotImport(f"There is no order type {order_type!r}; there is {', '.join(sorted(known))}.")


def _hint(hints: Sequence[Hint], stock_freed: bool) -> None:
    send_hints(hints, restock=stock_freed)


@contextmanager
def _bar(name: str, *, quiet: bool) -> Iterator[Callable[[int, int, Balance], None]]:
    """A bar that shows how far the file is; nothing where nobody looks on."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn(), TextColumn("{task.fields[count]}"))
    with Progress(*columns, console=console(), disable=quiet or not sys.stdout.isatty()) as progress:
        task = progress.add_task(name, total=None, count="")

        def watch(position: int, size: int, balance: Balance) -> None:
            count = f"{balance[Fate.ORDER].references:,} orders, {balance[Fate.REJECT].references:,} rejected"
            progress.update(task, completed=position, total=size, count=count)

        yield watch


def _tell(done: Done, file: Path, *, as_json: bool) -> None:
    if as_json:
        print_json(_document(done, file))
        return
    balance = done.balance
    if done.before:
        say(f"{file.name} was imported before, as it is; nothing was added. What became of it then:")
    elif done.resumed_at:
        say(f"The import went on after line {done.resumed_at}. What became of the whole file:")
    if not balance.read.rows:
        say(f"There is nothing in {file.name} but its header.")
        return
    amounts = [(SAID[fate], balance[fate]) for fate in Fate if balance[fate].references]
    print_table(("", "orders", "lines", "pieces"), (
        [said, f"{one.references:,}", f"{one.rows:,}", f"{one.pieces:,}"]
        for said, one in [*amounts, ("all together", balance.dealt_with), ("read from the file", balance.read)]
    ))
    if done.rejects:
        say(f"What was rejected stands in {done.rejects}, with line and reason: put it right and import that file in the same way.")


def _document(done: Done, file: Path) -> dict[str, Any]:
    told = {"file": str(file), "imported_before": done.before, "resumed_after_line": done.resumed_at or None}
    return {**told, **done.balance.document(), "even": done.balance.even, "rejects_file": str(done.rejects) if done.rejects else None}
