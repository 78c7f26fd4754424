"""
A group of orders from a file goes into the books in one transaction, with what was not taken and with how far the file is now.

What breaks unexpectedly is halved until it stands alone; its bytes are then kept to be received later, so that nothing is lost.
"""

import dataclasses
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from orderpipe.domain.orders import OrderDraft
from orderpipe.importing import cancellations
from orderpipe.importing.balance import Balance, Fate
from orderpipe.importing.cancellations import From
from orderpipe.importing.groups import Group
from orderpipe.importing.judging import Found, Judged, Reader
from orderpipe.importing.refusals import NotImported
from orderpipe.importing.rejects import Reject, Rejects
from orderpipe.intake.mapped_orders import Cancellation
from orderpipe.intake.outcomes import Outcome, Received, Recorded, Refused
from orderpipe.intake.receive import keep_pending
from orderpipe.intake.record import record
from orderpipe.sideflows.hints import Hint
from orderpipe.store import imports, journal
from orderpipe.store.database import Database, is_transient
from orderpipe.store.imports import ImportedElsewhere, Progress
from orderpipe.store.journal import Entry
from orderpipe.store.metadata import Tx

log = logging.getLogger(__name__)

PATIENCE = 60.0
"""Seconds for which a group is tried again while the database is away."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 3.0

Hints = Callable[[Sequence[Hint], bool], None]
"""Sends hints after a commit; the second says whether stock came free that others may wait for."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Who takes the groups down, where, and with what."""

    database: Database
    clock: Callable[[], datetime]
    hint: Hints
    reader: Reader
    rejects: Rejects
    origin: From


@dataclass(slots=True)
class _Result:
    """What one transaction made of a group: by place fate and rejects; and what to hint."""

    fates: list[Fate]
    rejects: list[tuple[Reject, ...]]
    hints: list[Hint]
    stock_freed: bool = False


def write(desk: Desk, group: Sequence[Group], progress: Progress) -> Progress:
    """Take the group down; returns how far the file is then. Raises ImportedElsewhere, NotImported, and what a database away raises."""
    try:
        return _patiently(desk, group, progress)
    except (ImportedElsewhere, NotImported):
        raise
    except Exception as error:
        if is_transient(error):
            raise
        if len(group) == 1:
            log.exception("What begins in line %s could not be recorded; its bytes are kept", group[0].rows[0].line)
            return _keep(desk, group[0], progress, error)
    half = len(group) // 2
    return write(desk, group[half:], write(desk, group[:half], progress))


def _patiently(desk: Desk, group: Sequence[Group], progress: Progress) -> Progress:
    deadline, pause, again = time.monotonic() + PATIENCE, _FIRST_PAUSE, False
    while True:
        try:
            with desk.database.begin() as tx:
                # a connection that broke at the commit does not tell whether it happened
                if again and (after := imports.standing(tx, progress.id)).position == group[-1].end:
                    return after
                after, result = _take(tx, desk, group, progress)
            desk.hint(result.hints, result.stock_freed)
            return after
        except Exception as error:
            if not is_transient(error) or time.monotonic() + pause > deadline:
                raise
        time.sleep(pause)
        again = True
        pause = min(pause * 2, _LONGEST_PAUSE)


def _take(tx: Tx, desk: Desk, group: Sequence[Group], progress: Progress) -> tuple[Progress, _Result]:
    now = desk.clock()
    imports.one_at_a_time(tx, desk.origin.shop_id)
    found = _look_up(tx, desk, group)
    judged = [desk.reader.judge(one, found) for one in group]
    result = _Result([Fate.REJECT] * len(judged), [one.rejects for one in judged], [])
    _orders(tx, desk, judged, result, now)
    _cancellations(tx, desk, judged, result, now)
    return _advance(tx, desk, judged, result, progress), result


def _look_up(tx: Tx, desk: Desk, group: Sequence[Group]) -> Found:
    wanted: dict[str, set[str]] = {}
    for one in group:
        for source, keys in desk.reader.keys(one).items():
            wanted.setdefault(source, set()).update(keys)
    return {source: imports.beside(tx, desk.origin.import_id, source, keys) for source, keys in wanted.items()}


def _orders(tx: Tx, desk: Desk, judged: Sequence[Judged], result: _Result, now: datetime) -> None:
    places = [place for place, one in enumerate(judged) if isinstance(one.content, OrderDraft)]
    outcomes = dict(zip(places, record(tx, [_received(judged[place], desk.origin) for place in places], now), strict=True))
    new = {place: one for place, one in outcomes.items() if isinstance(one, Recorded) and one.new}
    _note(tx, desk.origin, {one.order_id: judged[place] for place, one in new.items()}, now)
    taken = [one.order_id for one in outcomes.values() if isinstance(one, Refused) and one.order_id is not None]
    stood = imports.places_of(tx, taken) if taken else {}
    for place, outcome in outcomes.items():
        if isinstance(outcome, Recorded):
            result.fates[place] = Fate.ORDER if outcome.new else Fate.KNOWN_ORDER
        else:
            result.rejects[place] = judged[place].rejected(_reason(outcome, stood))
    lanes: dict[str, list[int]] = {}
    for order in new.values():
        lanes.setdefault(order.lane, []).append(order.order_id)
    result.hints += [Hint("validate", lane, sorted(ids)) for lane, ids in lanes.items()]


def _received(one: Judged, origin: From) -> Received:
    assert isinstance(one.content, OrderDraft)
    # by reference and content, so that the same order in another file is kept once
    source_id = f"order:{one.content.reference}:{one.content.content_hash().hex()}"
    return Received(origin.shop_id, one.raw, one.content, "file", origin.by, one.parser, source_id)


def _note(tx: Tx, origin: From, new: Mapping[int, Judged], now: datetime) -> None:
    """Where each new order came from, in its journal too, with what was supplied and did not stand in the file."""
    imports.note_orders(tx, [
        {
            "order_id": order_id, "shop_id": origin.shop_id, "import_id": origin.import_id, "line": one.group.rows[0].line,
            "customer": one.customer, "placed_at": one.placed_at,
        }
        for order_id, one in new.items()
    ])
    entries = [Entry(order_id, "order.imported", note=_origin_note(one, origin)) for order_id, one in new.items()]
    journal.write(tx, entries, now=now, actor=origin.by)


def _origin_note(one: Judged, origin: From) -> dict[str, object]:
    note: dict[str, object] = {"file": origin.file, "from": one.group.rows[0].line, "to": one.group.line}
    return note | ({"supplied": list(one.supplied)} if one.supplied else {})


def _reason(outcome: Outcome, stood: Mapping[int, tuple[str, int]]) -> str:
    if not isinstance(outcome, Refused):
        return "It was not taken."
    if outcome.order_id is not None and outcome.order_id in stood:
        file, line = stood[outcome.order_id]
        return f"{outcome.detail} It came from line {line} of {file}."
    return " ".join(error.detail for error in outcome.errors) or outcome.detail


def _cancellations(tx: Tx, desk: Desk, judged: Sequence[Judged], result: _Result, now: datetime) -> None:
    found = {place: one for place, one in enumerate(judged) if isinstance(one.content, Cancellation)}
    if not found:
        return
    applied = cancellations.apply(tx, found, desk.origin, now)
    for place, reason in applied.reasons.items():
        if reason is None:
            result.fates[place] = Fate.KNOWN_CANCELLATION if place in applied.known else Fate.CANCELLATION
        else:
            result.rejects[place] = judged[place].rejected(reason)
    result.hints += applied.hints
    result.stock_freed = applied.stock_freed


def _advance(tx: Tx, desk: Desk, judged: Sequence[Judged], result: _Result, progress: Progress) -> Progress:
    balance = Balance.of(progress.counts)
    for one, fate in zip(judged, result.fates, strict=True):
        balance = balance.with_read(one.amount).with_fate(fate, one.amount)
    last = judged[-1].group
    after = dataclasses.replace(
        progress, position=last.end, line=last.line, carry=last.carry, counts=balance.document(),
        rejects_size=desk.rejects.add(_rejected(result), progress.rejects_size),
    )
    imports.advance(tx, progress, after)
    return after


def _rejected(result: _Result) -> Iterator[Reject]:
    for fate, rejects in zip(result.fates, result.rejects, strict=True):
        if fate == Fate.REJECT:
            yield from rejects


def _keep(desk: Desk, group: Group, progress: Progress, error: Exception) -> Progress:
    """Keep an order that our own code cannot write; what is no order, or cannot even be kept, ends the import."""
    with desk.database.begin() as tx:
        one = desk.reader.judge(group, _look_up(tx, desk, [group]))
        if not isinstance(one.content, OrderDraft):
            raise error
        intake_id = keep_pending(tx, _received(one, desk.origin), desk.clock(), error=f"{type(error).__name__}: {error}")
        after = _advance(tx, desk, [one], _Result([Fate.KEPT], [()], []), progress)
    desk.hint([Hint("receive", "standard", [intake_id])], False)
    return after
