"""
`orderpipe config`: calendars, types of order with their targets, and desks, as a file that people read, and one by one.
"""

from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from orderpipe.cli.app import app
from orderpipe.cli.place import Data, enter
from orderpipe.cli.refusals import Misused, Refusal
from orderpipe.cli.terminal import say
from orderpipe.configuration import books
from orderpipe.configuration.books import Change
from orderpipe.configuration.reading import BadFile, Written, reason_of
from orderpipe.configuration.reading import read as read_text
from orderpipe.configuration.schema import SECTIONS, Key, entry_of
from orderpipe.configuration.writing import write

commands = typer.Typer(no_args_is_help=True, help="Calendars, types of order with their targets, and desks.")
app.add_typer(commands, name="config")

File = Annotated[Path, typer.Argument(help="The configuration file.")]
ShopCode = Annotated[str, typer.Option("--shop", help="A shop's own. Default: everybody's.")]

DEFAULT = Path("orderpipe.toml")


class BadConfiguration(Refusal):
    """The file has mistakes, each said with its line."""


class NotThere(Refusal):
    """There is no such entry in the database."""


def _read(file: Path) -> Written:
    try:
        return read_text(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as reason:
        raise Misused(f"{file} cannot be read: {reason}") from None
    except BadFile as bad:
        raise _told(file, bad) from None


def _told(file: Path, bad: BadFile) -> BadConfiguration:
    return BadConfiguration("\n".join(f"{file}, {mistake}" for mistake in bad.mistakes))


@commands.command("check")
def check(file: File = DEFAULT) -> None:
    """Say what is wrong in a file, every mistake with its line; needs no database."""
    entries = _read(file).entries
    counted = ((section.replace("_", " "), sum(key[1] == section for key in entries)) for section in SECTIONS)
    say(f"{file} is well: {', '.join(f'{count} {name}' for name, count in counted if count) or 'nothing in it'}.")


@commands.command("apply")
def apply(
    file: File = DEFAULT,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    data: Data = None,
) -> None:
    """Bring the database to what a file says; what it does not name stays. Clocks that run are read anew within a tick or two."""
    written = _read(file)
    with enter(data).engine.begin() as tx:
        try:
            found = books.changes(tx, written)
        except BadFile as bad:
            raise _told(file, bad) from None
        if not dry_run:
            books.apply(tx, found)
    for change in found:
        for line in change.lines():
            say(line)
    would = "would change" if dry_run else "changed"
    say(f"{len(found)} of {len(written.entries)} entries {would}." if found else "Nothing to change.")


@commands.command("show")
def show(data: Data = None) -> None:
    """Write the database's configuration as such a file. It may hold secrets: the Apprise URLs."""
    with enter(data).engine.begin() as tx:
        typer.echo(write(books.read_books(tx)), nl=False)


@commands.command("example")
def example() -> None:
    """Write an example file to begin with."""
    typer.echo((files("orderpipe.configuration") / "orderpipe.example.toml").read_text(encoding="utf-8"), nl=False)


@commands.command("day")
def set_day(
    calendar: Annotated[str, typer.Argument(help="The calendar's code.")],
    day: Annotated[str, typer.Argument(help="Such as 2026-12-24.")],
    hours: Annotated[list[str] | None, typer.Argument(help="Shifts as 09:00-12:00; none: closed.")] = None,
    shop: ShopCode = "",
    data: Data = None,
) -> None:
    """Say when a calendar works on one day, other than usual."""
    _change(data, (shop, "calendars", calendar), "exceptions", {day: hours or []})
    works = f"works {', '.join(hours)}" if hours else "is closed"
    say(f"On {day} {calendar} {works}.")


@commands.command("target")
def set_target(
    order_type: Annotated[str, typer.Argument(help="The type of order.")],
    stage: Annotated[str, typer.Argument(help="The stage, or whole.")],
    time: Annotated[str, typer.Argument(help="Working time, such as 4h or 1h30m.")],
    shop: ShopCode = "",
    data: Data = None,
) -> None:
    """Say how long orders of a type may stand in a stage."""
    _change(data, (shop, "order_types", order_type), "targets", {stage: time})
    say(f"Orders of the type {order_type} may stand {time} of working time in {stage}.")


def _change(data: Path | None, key: Key, setting: str, value: dict[str, Any]) -> None:
    with enter(data).engine.begin() as tx:
        before = books.read_books(tx).get(key)
        if before is None:
            raise NotThere(f"There is no {key[2]!r} among the {key[1].replace('_', ' ')} of {key[0] or 'everybody'}.")
        try:
            after = entry_of(key[1], key[2], before | {setting: before[setting] | value})
        except ValidationError as error:
            raise Misused(" ".join(map(reason_of, error.errors()))) from None
        books.apply(tx, [Change(key, before, after)])
