"""
`orderpipe mail withdraw` and `orderpipe mail preferences`: take back what waits, and see or set what a customer wants of our letters.
"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated

import typer

from orderpipe.channels.wording import LANGUAGES
from orderpipe.cli.mail import commands
from orderpipe.cli.order import who
from orderpipe.cli.place import Data, enter
from orderpipe.cli.refusals import Misused
from orderpipe.cli.shop import of_code
from orderpipe.cli.terminal import AsJson, local_time, print_json, print_table, say
from orderpipe.domain.kinds import ALL_OPTIONAL, OPTIONAL
from orderpipe.domain.notices import Channel
from orderpipe.sideflows import retelling
from orderpipe.store import contact_preferences, outbox
from orderpipe.store.contact_preferences import Preference
from orderpipe.store.outbox import Waiting


@commands.command("withdraw")
def withdraw(
    before: Annotated[str, typer.Option(help="Written before this instant, such as 2026-11-24T20:30:00Z.")],
    shop: Annotated[str, typer.Option(help="Only this shop's (its code).")] = "",
    kind: Annotated[str, typer.Option(help="Only letters of this kind, such as shipped.")] = "",
    really: Annotated[bool, typer.Option("--yes", help="Do it; without this it is only said what would be done.")] = False,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Take back letters that wait to go out: they never will. For after a restore, when they were sent long ago."""
    parts = enter(data)
    with parts.engine.begin() as tx:
        which = Waiting(_instant(before), of_code(tx, shop).id if shop else None, kind)
        found = outbox.waiting(tx, which)
        taken = retelling.withdraw(tx, which, by=who(), now=parts.clock()) if really else 0
    if as_json:
        print_json({"waiting": found, "withdrawn": taken})
        return
    print_table(("kind", "letters"), found.items())
    if really:
        say(f"{taken} letters are taken back.")
    else:
        say(f"{sum(found.values())} letters written before {local_time(which.before)} wait; with --yes they are taken back.")


def _instant(words: str) -> datetime:
    try:
        instant = datetime.fromisoformat(words)
    except ValueError as error:
        raise Misused(f"{words!r} is no instant; write it as 2026-11-24T20:30:00Z.") from error
    if instant.tzinfo is None:
        raise Misused(f"{words!r} does not say in which time zone; write it as 2026-11-24T20:30:00Z.")
    return instant.astimezone(UTC)


@commands.command("preferences")
def preferences(
    contact: Annotated[str, typer.Argument(help="The customer's e-mail address, or telephone number where there is none.")],
    shop: Annotated[str, typer.Option(help="The shop's code.")],
    off: Annotated[list[str] | None, typer.Option(help=f"Turn off: {', '.join(OPTIONAL)}, or all.")] = None,
    on: Annotated[list[str] | None, typer.Option(help="Turn on again: the same, or all.")] = None,
    by: Annotated[Channel | None, typer.Option(help="By which way the optional ones come.")] = None,
    language: Annotated[str, typer.Option(help="Language of all letters, en or zh.")] = "",
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Show what a customer wants of our letters, or change it on their word; what they must know always comes."""
    parts = enter(data)
    if language and language not in LANGUAGES:
        raise Misused(f"{language!r} is no language that we write; there is {' and '.join(LANGUAGES)}.")
    with parts.engine.begin() as tx:
        shop_id = of_code(tx, shop).id
        known = contact_preferences.of_contact(tx, shop_id, contact)
        chosen = replace(
            known, declined=_declined(known, off or [], on or []), channel=by or known.channel, language=language or known.language
        )
        if chosen != known:
            contact_preferences.choose(tx, shop_id, contact, chosen, by=who(), now=parts.clock())
    _print(contact, chosen, as_json)


def _declined(known: Preference, off: list[str], on: list[str]) -> frozenset[str]:
    unknown = {*off, *on} - {*OPTIONAL, "all"}
    if unknown:
        raise Misused(f"{', '.join(sorted(unknown))} cannot be turned off; what can is {', '.join(OPTIONAL)}, or all.")
    declined = set(OPTIONAL) if ALL_OPTIONAL in known.declined else set(known.declined)
    declined = (set() if "all" in on else declined - set(on)) | (set(OPTIONAL) if "all" in off else set(off))
    return frozenset({ALL_OPTIONAL}) if "all" in off or (ALL_OPTIONAL in known.declined and not on) else frozenset(declined)


def _print(contact: str, chosen: Preference, as_json: bool) -> None:
    off = OPTIONAL if ALL_OPTIONAL in chosen.declined else [kind for kind in OPTIONAL if kind in chosen.declined]
    if as_json:
        print_json({"contact": contact, "off": list(off), "by": chosen.channel, "language": chosen.language})
        return
    say(f"{contact} does without: {', '.join(off) or 'nothing'}.")
    say(f"By {chosen.channel or 'e-mail, else text message'}; language: {chosen.language or 'that of each order'}.")
