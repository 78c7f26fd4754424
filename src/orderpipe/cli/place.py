"""
Which installation a command speaks to: that of ORDERPIPE_DATABASE_URL, else the `orderpipe up` that runs on the data folder.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orderpipe.cli.refusals import Refusal
from orderpipe.local.folder import addresses_of
from orderpipe.settings import Settings, settings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from orderpipe.assembly import Assembly
    from orderpipe.sideflows.hints import Hint

Data = Annotated[
    Path | None, typer.Option("--data", help="Data folder of a running `orderpipe up`; where no database is set, .orderpipe.")
]
"""The option that every command has which speaks to an installation."""


class NowhereToGo(Refusal):
    """There is no database to ask: start everything with `orderpipe up`, or set ORDERPIPE_DATABASE_URL."""


def find(data: Path | None = None) -> Settings:
    """The settings of the installation; those of a running `orderpipe up` become this process's own. Raises NowhereToGo."""
    if settings().database_url and data is None:
        return settings()
    folder = data or settings().data
    addresses = addresses_of(folder)
    if addresses is None:
        raise NowhereToGo(
            f"There is no database to ask: no `orderpipe up` runs on {folder} (name another folder with --data), "
            "and ORDERPIPE_DATABASE_URL is not set."
        )
    os.environ.update(addresses)
    settings.cache_clear()
    return settings()


def enter(data: Path | None = None) -> "Assembly":
    """The installation's database, clock and broker. Raises NowhereToGo."""
    found = find(data)
    from orderpipe.assembly import assemble  # the broker is set up by the settings when it is first imported

    return assemble(found)


def send_hints(hints: "Iterable[Hint]", *, restock: bool = False) -> None:
    """Say to the workers what a committed transaction made worth looking at; nothing is lost when the broker is not there."""
    from orderpipe import broker
    from orderpipe.flow import Queue

    for hint in hints:
        broker.send_stage(hint.step, hint.ids, hint.lane)
    if restock:
        broker.send_task("restock", queue=Queue.CARE)
    for name in ("notify.email", "notify.sms"):
        broker.send_task(name, queue=Queue.NOTIFY)


