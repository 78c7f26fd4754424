"""
`orderpipe mail`: the letters and text messages that went out, those that could not, and how to send one again.
"""

import time
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from orderpipe.channels import keeping, mime
from orderpipe.cli.app import app
from orderpipe.cli.order import who
from orderpipe.cli.place import Data, enter, send_hints
from orderpipe.cli.terminal import AsJson, local_time, print_json, print_table, say
from orderpipe.domain.notices import Channel
from orderpipe.domain.orders import number_of
from orderpipe.sideflows import retelling
from orderpipe.sideflows.retelling import NoSuchLetter
from orderpipe.store import notifications, outbox
from orderpipe.store.outbox import Found, Search

commands = typer.Typer(invoke_without_command=True, help="Letters and text messages.")
app.add_typer(commands, name="mail")

LOOKED_THROUGH = 2_000
"""Letters that a search for words in the subject opens at most."""
PAUSE = 1.0

Id = Annotated[int, typer.Argument(help="The letter's id, as `orderpipe mail` shows it.")]
COLUMNS = ("id", "at", "order", "kind", "to", "state", "subject")


@commands.callback()
def show_all(
    context: typer.Context,
    to: Annotated[str, typer.Option(help="Part of the address or number.")] = "",
    subject: Annotated[str, typer.Option(help="Part of the subject or text message.")] = "",
    kind: Annotated[str, typer.Option(help="Only letters of this kind, such as thank-you.")] = "",
    follow: Annotated[bool, typer.Option("--follow", help="Go on showing new ones until Ctrl-C.")] = False,
    limit: Annotated[int, typer.Option(help="At most so many.", min=1, max=LOOKED_THROUGH)] = 30,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """List the newest letters and text messages; `mail show ID` shows one."""
    if context.invoked_subcommand:
        return
    engine = enter(data).engine
    wanted = Search(to, kind)
    while True:
        with engine.begin() as tx:
            found = outbox.find(tx, wanted, LOOKED_THROUGH if subject else limit)
        fitting = [one for one in found if subject.casefold() in _subject(one).casefold()][-limit:]
        _print(fitting, as_json, headed=not wanted.after)
        if not follow:
            return
        wanted = Search(to, kind, after=max((one.notification.id for one in found), default=wanted.after))
        _rest()


def _rest() -> None:
    try:
        time.sleep(PAUSE)
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


def _print(found: list[Found], as_json: bool, *, headed: bool) -> None:
    if as_json:
        print_json([_document(one) for one in found])
    elif found or headed:
        print_table(COLUMNS if headed else [""] * len(COLUMNS), (_row(one) for one in found))


def _row(one: Found) -> list[Any]:
    letter = one.notification
    number = number_of(letter.order_id) if letter.order_id else None
    return [letter.id, letter.sent_at or letter.created_at, number, letter.kind, letter.recipient, letter.state, _subject(one)]


def _subject(one: Found) -> str:
    if one.sent is None:
        return ""
    content = keeping.read_back(one.sent)
    if one.notification.channel == Channel.SMS:
        return content.decode("utf-8", "replace")
    return str(mime.parse(content)["Subject"] or "")


def _document(one: Found) -> dict[str, Any]:
    letter = one.notification
    named = {name: getattr(letter, name) for name in type(letter).__dataclass_fields__}
    return {**named, "order": number_of(letter.order_id) if letter.order_id else None, "subject": _subject(one)}


@commands.command("show")
def show(notification_id: Id, as_json: AsJson = False, data: Data = None) -> None:
    """Show a letter as it was sent."""
    with enter(data).engine.begin() as tx:
        found = outbox.one(tx, notification_id)
    if found is None:
        raise NoSuchLetter(f"There is no letter {notification_id}.")
    body = "\n".join(_body(found))
    if as_json:
        print_json(_document(found) | {"text": body})
        return
    letter = found.notification
    say(f"{letter.kind} to {letter.recipient} by {letter.channel}, {letter.state} after {letter.attempts} attempts")
    if letter.sent_at:
        say(f"sent {local_time(letter.sent_at)}, {letter.provider_id or 'no reply'}")
    if letter.bounced_at:
        say(f"did not arrive, as we learned {local_time(letter.bounced_at)}: {letter.bounce}")
    if letter.last_error:
        say(f"last error: {letter.last_error}")
    say(f"\n{body}" if body else "\nNothing has gone out yet.")


def _body(found: Found) -> Iterator[str]:
    if found.sent is None:
        return
    content = keeping.read_back(found.sent)
    if found.notification.channel == Channel.SMS:
        yield content.decode("utf-8", "replace")
        return
    letter = mime.parse(content)
    yield f"Subject: {letter['Subject']}"
    yield ""
    part = letter.get_body(("plain",))
    yield str(part.get_content()).replace("\r\n", "\n") if part is not None else ""


@commands.command("dead")
def dead(as_json: AsJson = False, data: Data = None) -> None:
    """List what could not be delivered; `mail resend ID` tries again."""
    with enter(data).engine.begin() as tx:
        found = notifications.dead_letters(tx)
    if as_json:
        print_json([_document(Found(one, None)) for one in found])
    else:
        rows = ([one.id, one.created_at, one.kind, one.recipient, one.attempts, one.last_error] for one in found)
        print_table(("id", "since", "kind", "to", "attempts", "last error"), rows)


@commands.command("resend")
def resend(
    notification_id: Id,
    to: Annotated[str, typer.Option(help="To this address or number instead, which decides by which way.")] = "",
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Send a dead letter after all, or one that has gone out once more; the journal says who did."""
    parts = enter(data)
    with parts.engine.begin() as tx:
        again = retelling.resend(tx, notification_id, by=who(), now=parts.clock(), to=to)
    send_hints(())
    if as_json:
        print_json({"id": again})
    else:
        say(f"Letter {again} goes out now.")
