"""
Cancellations in a file: each finds the order that it takes pieces back from, and what finds none is a reject that says why.

One that was applied before is known by its reference and does nothing again.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from orderpipe.domain.reductions import Wish
from orderpipe.importing.judging import Judged
from orderpipe.importing.matching import Shelf
from orderpipe.intake.mapped_orders import Cancellation, Taken
from orderpipe.sideflows import reductions
from orderpipe.sideflows.hints import Hint
from orderpipe.store import imports, intakes
from orderpipe.store.imports import Candidate, Sought
from orderpipe.store.metadata import Tx

REASON = "customer"


@dataclass(slots=True)
class Applied:
    """By place in the group: why a cancellation was not applied, None where it was, now or (`known`) before; and what to hint."""

    reasons: dict[int, str | None] = field(default_factory=dict)
    known: set[int] = field(default_factory=set)
    hints: tuple[Hint, ...] = ()
    stock_freed: bool = False


@dataclass(frozen=True, slots=True)
class From:
    """The shop, the import and its file that something comes from, and who imports."""

    shop_id: int
    import_id: int
    file: str
    by: str


def apply(tx: Tx, judged: Mapping[int, Judged], origin: From, now: datetime) -> Applied:
    """Apply these cancellations, by their places in the group; orders of the same group are in the books already."""
    applied = Applied()
    first: dict[tuple[str, str], int] = {}
    for place, one in judged.items():
        first.setdefault((_source_id(one), _digest(one)), place)
    todo = _new(tx, {place: judged[place] for place in first.values()}, origin, applied)
    wishes = _wishes(tx, todo, origin, applied)
    reduced = reductions.reduce(tx, wishes, reason=REASON, by=origin.by, now=now)
    for place, one in todo.items():
        applied.reasons.setdefault(place, reduced.refused.get(_content(one).reference))
    orders = {wish.key: wish.order_id for wish in reversed(wishes)}
    done = [one for place, one in todo.items() if applied.reasons[place] is None]
    intakes.keep(tx, [_intake(one, orders[_content(one).reference], origin, now) for one in done])
    for place, one in judged.items():
        _repeat(applied, place, first[_source_id(one), _digest(one)])
    applied.hints, applied.stock_freed = reduced.hints, reduced.stock_freed
    return applied


def _repeat(applied: Applied, place: int, first: int) -> None:
    """The same cancellation once more shares what became of the first."""
    if place != first:
        applied.reasons[place] = applied.reasons[first]
        applied.known.add(place)


def _new(tx: Tx, judged: Mapping[int, Judged], origin: From, applied: Applied) -> dict[int, Judged]:
    """Those that were never applied; the others are known, or at odds with one of the same reference."""
    before = imports.canceled_by(tx, origin.shop_id, {_source_id(one) for one in judged.values()})
    todo: dict[int, Judged] = {}
    for place, one in judged.items():
        content = before.setdefault(_source_id(one), "")
        if not content:
            before[_source_id(one)] = _digest(one)
            todo[place] = one
        elif content == _digest(one):
            applied.reasons[place] = None
            applied.known.add(place)
        else:
            applied.reasons[place] = "A cancellation of this reference came before, with other content; a reference is used once."
    return todo


def _wishes(tx: Tx, todo: Mapping[int, Judged], origin: From, applied: Applied) -> list[Wish]:
    """What the cancellations take from which orders, in the order of the file; those that find nothing are refused."""
    sought = [(one, piece) for one in todo.values() for piece in _content(one).pieces]
    choices: list[list[Candidate]] = [[] for _ in sought]
    for candidate in imports.candidates(tx, origin.shop_id, origin.import_id, [_sought(n, *one) for n, one in enumerate(sought)]):
        choices[candidate.place].append(candidate)
    shelf, rest, wishes = Shelf(), iter(choices), list[Wish]()
    for place, one in todo.items():
        cancellation = _content(one)
        taken = shelf.take(cancellation.reference, cancellation, [next(rest) for _ in cancellation.pieces])
        if isinstance(taken, Taken):
            applied.reasons[place] = _not_found(one, taken)
        else:
            wishes += taken
    return wishes


def _sought(number: int, judged: Judged, piece: Taken) -> Sought:
    of, line = _content(judged).of, judged.group.rows[0].line
    return Sought(number, judged.customer, of, piece.sku, piece.quantity, piece.unit_price, judged.placed_at, line)


def _not_found(judged: Judged, piece: Taken) -> str:
    if not judged.customer:
        return "Nothing to cancel: the cancellation names no customer, and no order by its reference."
    price = f" at {piece.unit_price}" if piece.unit_price is not None else ""
    return f"Nothing to cancel: no earlier order of customer {judged.customer} has {piece.quantity} of {piece.sku}{price} left."


def _content(judged: Judged) -> Cancellation:
    assert isinstance(judged.content, Cancellation)
    return judged.content


def _source_id(judged: Judged) -> str:
    return f"cancellation:{_content(judged).reference}"


def _digest(judged: Judged) -> str:
    content = _content(judged)
    return hashlib.sha256(repr((judged.customer, content.pieces)).encode()).hexdigest()


def _intake(judged: Judged, order_id: int, origin: From, now: datetime) -> dict[str, object]:
    return {
        "shop_id": origin.shop_id, "channel": "file", "source_id": _source_id(judged), "sender": origin.by, "parser": judged.parser,
        "raw": judged.raw, "state": "recorded", "received_at": now, "order_id": order_id, "result": {"cancellation": _digest(judged)},
    }
