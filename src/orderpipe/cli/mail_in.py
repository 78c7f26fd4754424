"""
`orderpipe mail in`: what came in, what it was taken for, and how to have it taken anew; `orderpipe order mails`: what came about one order.
"""

import sys
from typing import Annotated, Any

import typer

from orderpipe.channels.views import clean
from orderpipe.cli import mail, order
from orderpipe.cli.place import Data, enter, send_hints
from orderpipe.cli.refusals import Refusal
from orderpipe.cli.terminal import AsJson, local_time, print_json, print_table, say
from orderpipe.cli.why import Called
from orderpipe.domain import mails
from orderpipe.domain.orders import number_of
from orderpipe.domain.own_words import own_words
from orderpipe.sideflows import stray_mail
from orderpipe.store import mail_in, standing
from orderpipe.store.mail_in import Listed

COLUMNS = ("id", "at", "order", "from", "subject", "taken for", "state", "note")

MailId = Annotated[int | None, typer.Argument(help="The mail's id, as the list shows it.")]


class NoSuchMail(Refusal):
    """There is no mail of this id."""


@mail.commands.command("in")
def show_in(
    mail_id: MailId = None,
    only_open: Annotated[bool, typer.Option("--open", help="Only mails that somebody has to look at.")] = False,
    raw: Annotated[bool, typer.Option("--raw", help="Print the mail byte for byte as it came.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Have it understood anew, at the clock's next look.")] = False,
    done: Annotated[bool, typer.Option("--done", help="Somebody has looked at it.")] = False,
    about: Annotated[str, typer.Option("--order", help="It is about this order: a word on its case, or a new one.")] = "",
    limit: Annotated[int, typer.Option(help="At most so many.", min=1, max=10_000)] = 30,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """List the mails that came in, the newest first; with an ID show one, or do something about it."""
    parts = enter(data)
    with parts.engine.begin() as tx:
        if mail_id is None:
            _print(mail_in.listed(tx, only_open=only_open, limit=limit), as_json)
            return
        found = mail_in.one(tx, mail_id)
        if found is None:
            raise NoSuchMail(f"There is no mail {mail_id}.")
        if again and mail_in.again(tx, mail_id):
            say(f"Mail {mail_id} is looked at anew within half a minute.")
        elif about:
            placed = stray_mail.place(tx, mail_id, standing.find(tx, about), by=order.who(), now=parts.clock())
            say(f"Mail {mail_id} is a word on {placed.heard.number} about order {number_of(placed.order_id)}.")
        elif done:
            stray_mail.finish(tx, mail_id, parts.clock())
            say(f"Mail {mail_id} is done.")
        elif raw:
            sys.stdout.buffer.write(found[1])
        else:
            _show(*found, as_json=as_json)
    if about:
        send_hints(())


@order.commands.command("mails")
def of_order(called: Called, as_json: AsJson = False, data: Data = None) -> None:
    """List the mails that came in about an order, the newest first."""
    with enter(data).engine.begin() as tx:
        _print(mail_in.listed(tx, order_id=standing.find(tx, called), limit=1_000), as_json)


def _print(found: list[Listed], as_json: bool) -> None:
    if as_json:
        print_json([_document(one) for one in found])
        return
    print_table(COLUMNS, (
        [
            one.id, one.received_at, number_of(one.order_id) if one.order_id else None, clean(one.sender, 60), clean(one.subject, 60),
            one.kind, one.state, clean(one.note or "", 100),
        ]
        for one in found
    ))


def _document(one: Listed) -> dict[str, Any]:
    named = {name: getattr(one, name) for name in Listed.__slots__}
    return named | {"order": number_of(one.order_id) if one.order_id else None}


def _show(one: Listed, content: bytes, *, as_json: bool) -> None:
    try:
        words = mails.read(mails.parse(content)).text
    except Exception:  # as odd as it may be, its note and --raw are there
        words = ""
    own = own_words(words) or words
    if as_json:
        print_json(_document(one) | {"text": words, "own_words": own})
        return
    say(f"{one.kind or 'not looked at yet'}, {one.state}, came {local_time(one.received_at)}. {clean(one.note or '', 1_000)}")
    say(f"From: {clean(one.sender_name)} <{clean(one.sender)}>\nSubject: {clean(one.subject)}\n")
    for line in own.split("\n"):  # no mail may steer the terminal
        say(str(clean(line, 2_000)))
