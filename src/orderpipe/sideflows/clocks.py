"""
The clocks of time targets: looked at when a target may be reached and not before, and read from the journal each time.

What is missed, or soon will be, is noted once, in the journal and under an alarm; whom it wakes is `sideflows/targets.py`'s.
"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from importlib.metadata import version

from orderpipe.domain.calendars import NoWorkingTime, UnknownCountry, add_working_time
from orderpipe.domain.histories import ITSELF, Running, Standing, running, still_ahead
from orderpipe.domain.targets import WHOLE, Policies, UnknownPolicy, soonest
from orderpipe.store import alarms, journal, policies, watches
from orderpipe.store.alarms import Kind, Missed
from orderpipe.store.journal import Entry
from orderpipe.store.metadata import Tx

LATEST, AGAIN_UNKNOWN = timedelta(days=7), timedelta(hours=1)
"""No order is looked at later than so long after the last look; one whose calendar cannot be read, after an hour."""

_UNKNOWABLE = (NoWorkingTime, UnknownCountry, UnknownPolicy)


@dataclass(frozen=True, slots=True)
class Looked:
    """How many orders were looked at, and how many targets were found missed, or soon missed."""

    orders: int = 0
    missed: int = 0
    warned: int = 0

    def __add__(self, other: "Looked") -> "Looked":
        return Looked(self.orders + other.orders, self.missed + other.missed, self.warned + other.warned)


def look(tx: Tx, *, now: datetime, limit: int) -> Looked:
    """Look at up to `limit` orders whose look has come; orders in use are left for the next tick."""
    if not watches.alone(tx):
        return Looked()
    rules = policies.policies(tx, now)
    due = watches.due(tx, now=now, limit=limit)
    live = [one for one in watches.standing(tx, due) if not one.ended]
    again = {one.order_id: _next_look(one, rules, now) for one in live}
    suspects = [order_id for order_id, at in again.items() if at <= now]
    free = watches.free(tx, suspects) if suspects else set()
    found = _read_closely(tx, free, rules, now)
    settled = {order_id: at for order_id, at in (again | found.again).items() if at > now}
    watches.looked(tx, settled, set(due) - again.keys(), now=now)
    _write(tx, found, rules, now)
    return Looked(len(due), found.count(Kind.BREACHED), found.count(Kind.WARNED))


def _next_look(one: Standing, rules: Policies, now: datetime) -> datetime:
    """Before then nothing of the order can be missed, as if nothing had ever been waited for."""
    try:
        share = rules.order_type(one.shop_id, one.type).warn
        reached = [each.clock.reaches(each.minutes * share, now) for each in running(one, rules, now=now)]
        return min([*reached, _ahead(one, rules, now)])
    except _UNKNOWABLE:
        return now + AGAIN_UNKNOWN


def _ahead(one: Standing, rules: Policies, now: datetime) -> datetime:
    """Before then nothing can be missed of a stage that something of the order may yet enter."""
    at = soonest(rules, one.shop_id, order_type=one.type, stages=still_ahead(one), now=now)
    return min(at, now + LATEST) if at else now + LATEST


@dataclass(slots=True)
class _Found:
    """What was read of some orders: when each is looked at again, what is missed, and when targets are due by now."""

    again: dict[int, datetime] = field(default_factory=dict)
    missed: list[Missed] = field(default_factory=list)
    orders_due: list[tuple[int, str, datetime]] = field(default_factory=list)
    parts_due: list[tuple[int, datetime]] = field(default_factory=list)

    def count(self, kind: Kind) -> int:
        """How many targets of this kind."""
        return sum(one.kind == kind for one in self.missed)


def _read_closely(tx: Tx, order_ids: Collection[int], rules: Policies, now: datetime) -> _Found:
    """Read the clocks of these orders, which the caller has locked, by what the journal says."""
    found = _Found()
    if not order_ids:
        return found
    standing, known = watches.standing(tx, order_ids), alarms.known(tx, order_ids)
    histories = watches.histories(tx, order_ids)
    for one in standing:
        if not one.ended:
            try:
                share = rules.order_type(one.shop_id, one.type).warn
                reads = [_read(each, share, now) for each in running(one, rules, histories[one.order_id], now=now)]
                found.again[one.order_id] = min([_judge(one, read, known, found, now) for read in reads] + [_ahead(one, rules, now)])
            except _UNKNOWABLE:
                found.again[one.order_id] = now + AGAIN_UNKNOWN
    return found


@dataclass(frozen=True, slots=True)
class _Read:
    """A clock with when its owner is to be warned, and when its target is due (UTC)."""

    running: Running
    warn_at: datetime
    due_at: datetime


def _read(each: Running, share: float, now: datetime) -> _Read:
    return _Read(each, each.clock.reaches(each.minutes * share, now), each.clock.reaches(each.minutes, now))


def _judge(one: Standing, read: _Read, known: Collection[tuple[int, int, str, str]], found: _Found, now: datetime) -> datetime:
    """Note what is missed and not known yet; returns when this clock is to be looked at again."""
    each = read.running
    if not each.clock.stands and each.due_at != read.due_at:
        _note_due(one, each, read.due_at, found)
    said = [kind for kind in Kind if (one.order_id, each.unit, each.stage, kind.value) in known]
    if Kind.BREACHED in said:
        return now + LATEST
    if read.due_at <= now:
        found.missed.append(_missed(one, read, Kind.BREACHED))
        return now + LATEST
    if Kind.WARNED not in said and read.warn_at <= now:
        found.missed.append(_missed(one, read, Kind.WARNED))
        return read.due_at
    return read.due_at if Kind.WARNED in said else read.warn_at


def _note_due(one: Standing, each: Running, at: datetime, found: _Found) -> None:
    if each.unit == ITSELF:
        found.orders_due.append((one.order_id, "complete_by" if each.stage == WHOLE else "due_at", at))
    else:
        found.parts_due.append((each.unit, at))


def _missed(one: Standing, read: _Read, kind: Kind) -> Missed:
    each = read.running
    return Missed(
        one.order_id, each.unit, one.shop_id, kind, each.stage, each.location_id, each.clock.since, read.due_at, each.minutes
    )


def _write(tx: Tx, found: _Found, rules: Policies, now: datetime) -> None:
    watches.write_due(tx, found.orders_due, found.parts_due)
    if found.missed:
        first_at = {key: _first_at(*key, rules, now) for key in {(one.shop_id, one.stage) for one in found.missed}}
        alarms.note(tx, found.missed, now=now, first_at=first_at)
        waits = watches.waits(tx, {(one.order_id, one.unit) for one in found.missed})
        entries = [_entry(one, waits.get((one.order_id, one.unit)), now) for one in found.missed]
        journal.write(tx, entries, now=now, actor="clock")


def _first_at(shop_id: int, stage: str, rules: Policies, now: datetime) -> datetime:
    """When the first of the ladder hears of it."""
    return told_at(rules, shop_id, stage, 0, now) or now


def told_at(rules: Policies, shop_id: int, stage: str, level: int, opened_at: datetime) -> datetime | None:
    """When this rung of a stage's ladder hears of an alarm opened then, by the desk's working time; None where there is no such rung."""
    ladder = rules.ladder(shop_id, stage)
    if level >= len(ladder):
        return None
    desk = rules.desk(shop_id, stage)
    try:
        return add_working_time(rules.calendar(shop_id, desk.calendar if desk else ""), opened_at, ladder[level].after)
    except _UNKNOWABLE:
        return opened_at + timedelta(minutes=ladder[level].after)


def _entry(one: Missed, waits_for: str | None, now: datetime) -> Entry:
    note = {"stage": one.stage} | ({"waiting_for": waits_for} if waits_for else {})
    return Entry(
        one.order_id, f"target.{one.kind}", fulfillment_id=one.unit or None, note=note,
        spent_seconds=(now - one.since).total_seconds(), target_seconds=(one.due_at - one.since).total_seconds(),
    )


def read_anew(tx: Tx, order_ids: Collection[int], *, now: datetime) -> Looked:
    """Read the clocks of these orders, which the caller has locked: something about them has changed that is not a step onward."""
    rules = policies.policies(tx, now)
    found = _read_closely(tx, order_ids, rules, now)
    _write(tx, found, rules, now)
    watches.look_at(tx, found.again)
    return Looked(len(order_ids), found.count(Kind.BREACHED), found.count(Kind.WARNED))


def read_all_anew(tx: Tx, *, now: datetime, limit: int) -> Looked:
    """
    Where calendars or targets are others than at the last look, read the clocks of the next `limit` orders by the new ones.

    Those in use are read by the next look at them.
    """
    if not watches.alone(tx):
        return Looked()
    after = watches.read_anew_after(tx, fingerprint(policies.policies(tx, now)))
    if after is None:
        return Looked()
    if not after:
        watches.adopt(tx, now)
    order_ids = watches.next_after(tx, after, limit=limit)
    free = watches.free(tx, order_ids)
    looked = read_anew(tx, free, now=now)
    watches.look_soon(tx, set(order_ids) - free, now)
    watches.note_read_anew(tx, order_ids[-1] if order_ids else None)
    return Looked(len(order_ids), looked.missed, looked.warned)


@lru_cache(maxsize=4)
def fingerprint(rules: Policies) -> str:
    """What tells other calendars, targets and desks from these; another release of orderpipe or of the public holidays counts, too."""
    parts = (rules.calendars, rules.broken, rules.order_types, rules.desks, rules.locations)
    said = "\n".join(f"{key}: {_sorted(value)}" for part in parts for key, value in sorted(part.items()))
    releases = f"orderpipe {version('orderpipe')}, holidays {version('holidays')}"
    return hashlib.sha256(f"{releases}\n{said}".encode()).hexdigest()


def _sorted(value: object) -> str:
    """The same for the same, whatever order sets stand in."""
    return repr(value) if not is_dataclass(value) else repr({
        one.name: sorted(inner) if isinstance(inner := getattr(value, one.name), frozenset) else inner
        for one in fields(value) if not one.name.startswith("_")
    })
