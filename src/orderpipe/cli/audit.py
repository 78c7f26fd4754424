"""
`orderpipe audit`: is the journal still what was sealed? Verify finds what was changed, removed or added since; seal seals now.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orderpipe.cli.app import app
from orderpipe.cli.place import Data, enter
from orderpipe.cli.terminal import AsJson, console, local_time, print_json, say
from orderpipe.domain.orders import number_of
from orderpipe.domain.seals import Seal, hash_of
from orderpipe.sideflows import audit, sealing
from orderpipe.sideflows.audit import Difference, Seals, sentence_of
from orderpipe.store import seals as kept_seals
from orderpipe.store.seal_file import SealFile

if TYPE_CHECKING:
    from orderpipe.assembly import Assembly  # the broker it brings is set up by settings that are found first

commands = typer.Typer(no_args_is_help=True, help="Seal the journal, and check it against its seals.")
app.add_typer(commands, name="audit")

Head = Annotated[str, typer.Option(help="A head hash noted earlier; the file must still lead to it.")]


@commands.command("verify")
def verify(head: Head = "", as_json: AsJson = False, data: Data = None) -> None:
    """Check every seal, in the database and in the file, against the journal; exit code 1 when anything differs."""
    parts = enter(data)
    with parts.engine.begin() as tx:
        found = audit.read(tx, SealFile(parts.settings.seals_folder))
    differences = [*found.differences, *_head_lost(found, head), *_recounted(parts, found)]
    believed = found.believed()
    with parts.engine.begin() as tx:
        unsealed = kept_seals.count_since(tx, believed[-1].until_at) if believed else None
    if as_json:
        print_json(_document(believed, differences, unsealed))
    else:
        _print(believed, differences, unsealed)
    if differences:
        raise typer.Exit(1)


@commands.command("seal")
def seal(as_json: AsJson = False, data: Data = None) -> None:
    """Seal all that is old enough; the workers do it hourly."""
    parts = enter(data)
    file, now = SealFile(parts.settings.seals_folder), parts.clock()
    made = list(iter(lambda: _seal_next(parts, file, now), None))
    if as_json:
        print_json([_seal_document(one) for one in made])
        return
    for one in made:
        say(f"Seal {one.number}: {one.entries} entries until {local_time(one.until_at)}. Head of the file: {hash_of(one).hex()}")
    if not made:
        say("There is nothing to seal yet: an entry is sealed when it is ten minutes old.")


def _seal_next(parts: "Assembly", file: SealFile, now: datetime) -> Seal | None:
    with parts.engine.begin() as tx:
        return sealing.seal_next(tx, file, now)


def _head_lost(found: Seals, head: str) -> list[Difference]:
    if not head or head.strip().lower() in {hash_of(one).hex() for one in found.written.values()}:
        return []
    return [Difference(None, "head-lost", "No seal in the file has the hash that was noted: the file was cut or written anew.")]


def _recounted(parts: "Assembly", found: Seals) -> list[Difference]:
    differences = []
    for one in found.believed():
        # one transaction each, so that a long audit never keeps the vacuum from its work
        with parts.engine.begin() as tx:
            differences.append(audit.recount(tx, one, found.kept.get(one.number)))
    return [one for one in differences if one]


def _document(believed: list[Seal], differences: list[Difference], unsealed: int | None) -> dict[str, Any]:
    newest = believed[-1] if believed else None
    return {
        "whole": not differences,
        "seals": len(believed),
        "entries": sum(one.entries for one in believed),
        "sealed_until": newest.until_at if newest else None,
        "head": hash_of(newest).hex() if newest else None,
        "unsealed_entries": unsealed,
        "differences": [_difference_document(one) for one in differences],
    }


def _difference_document(one: Difference) -> dict[str, Any]:
    return {
        "seal": one.seal, "kind": one.kind, "sentence": one.sentence,
        "changes": [
            {
                "first_order": number_of(change.first_order), "last_order": number_of(change.last_order),
                "sealed": change.sealed, "found": change.found,
            }
            for change in one.changes
        ],
    }


def _seal_document(one: Seal) -> dict[str, Any]:
    return {
        "number": one.number, "from": one.begins_at, "until": one.until_at, "entries": one.entries, "root": one.root.hex(),
        "head": hash_of(one).hex(),
    }


def _print(believed: list[Seal], differences: list[Difference], unsealed: int | None) -> None:
    out = console()
    for one in differences:
        out.print("[red]differs[/]  ", end="")
        out.print(one.sentence, markup=False)
        for change in one.changes:
            out.print(f"         {sentence_of(change)}", markup=False)
    if not believed:
        out.print("Nothing is sealed yet; `orderpipe audit seal` does it now, the workers do it hourly.")
        return
    until, entries = local_time(believed[-1].until_at), sum(one.entries for one in believed)
    if not differences:
        out.print(f"[green]ok[/]       {entries} entries until {until} are as they were sealed, by {len(believed)} seals.")
    out.print(f"         {unsealed} later entries are not sealed yet. Head of the file: {hash_of(believed[-1]).hex()}")
