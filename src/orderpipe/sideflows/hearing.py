"""
What a customer says about an order: a word on the open case about the same, else a case of its own. The same words count once.

The page of an order takes so many words a day and no more, for whoever has its link may be a program. What the customer sends back or
withdraws from is bounded by what was delivered.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from orderpipe.domain.cases import Case, Channel, Kind, Pieces, case_id_of, case_number, goes_on
from orderpipe.domain.orders import UnknownNumber
from orderpipe.domain.remedies import check_pieces
from orderpipe.sideflows import cases
from orderpipe.sideflows.cases import CUSTOMER, Word
from orderpipe.store import case_terms, replacements, standing, units
from orderpipe.store import cases as case_store
from orderpipe.store.case_opening import Opening
from orderpipe.store.metadata import Tx

_BOUNDED = frozenset({Kind.RETURN, Kind.WITHDRAWAL})
_DAY = timedelta(days=1)
_NUMBER = re.compile(r"\bC-\d{6,}-\d\b")


@dataclass(frozen=True, slots=True)
class Heard:
    """The case that the customer's words are in; `new`: they opened it; `again`: they were heard before, and nothing has happened now."""

    case_id: int
    new: bool = False
    again: bool = False

    @property
    def number(self) -> str:
        """The number people read out."""
        return case_number(self.case_id)


class TooOften(Exception):
    """The customer has written about this order as often today as the shop takes."""


def hear(tx: Tx, said: Opening, *, now: datetime) -> Heard:
    """Take down what a customer says, once for each key. Raises TooOften, RemedyRefused for pieces that the order does not have."""
    units.lock_orders(tx, [said.order_id])
    before = case_store.of_keys(tx, [said.key])
    if said.key in before:
        return Heard(before[said.key], again=True)
    if said.channel == Channel.PAGE and said.kind not in _BOUNDED:
        _check_often(tx, said.order_id, now)
    fitting = [one for one in case_store.of_orders(tx, [said.order_id]) if goes_on(one, said.kind, said.cause)]
    if not fitting:
        return Heard(cases.open_case(tx, said, now=now).case_id, new=True)
    if not (said.text or said.lines):
        return Heard(fitting[-1].id, again=True)
    word = Word(said.text or _named(tx, said), said.by, said.channel, said.author, said.key, lines=said.lines, untold=said.untold)
    cases.say(tx, fitting[-1].id, word, now=now)
    return Heard(fitting[-1].id)


def add(tx: Tx, case: Case, text: str, key: str, *, now: datetime) -> None:
    """Take down what the customer adds to a case on its page, once for each key. Raises TooOften."""
    units.lock_orders(tx, [case.order_id])
    if key not in case_store.of_keys(tx, [key]):
        _check_often(tx, case.order_id, now)
        cases.say(tx, case.id, Word(text, CUSTOMER, Channel.PAGE, source_id=key), now=now)


def _check_often(tx: Tx, order_id: int, now: datetime) -> None:
    most = case_terms.terms_of(tx, standing.shop_of(tx, order_id)).daily_words
    if case_store.heard_since(tx, order_id, Channel.PAGE, now - _DAY) >= most:
        raise TooOften(f"About one order, {most} words are taken down within a day.")


def hear_mail(tx: Tx, order_id: int, text: str, subject: str, *, sender: str, mail_id: str, now: datetime) -> Heard:
    """What a customer wrote by e-mail: a word on the case whose number its subject names, else an enquiry. A mail counts once."""
    words, key = f"{subject}\n\n{text}".strip(), f"mail:{mail_id}"
    named = _named_case(tx, order_id, subject)
    if named is None:
        return hear(tx, Opening(order_id, Kind.ENQUIRY, words, key, channel=Channel.EMAIL, author=sender), now=now)
    cases.say(tx, named, Word(words, CUSTOMER, Channel.EMAIL, sender, key), now=now)
    return Heard(named)


def _named_case(tx: Tx, order_id: int, subject: str) -> int | None:
    for number in _NUMBER.findall(subject):
        try:
            case_id = case_id_of(number)
        except UnknownNumber:
            continue
        if (found := case_store.order_of(tx, case_id)) and found[1] == order_id:
            return case_id
    return None


def _named(tx: Tx, said: Opening) -> str:
    """The pieces in place of words, as the order calls them."""
    original = replacements.original(tx, said.order_id)
    check_pieces(said.lines, original.pieces)
    return "\n".join(_piece(one, *original.lines[one.number]) for one in said.lines)


def _piece(one: Pieces, sku: str, _ordered: int, description: str) -> str:
    return f"{one.quantity} × {description or sku}"
