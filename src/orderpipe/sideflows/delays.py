"""
Promises that will not be kept: each is looked at in time, the house is warned while somebody can still hurry, what is late is to be told.

Whatever stands in the delay decides what happens next, so a look that is lost or made twice does no harm.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from orderpipe.domain.decisions import Audience, Tell
from orderpipe.domain.delays import (
    LATEST,
    LATEST_OF_STOCK,
    Cause,
    Outlook,
    Underway,
    Verdict,
    cause_of,
    owner_of,
    project,
    terms_of,
)
from orderpipe.domain.new_dates import new_date
from orderpipe.domain.orders import number_of, order_of
from orderpipe.domain.promises import LocationTerms
from orderpipe.domain.targets import Policies
from orderpipe.store import delays, journal, notifications, outlooks, policies, stock, underway, units
from orderpipe.store.delays import Delay
from orderpipe.store.journal import Entry
from orderpipe.store.metadata import Tx

MOST_NAMED = 50
"""Orders that a warning names at most; it counts the others."""

AGAIN_UNKNOWN, AGAIN_AT_RISK, AGAIN_TOLD = timedelta(hours=1), timedelta(hours=1), timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Rules:
    """By what promises are projected at this instant."""

    policies: Policies
    locations: Mapping[int, LocationTerms]
    now: datetime

    def outlook(self, one: Underway) -> Outlook | None:
        """How it looks for this fulfillment; None where nothing can be said."""
        terms = terms_of(one, self.policies, self.locations)
        return project(one, terms, self.now) if terms else None

    def has_a_date(self, one: Underway) -> bool:
        """Whether another date can be named for it."""
        terms = terms_of(one, self.policies, self.locations)
        return terms is not None and new_date(one, terms, self.now).until_at is not None


def rules_for(tx: Tx, some: Iterable[Underway], now: datetime) -> Rules:
    """The rules and locations by which these fulfillments are worked."""
    return Rules(policies.policies(tx, now), stock.terms_of(tx, {one.location_id for one in some if one.location_id}), now)


@dataclass(frozen=True, slots=True)
class Looked:
    """How many promises were looked at, and the orders of which something is to be recorded."""

    count: int
    orders: tuple[int, ...]


def look(tx: Tx, *, now: datetime, limit: int) -> Looked:
    """Look at the promises whose instant has come, and say when each is looked at again; nothing else is written."""
    due = outlooks.due(tx, now=now, limit=limit)
    found = underway.by_ids(tx, due)
    rules = rules_for(tx, (one for one, _ in found), now)
    again: dict[int, datetime] = {}
    changed: set[int] = set()
    for one, delay in found:
        outlook = rules.outlook(one)
        verdict = outlook.verdict(was_at_risk=delay in _KNOWN) if outlook else Verdict.ON_TIME
        again[one.id] = _again(one, outlook, verdict, delay, now)
        if _is_news(one, verdict, delay):
            changed.add(one.order_id)
    ended = set(due) - again.keys()
    changed |= delays.open_of(tx, {order_of(one) for one in ended}).keys() if ended else set()
    outlooks.looked(tx, again, ended, now=now)
    return Looked(len(due), tuple(sorted(changed)))


_KNOWN = ("at-risk", "late")
"""Delays that only the house knows of."""
_AS_FOUND = {None: Verdict.ON_TIME, "at-risk": Verdict.AT_RISK, "late": Verdict.LATE}


def _is_news(one: Underway, verdict: Verdict, delay: str | None) -> bool:
    if delay in _AS_FOUND:
        return verdict != _AS_FOUND[delay]
    return verdict != Verdict.ON_TIME or not one.can_be_taken_back


def _again(one: Underway, outlook: Outlook | None, verdict: Verdict, delay: str | None, now: datetime) -> datetime:
    if outlook is None:
        return now + AGAIN_UNKNOWN
    at = outlook.look_again(verdict, now=now, latest=LATEST_OF_STOCK if one.awaits_stock else LATEST)
    if delay in ("late", "told", "chosen"):
        return min(at, now + AGAIN_TOLD)
    return min(at, now + AGAIN_AT_RISK) if verdict == Verdict.AT_RISK else at


@dataclass(frozen=True, slots=True)
class _Seen:
    """An order: what of it is underway with its verdict, and its open delay."""

    order_id: int
    verdicts: Mapping[int, Verdict]
    parts: Mapping[int, Underway]
    delay: Delay | None

    def those(self, *verdicts: Verdict) -> list[Underway]:
        """The fulfillments with one of these verdicts."""
        return [self.parts[one] for one, verdict in self.verdicts.items() if verdict in verdicts]

    def covered(self) -> list[Underway]:
        """What of the delay is still underway."""
        return [self.parts[one] for one in (self.delay.fulfillment_ids if self.delay else ()) if one in self.parts]


@dataclass(slots=True)
class _Work:
    """What one transaction writes about delays."""

    begun: list[dict[str, Any]] = field(default_factory=list)
    renewed: list[dict[str, Any]] = field(default_factory=list)
    settled: dict[str, list[int]] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)


def record(tx: Tx, order_ids: Collection[int], now: datetime) -> None:
    """Judge these orders under their locks, and write down what has changed; warnings and letters are written by later steps."""
    units.lock_orders(tx, order_ids)
    found, known, before = underway.of_orders(tx, order_ids), delays.open_of(tx, order_ids), delays.told_before(tx, order_ids)
    rules = rules_for(tx, (one for some in found.values() for one in some), now)
    work = _Work()
    for order_id, some in found.items():
        _judge(_seen(order_id, some, known.get(order_id), rules), before.get(order_id, 0), rules, work)
    delays.write_new(tx, work.begun)
    delays.renew(tx, work.renewed)
    _settle(tx, work.settled, now)
    journal.write(tx, work.entries, now=now, actor="clock")


def _settle(tx: Tx, settled: Mapping[str, Sequence[int]], now: datetime) -> None:
    for how, order_ids in settled.items():
        delays.withdraw(tx, order_ids)
        delays.settle(tx, [one.id for one in delays.open_of(tx, order_ids).values()], how, now)


def _seen(order_id: int, some: Sequence[Underway], delay: Delay | None, rules: Rules) -> _Seen:
    was = set(delay.fulfillment_ids) if delay and delay.state in _KNOWN else set()
    verdicts = {}
    for one in some:
        outlook = rules.outlook(one)
        verdicts[one.id] = outlook.verdict(was_at_risk=one.id in was) if outlook else Verdict.ON_TIME
    return _Seen(order_id, verdicts, {one.id: one for one in some}, delay)


def _judge(seen: _Seen, told_before: int, rules: Rules, work: _Work) -> None:
    late, troubled = seen.those(Verdict.LATE), seen.those(Verdict.AT_RISK, Verdict.LATE)
    if seen.delay is None:
        if troubled:
            _begin(seen, late, troubled, told_before + 1, rules.now, work)
    elif seen.delay.state in _KNOWN:
        _before_it_is_told(seen, late, troubled, rules.now, work)
    else:
        _after_it_was_told(seen, late, troubled, rules, work)


def _begin(seen: _Seen, late: Sequence[Underway], troubled: Sequence[Underway], nth: int, now: datetime, work: _Work) -> None:
    some = late or troubled
    work.begun.append({
        "order_id": seen.order_id, "shop_id": some[0].shop_id, "state": "late" if late else "at-risk", "round": nth,
        "warned_round": 0 if late else nth, "warn": not late, "found_at": now, "next_at": now if late else None, **_about(some),
    })
    _note(late, troubled, now, work)


def _before_it_is_told(seen: _Seen, late: Sequence[Underway], troubled: Sequence[Underway], now: datetime, work: _Work) -> None:
    assert seen.delay is not None
    state = "late" if late else "at-risk"
    if not troubled:
        _over(seen.delay, "caught-up" if seen.covered() else "ended", work)
    elif state != seen.delay.state:
        warned = {} if late else {"warn": seen.delay.warned_round < seen.delay.round, "warned_round": seen.delay.round}
        _renew(seen.delay, late or troubled, work, state=state, next_at=now if late else None, **warned)
        if late:
            _note(late, troubled, now, work)


def _after_it_was_told(seen: _Seen, late: Sequence[Underway], troubled: Sequence[Underway], rules: Rules, work: _Work) -> None:
    delay = seen.delay
    assert delay is not None
    dateless = delay.revised_until is None
    if late and (not dateless or all(rules.has_a_date(one) for one in late)):
        still = [one for one in seen.covered() if one.can_be_taken_back and one not in late]
        _renew(delay, [*late, *still], work, state="late", next_at=rules.now, round=delay.round + 1)
        _note(late, troubled, rules.now, work)
    elif not any(one.can_be_taken_back or delay.cause == Cause.CARRIER for one in seen.covered()):
        _over(delay, "shipped" if seen.covered() else "ended", work)
    elif (again := [one for one in troubled if one in seen.covered()]) and not dateless and delay.warned_round <= delay.round:
        _renew(delay, (), work, warned_round=delay.round + 1, warn=True)
        _note((), again, rules.now, work)


def _about(some: Sequence[Underway]) -> dict[str, Any]:
    return {
        "fulfillment_ids": sorted(one.id for one in some), "cause": cause_of(some[0]),
        "original_until": max(one.first_until for one in some), "promised_until": max(one.promised_until for one in some),
    }


def _renew(delay: Delay, some: Sequence[Underway], work: _Work, **columns: Any) -> None:
    """Change a delay, which from now on is about these fulfillments; without any it stays about the same."""
    standing = {"state": delay.state, "next_at": delay.next_at, "round": delay.round, "warned_round": delay.warned_round, "warn": False}
    about = {name: getattr(delay, name) for name in ("fulfillment_ids", "cause", "original_until", "promised_until")}
    work.renewed.append({"id": delay.id, **standing, **(_about(some) if some else about), **columns})


def _over(delay: Delay, how: str, work: _Work) -> None:
    work.settled.setdefault(how, []).append(delay.order_id)
    work.entries.append(Entry(delay.order_id, "delay.settled", note={"how": how}))


def _note(late: Sequence[Underway], troubled: Sequence[Underway], now: datetime, work: _Work) -> None:
    what, some = ("delay.late", late) if late else ("delay.at-risk", troubled)
    work.entries += [_entry(what, one, now) for one in some]


def _entry(what: str, one: Underway, now: datetime) -> Entry:
    note = {"cause": cause_of(one), "turn": owner_of(one), "until": one.promised_until}
    return Entry(one.order_id, what, one.id, note=note, spent_seconds=(now - one.entered_at).total_seconds())


def warn(tx: Tx, *, office: str, now: datetime) -> int:
    """Warn the offices of what is at risk, with one letter to each, however many it is; returns how many orders."""
    order_ids = delays.take_warnings(tx)
    covered = {one for delay in delays.open_of(tx, order_ids).values() for one in delay.fulfillment_ids}
    some = [one for its in underway.of_orders(tx, order_ids).values() for one in its if one.id in covered]
    notifications.enqueue(tx, _warnings(some, now), now, office_default=office)
    return len(order_ids)


def _warnings(some: Sequence[Underway], now: datetime) -> list[tuple[int, Tell]]:
    """The most urgent first."""
    by_shop: dict[int, list[Underway]] = {}
    for one in sorted(some, key=lambda one: (one.promised_until, one.id)):
        by_shop.setdefault(one.shop_id, []).append(one)
    letters = []
    for its in by_shop.values():
        named = [
            {"number": number_of(one.order_id), "stage": one.state, "turn": owner_of(one), "until": one.promised_until}
            for one in its[:MOST_NAMED]
        ]
        facts = {"count": len(its), "orders": named}
        letters.append((its[0].order_id, Tell("office-at-risk", facts, f"office-at-risk:{its[0].id}:{now.isoformat()}", Audience.OFFICE)))
    return letters
