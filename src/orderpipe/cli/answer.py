"""
`orderpipe order answer`: what a customer said to our question, keyed in by staff; checked like any other answer.
"""

from enum import StrEnum
from typing import Annotated

import typer

from orderpipe.cli.order import commands, who
from orderpipe.cli.place import Data, enter, send_hints
from orderpipe.cli.refusals import Misused, Refusal
from orderpipe.cli.terminal import AsJson, print_json, say
from orderpipe.cli.why import Called
from orderpipe.domain.orders import number_of, public_id
from orderpipe.domain.queries import Answer
from orderpipe.domain.rules import Override
from orderpipe.sideflows import duplicates
from orderpipe.sideflows.queries import Answered, How
from orderpipe.store import questions, standing


class Way(StrEnum):
    """By which way staff heard the answer."""

    PHONE = How.PHONE.value
    EMAIL = How.EMAIL.value


class NothingAsked(Refusal):
    """The order has no open question."""


@commands.command("answer")
def answer(
    called: Called,
    changes: Annotated[list[str] | None, typer.Option("--set", help="A value by its pointer, such as /lines/0/quantity=2.")] = None,
    remove: Annotated[list[str] | None, typer.Option(help="A line to leave out, such as /lines/0.")] = None,
    confirm: Annotated[list[str] | None, typer.Option(help="A rule whose finding is right as it stands, such as totals-differ.")] = None,
    cancel: Annotated[bool, typer.Option("--cancel", help="The customer no longer wants the order.")] = False,
    merge: Annotated[bool, typer.Option("--merge", help="Add its lines to the earlier order that it is so like.")] = False,
    how: Annotated[Way, typer.Option(help="By which way the customer said it.")] = Way.PHONE,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Key in what the customer said to our question; the order is checked again and goes on."""
    given = Answer({**_values(changes or ()), **dict.fromkeys(remove or ())}, frozenset(confirm or ()), cancel, merge)
    parts = enter(data)
    with parts.engine.begin() as tx:
        order_id = standing.find(tx, called)
        number = number_of(order_id)
        asked = next(iter(questions.open_of(tx, [order_id])), None)
        if asked is None:
            raise NothingAsked(f"Nothing is asked about order {number}; `orderpipe why {number}` tells how it stands.")
        done = duplicates.answer(tx, public_id("query", asked.id), given, by=who(), how=How(how), now=parts.clock(), right=Override.OFFICE)
    send_hints(done.hints, restock=done.canceled)
    if as_json:
        print_json({"order": number, "canceled": done.canceled, "earlier": done.earlier or None, "separate": done.separate})
    else:
        say(_told(number, done, merged=merge))


def _told(number: str, done: Answered, *, merged: bool) -> str:
    if done.earlier:
        return f"Order {number} is {'part of' if merged else 'the same as'} {done.earlier} and canceled."
    if done.separate:
        return f"Order {number} could not be added to the earlier one and goes on by itself; `orderpipe why {number}` tells why."
    return f"Order {number} is canceled." if done.canceled else f"Order {number}: the answer is taken; it is checked again and goes on."


def _values(changes: list[str] | tuple[()]) -> dict[str, object]:
    values: dict[str, object] = {}
    for one in changes:
        pointer, equals, value = one.partition("=")
        if not equals or not pointer.startswith("/"):
            raise Misused(f"{one!r} is no value by its pointer; write it as /lines/0/quantity=2.")
        values[pointer] = value
    return values
