"""
A small book of orders for the reports: facts as plain values, written into the tables, and each figure counted order by order in Python.

The counting follows docs/reports.md, not the statements.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from orderpipe.domain.reports import NOT_OURS, Period
from orderpipe.store import delays
from orderpipe.store.cases import case_file
from orderpipe.store.holds import finding, query
from orderpipe.store.journal import journal
from orderpipe.store.metadata import Tx, insert_rows
from orderpipe.store.promises import promise
from tests import builders

ZONES = {"demo": "UTC", "far": "Pacific/Auckland", "west": "America/Los_Angeles"}
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
CASES = {
    "wrong-item": "wrong", "missing-item": "wrong", "not-ordered": "wrong", "carrier-lost": "wrong", "carrier-returned": "wrong",
    "late": "late", "damaged": "damaged", "quality": "damaged", "billing": "documents", "changed-mind": "", "other": "",
}
REASONS = ("customer", "inventory", "staff", "unpaid", "delay-unanswered")
ENDED = {"delivered", "canceled", "returned", "lost"}


@dataclass
class Part:
    """A fulfillment: the ends of its promises by revision (the first may be none of its own), and what became of it."""

    state: str
    pieces: int
    until: list[datetime]
    kind: str = "parcel"
    first: bool = True
    location: str = "main"
    ship_by: datetime | None = None
    shipped_at: datetime | None = None
    ended_at: datetime | None = None
    waiting_for: str | None = None


@dataclass
class Case:
    opened_at: datetime
    cause: str
    outcome: str | None = None
    kind: str = "claim"


@dataclass
class Question:
    opened_at: datetime
    answered_at: datetime | None = None
    state: str = "open"
    rules: tuple[str, ...] = ("address-new",)


@dataclass
class Happened:
    """A line of the journal."""

    at: datetime
    what: str
    note: dict[str, str] | None = None
    before: str | None = None
    spent: float | None = None
    part: int | None = None


@dataclass
class Order:
    """An order of one line and all that is known of it."""

    received_at: datetime
    state: str = "promised"
    shop: str = "demo"
    type: str = "standard"
    quantity: int = 1
    canceled: int = 0
    ended_at: datetime | None = None
    parts: list[Part] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    journal: list[Happened] = field(default_factory=list)
    gave_up: bool = False
    """The customer was told of a delay and canceled."""
    due_at: datetime | None = None
    id: int = 0


def write(tx: Tx, book: Iterable[Order]) -> None:
    """Write the orders into the tables; each learns its id."""
    for order in book:
        shop_id = builders.shop(tx, order.shop, time_zone=ZONES[order.shop])
        order.id = builders.order(
            tx, {"SKU-1": order.quantity}, shop_id=shop_id, state=order.state, now=order.received_at, type=order.type,
            ended_at=order.ended_at, due_at=order.due_at,
        )
        if order.canceled:
            tx.exec_driver_sql(f"UPDATE order_line SET canceled = {order.canceled} WHERE order_id = {order.id}")
        ids = [_write_part(tx, order, part, shop_id) for part in order.parts]
        _write_beside(tx, order, shop_id)
        insert_rows(tx, journal, [
            {
                "order_id": order.id, "seq": seq, "at": one.at, "actor": "test", "what": one.what, "note": one.note,
                "before": one.before, "spent_seconds": one.spent, "fulfillment_id": None if one.part is None else ids[one.part],
            }
            for seq, one in enumerate(order.journal, 1)
        ])


def _write_part(tx: Tx, order: Order, part: Part, shop_id: int) -> int:
    place = builders.location(tx, shop_id, part.location) if part.kind == "parcel" else None
    lines = [{"sku": "SKU-1", "quantity": part.pieces}]
    fulfillment = builders.fulfillment(
        tx, order.id, lines, state=part.state, kind=part.kind, location_id=place, ended_at=part.ended_at, now=order.received_at,
        waiting_for=part.waiting_for, due_at=order.due_at if part.state in ("released", "picked", "packed") else None,
    )
    steps = [
        {"step": "prepare", "detail": "", "until": part.ship_by.isoformat()},
        {"step": "carrier", "detail": "", "until": part.until[0].isoformat()},
    ] if part.ship_by else []
    insert_rows(tx, promise, [
        {
            "fulfillment_id": fulfillment, "revision": revision, "from_at": order.received_at, "until_at": until,
            "arithmetic": steps if revision == 1 else [], "reason": "first promise" if part.first and revision == 1 else "amended",
            "at": order.received_at,
        }
        for revision, until in enumerate(part.until, 1)
    ])
    if part.shipped_at:
        status = "delivered" if part.state == "delivered" else "shipped"
        builders.parcel(tx, fulfillment, status=status, shipped_at=part.shipped_at, status_at=part.ended_at or part.shipped_at)
    return fulfillment


def _write_beside(tx: Tx, order: Order, shop_id: int) -> None:
    at = order.received_at
    insert_rows(tx, case_file, [
        {
            "shop_id": shop_id, "order_id": order.id, "kind": one.kind, "state": "closed" if one.outcome else "received",
            "cause": one.cause, "channel": "page", "opened_by": "customer", "dedupe_key": f"{order.id}:{number}",
            "opened_at": one.opened_at, "acknowledge_warn_at": at, "acknowledge_by": at, "resolve_warn_at": at, "resolve_by": at,
            "closed_at": one.opened_at if one.outcome else None, "outcome": one.outcome,
        }
        for number, one in enumerate(order.cases)
    ])
    insert_rows(tx, query, [
        {
            "order_id": order.id, "token": f"{order.id}:{number}", "doubts": [], "state": one.state, "opened_at": one.opened_at,
            "asked_at": one.opened_at, "answered_at": one.answered_at,
        }
        for number, one in enumerate(order.questions)
    ])
    insert_rows(tx, finding, [
        {"order_id": order.id, "rule": rule, "severity": "ask", "field": "/", "evidence": {}, "found_at": one.opened_at}
        for one in order.questions for rule in one.rules
    ])
    if order.gave_up:
        delays.write_new(tx, [{
            "order_id": order.id, "shop_id": shop_id, "state": "settled", "cause": "stock", "original_until": at, "promised_until": at,
            "found_at": at, "chosen": "cancel", "settled_at": at, "fulfillment_ids": [1],
        }])


@dataclass(frozen=True)
class Judged:
    """An order as it is to be judged."""

    order: Order
    due_at: datetime
    in_full: bool
    on_time: bool
    on_last: bool
    pending: bool
    reasons: tuple[str, ...]


class Count:
    """The figures of a book, counted one order after the other."""

    def __init__(self, book: Sequence[Order], period: Period, now: datetime = NOW) -> None:
        self.book, self.period, self.now = book, period, now

    def within(self, order: Order, at: datetime) -> bool:
        return self.period.first <= day_of(order, at) <= self.period.last

    def judged(self) -> Iterator[Judged]:
        for order in self.book:
            firsts = [part.until[0] for part in order.parts if part.first and part.until]
            if not firsts or not self.within(order, max(firsts)):
                continue
            live = [part for part in order.parts if part.state not in ENDED]
            if max(firsts) > self.now and live:
                continue
            if (one := _judge(order, max(firsts), live, self.now)) is not None:
                yield one

    def on_time(self) -> dict[str, Any]:
        found = list(self.judged())
        count: Callable[[Callable[[Judged], bool]], int] = lambda fits: sum(map(fits, found))  # noqa: E731
        otif, last, pending = count(lambda j: j.on_time and j.in_full), count(lambda j: j.on_last and j.in_full), count(lambda j: j.pending)
        in_full, on_time = count(lambda j: j.in_full), count(lambda j: j.on_time)
        return {
            "orders": len(found), "in_full": in_full, "on_time": on_time, "otif": otif, "pending": pending, "otif_revised": last,
            "in_full_rate": share(in_full, len(found)), "on_time_rate": share(on_time, len(found)), "otif_rate": share(otif, len(found)),
            "otif_revised_rate": share(last, len(found) - pending),
        }

    def perfect(self) -> dict[str, Any]:
        found = list(self.judged())
        perfect = sum(not one.reasons for one in found)
        failed = Counter(reason for one in found for reason in one.reasons)
        return {"orders": len(found), "perfect": perfect, "perfect_rate": share(perfect, len(found))} | {
            reason: failed[reason] for reason in ("short", "wrong", "late", "damaged", "documents")
        }

    def late_ship(self) -> dict[str, Any]:
        orders = late = here = 0
        for order in self.book:
            parcels = [
                one for one in order.parts
                if one.kind == "parcel" and one.first and one.ship_by and (one.state != "canceled" or one.shipped_at)
            ]
            if not parcels:
                continue
            due = max(one.ship_by for one in parcels if one.ship_by)
            waits = any(one.shipped_at is None for one in parcels)
            if not self.within(order, due) or (due > self.now and waits):
                continue
            is_late = any(
                day_of(order, one.shipped_at or self.now) > day_of(order, one.ship_by) for one in parcels if one.ship_by
            )
            orders, late, here = orders + 1, late + is_late, here + (is_late and waits)
        return {"orders": orders, "late": late, "late_and_here": here, "late_rate": share(late, orders)}

    def cycle_time(self) -> set[tuple[Any, ...]]:
        times: dict[tuple[str, str], list[int]] = {}
        for order in self.book:
            for one in order.journal:
                if one.before and one.spent is not None and self.within(order, one.at):
                    times.setdefault((order.type, one.before), []).append(math.ceil(one.spent))
            if order.state == "completed" and order.ended_at and self.within(order, order.ended_at):
                whole = math.ceil((order.ended_at - order.received_at).total_seconds())
                times.setdefault((order.type, "whole"), []).append(whole)
        return {(*key, len(some), at(some, 0.5), at(some, 0.9), max(some)) for key, some in times.items()}

    def breaches(self) -> set[tuple[Any, ...]]:
        found: dict[tuple[str, str], list[int]] = {}
        for order in self.book:
            for one in order.journal:
                if one.what == "target.breached" and one.note and self.within(order, one.at):
                    found.setdefault((one.note["stage"], one.note["waiting_for"]), []).append(order.id)
        return {(*key, len(ids), len(set(ids))) for key, ids in found.items()}

    def cancellations(self) -> set[tuple[Any, ...]]:
        found: Counter[tuple[str, str]] = Counter()
        received = sum(self.within(order, order.received_at) for order in self.book)
        for order in self.book:
            first: dict[str, datetime] = {}
            for one in order.journal:
                reason = (one.note or {}).get("reason")
                if one.what == "order.rejected" and self.within(order, one.at):
                    found["rejected", "rejected"] += 1
                elif one.what == "order.canceled" and self.within(order, one.at):
                    found[reason or "nothing is left to deliver", "whole"] += 1
                elif one.what in ("order.reduced", "fulfillment.canceled") and reason and order.state != "canceled":
                    first[reason] = min(first.get(reason, one.at), one.at)
            found.update((reason, "part") for reason, at in first.items() if self.within(order, at))
        return {(*key, count, received, share(count, received)) for key, count in found.items()}

    def questions(self) -> dict[str, Any]:
        received = [order for order in self.book if self.within(order, order.received_at)]
        asked = sum(bool(order.questions) for order in received)
        some = [one for order in received for one in order.questions]
        states = Counter(one.state for one in some)
        times = [math.ceil((one.answered_at - one.opened_at).total_seconds()) for one in some if one.answered_at]
        return {
            "orders": len(received), "asked": asked, "rate": share(asked, len(received)), "questions": len(some),
            "answered": states["answered"], "open": states["open"], "unanswered": states["closed"],
            "median_seconds": at(times, 0.5), "p90_seconds": at(times, 0.9), "worst_seconds": max(times, default=None),
        }


def _judge(order: Order, due: datetime, live: Sequence[Part], now: datetime) -> Judged | None:
    cancellations = [
        (one.note or {})["reason"] for one in order.journal
        if one.what in ("order.canceled", "order.reduced", "fulfillment.canceled") and "reason" in (one.note or {})
    ]
    ours = order.gave_up or any(reason not in NOT_OURS for reason in cancellations)
    on_the_way = any(part.state in ("lost", "returned") for part in order.parts)
    if order.state == "canceled" and not ours and not on_the_way and order.ended_at and order.ended_at <= due:
        return None
    delivered = [part for part in order.parts if part.state == "delivered"]
    in_full = not ours and order.state != "canceled" and sum(one.pieces for one in delivered) >= order.quantity - order.canceled
    when = max((part.ended_at for part in delivered if part.ended_at), default=None)
    last = max((part.until[-1] for part in order.parts if part.state != "canceled" and part.until), default=None)
    on_time = not live and when is not None and when <= due
    reasons = {CASES[one.cause] for one in order.cases if one.outcome in (None, "resolved")} - {""}
    reasons |= {"wrong" for one in order.cases if one.outcome in (None, "resolved") and one.kind == "order-error"}
    reasons |= {"documents" for one in order.journal if one.what == "notice.undelivered" and one.note == {"then": "office"}}
    reasons |= ({"short"} if not in_full else set()) | ({"late"} if not on_time else set())
    on_last = not live and when is not None and last is not None and when <= last
    return Judged(order, due, in_full, on_time, on_last, bool(live) and last is not None and last > now, tuple(sorted(reasons)))


def day_of(order: Order, at: datetime) -> date:
    """The day of an instant where the order's shop is."""
    return at.astimezone(ZoneInfo(ZONES[order.shop])).date()


def share(part: int, whole: int) -> Decimal | None:
    return None if whole == 0 else (Decimal(part) / whole).quantize(Decimal("0.0001"), "ROUND_HALF_UP")


def at(values: Sequence[int], fraction: float) -> int | None:
    """The smallest value within which this fraction of all is."""
    return sorted(values)[max(math.ceil(fraction * len(values)) - 1, 0)] if values else None


def chance_book(seed: int, size: int = 60) -> list[Order]:
    """A book of orders of every kind, about a month before NOW."""
    chance = Random(seed)
    return [_chance_order(chance) for _ in range(size)]


def _moment(chance: Random, first: datetime, days: float) -> datetime:
    return first + timedelta(seconds=chance.randrange(1, int(days * 86400)))


def _chance_order(chance: Random) -> Order:
    received = _moment(chance, NOW - 40 * DAY, 39)
    order = Order(received, shop=chance.choice(list(ZONES)), type=chance.choice(("standard", "express")), quantity=chance.randint(1, 4))
    order.state = chance.choice(("received", "promised", "completed", "completed", "completed", "canceled", "rejected"))
    if chance.random() < 0.2:
        order.canceled = chance.randint(1, order.quantity)
    if order.state not in ("received", "rejected"):
        order.parts = _chance_parts(chance, order)
        _share_out(chance, order)
    if order.state not in ("received", "promised"):
        order.ended_at = max((one.ended_at for one in order.parts if one.ended_at), default=_moment(chance, received, 5))
    order.gave_up = chance.random() < 0.05
    for _ in range(chance.choice((0, 0, 0, 1, 2))):
        outcome = chance.choice((None, "resolved", "not-justified", "withdrawn", "duplicate"))
        kind = chance.choice(("claim", "complaint", "order-error"))
        order.cases.append(Case(_moment(chance, received, 30), chance.choice(list(CASES)), outcome, kind))
    for state in chance.choice(((), (), ("answered",), ("open",), ("closed", "answered"))):
        asked = _moment(chance, received, 1)
        answered = _moment(chance, asked, 2) if state == "answered" else None
        order.questions.append(Question(asked, answered, state, tuple(chance.sample(("address-new", "total", "phone-new"), 2))))
    order.journal = _chance_journal(chance, order)
    return order


def _chance_parts(chance: Random, order: Order) -> list[Part]:
    parts = []
    for number in range(chance.choice((1, 1, 2, 3))):
        states = {
            "promised": ["planned", "released", "picked", "packed", "shipped", "delivered", "lost"],
            "completed": ["delivered", "delivered", "delivered", "canceled", "lost"], "canceled": ["canceled", "canceled", "lost"],
        }[order.state]
        state = chance.choice(states)
        until = [_moment(chance, order.received_at, 12) for _ in range(chance.choice((1, 1, 2, 3)))]
        kind = "parcel" if chance.random() < 0.85 else "appointment"
        if kind == "appointment" and state not in ("planned", "released", "delivered", "canceled"):
            state = "canceled" if order.state == "canceled" else "delivered"
        part = Part(state, chance.randint(0, order.quantity), until, kind, first=number == 0 or chance.random() < 0.8,
                    location=chance.choice(("main", "north")))
        if kind == "parcel":
            part.ship_by = order.received_at + (until[0] - order.received_at) / 2 if part.first else None
            if state in ("shipped", "delivered", "lost"):
                part.shipped_at = _moment(chance, order.received_at, 9)
        if state in ENDED:
            part.ended_at = _moment(chance, part.shipped_at or order.received_at, 8)
        parts.append(part)
    return parts


def _share_out(chance: Random, order: Order) -> None:
    """Whatever is not canceled of an order lies in its fulfillments; what was lost may have been sent again."""
    wanted = [one for one in order.parts if one.state != "canceled"]
    for one in wanted:
        one.pieces = 0
    for _ in range(order.quantity - order.canceled if wanted else 0):
        chance.choice(wanted).pieces += 1
    if lost := [one for one in wanted if one.state == "lost" and order.state == "completed" and chance.random() < 0.5]:
        ended = max(one.ended_at for one in lost if one.ended_at) + chance.randint(1, 9) * DAY / 2
        order.parts.append(Part("delivered", sum(one.pieces for one in lost), [lost[0].until[-1]], first=False, ended_at=ended))


def _chance_journal(chance: Random, order: Order) -> list[Happened]:
    found = [
        Happened(_moment(chance, order.received_at, 9), "order.moved", None, chance.choice(("received", "validated", "released")),
                 chance.choice((0.0, 0.4, 12.0, chance.uniform(0, 90_000))))
        for _ in range(chance.randint(0, 4))
    ]
    if chance.random() < 0.3:
        note = {"stage": chance.choice(("picked", "shipped")), "waiting_for": chance.choice(("pack-scans", "carrier"))}
        part = chance.randrange(len(order.parts)) if order.parts else None
        found += [Happened(_moment(chance, order.received_at, 9), "target.breached", note, part=part)] * chance.choice((1, 2))
    if chance.random() < 0.1:
        found.append(Happened(_moment(chance, order.received_at, 9), "notice.undelivered", {"then": chance.choice(("office", "sms"))}))
    if order.state == "rejected":
        found.append(Happened(_moment(chance, order.received_at, 1), "order.rejected", {"rules": "no-lines"}))
    if order.state == "canceled":
        note = {"reason": chance.choice(REASONS)} if chance.random() < 0.9 else {}
        found.append(Happened(_moment(chance, order.received_at, 9), "order.canceled", note))
    for what in ("order.reduced", "fulfillment.canceled"):
        for _ in range(chance.choice((0, 0, 0, 0, 1, 2))):
            note = {"reason": chance.choice(REASONS)} if what == "order.reduced" or chance.random() < 0.5 else {}
            found.append(Happened(_moment(chance, order.received_at, 9), what, note))
    return found

