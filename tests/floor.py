"""
The whole pipeline in this process, with a clock that the test turns: hints are written down and worked off one after the other.

Everything but Celery is the real thing: the runner, the stages, the side flows, the sweep, and the database.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any, Never

import pytest
from sqlalchemy import Engine, text

from orderpipe import broker
from orderpipe.domain.handling import Phase
from orderpipe.domain.orders import Contact, DraftLine, OrderDraft, order_of, public_id
from orderpipe.domain.payments import Payment
from orderpipe.domain.queries import Answer
from orderpipe.domain.rules import RuleSetting
from orderpipe.domain.scans import Scan
from orderpipe.domain.targets import EVERYBODY
from orderpipe.domain.tracking import ParcelStatus, TrackingEvent
from orderpipe.flow import Unit, chain_from
from orderpipe.intake.outcomes import Received, Recorded
from orderpipe.intake.record import record
from orderpipe.sideflows import (
    asking,
    cancellations,
    case_clock,
    clocks,
    duplicates,
    feedback,
    office,
    payments,
    performances,
    restock,
    scans,
    targets,
    tracking,
)
from orderpipe.sideflows.asking import Desk
from orderpipe.sideflows.hints import Hint
from orderpipe.store import invariants, policies, rule_settings, units
from orderpipe.store.fulfillments import fulfillment
from orderpipe.store.journal import journal
from orderpipe.store.metadata import Tx, insert_rows
from orderpipe.store.notifications import notification
from orderpipe.store.orders import orders
from orderpipe.store.stock import stock_movement
from tests import builders
from workers import delays, run, sweep
from workers.run import Run

OFFICE = "office@orderpipe.example"
DESK = Desk("http://shop.example", OFFICE)
_numbers = count(1)
_DRAFT: dict[str, Any] = {
    "customer": Contact("Ann Ok", "ann@customers.example"), "payment_method": "invoice", "currency": "GBP",
    "ship_to": {"line1": "1 High Street", "city": "London", "postal_code": "N1 1AA", "country": "GB"},
}

Row = dict[str, Any]


def receive_stock(tx: Tx, location_id: int, sku: str, pieces: int, *, now: datetime) -> None:
    """Goods arrive at a location, with the movement that says so; the product is there."""
    tx.execute(text(
        "INSERT INTO stock (location_id, sku, on_hand) VALUES (:place, :sku, :more)"
        " ON CONFLICT (location_id, sku) DO UPDATE SET on_hand = stock.on_hand + :more"
    ), {"place": location_id, "sku": sku, "more": pieces})
    insert_rows(tx, stock_movement, [
        {"location_id": location_id, "sku": sku, "kind": "received", "quantity": pieces, "cause": "delivery", "at": now}
    ])


def broken(*_: object, **__: object) -> Never:
    """What a stage does that cannot stand its units."""
    raise ZeroDivisionError


class Floor:
    """
    One shop floor. `now` is its clock (UTC), `hints` what has been sent and not yet worked off.

    With `losing` set, every message is lost but those that the clock sends, and every chain breaks after its first stage.
    """

    def __init__(self, engine: Engine, monkeypatch: pytest.MonkeyPatch, *, now: datetime = builders.NOW) -> None:
        self.engine = engine
        self.now = now
        self.hints: deque[tuple[str, list[int], str]] = deque()
        self.sent: list[tuple[str, list[int], str]] = []
        self.tried: list[int] = []
        self.losing = False
        self.queue_lengths: dict[str, int | None] = {}
        monkeypatch.setattr(broker, "send_stage", self._stage_sent)
        monkeypatch.setattr(broker, "send_task", self._task_sent)
        monkeypatch.setattr(broker, "queue_length", lambda name: self.queue_lengths.get(name, 0))
        with engine.begin() as tx:
            policies.ensure_defaults(tx)
            builders.location(tx)
            # its one customer orders the same again and again; tests/journeys/test_default_rules.py leaves all rules as they come
            rule_settings.write(tx, EVERYBODY, rule_settings.EVERY_TYPE, "duplicate-order", RuleSetting(enabled=False))

    def _stage_sent(self, step: str, ids: Sequence[int], lane: str, *, tried: bool = False) -> None:
        self.tried += ids if tried else []
        self.hints.append((step, list(ids), str(lane)))
        self.sent.append((step, list(ids), str(lane)))

    def _task_sent(self, name: str, *args: Any, queue: str) -> None:
        self._stage_sent(name, args[0] if args else [], queue)

    @property
    def run(self) -> Run:
        """A message's run by this floor's clock."""
        return Run(self.engine, lambda: self.now, "task-1")

    def order(
        self, lines: builders.Lines | Sequence[DraftLine] = (("SKU-1", 2),), *, shop: str = "demo", kind: str = "goods", **draft: Any
    ) -> int:
        """An order that has just been taken down; its products are made where they are missing."""
        given = lines.items() if isinstance(lines, Mapping) else lines
        wanted = [one if isinstance(one, DraftLine) else DraftLine(*one) for one in given]
        with self.engine.begin() as tx:
            shop_id = builders.shop(tx, shop)
            for one in wanted:
                builders.product(tx, one.sku, shop_id, kind=kind, price=10)
            made = OrderDraft(f"REF-{next(_numbers)}", **(_DRAFT | {"lines": tuple(wanted)} | draft))
            outcome = record(tx, [Received(shop_id, made.reference.encode(), made)], self.now)[0]
        assert isinstance(outcome, Recorded), outcome
        return outcome.order_id

    def stock(self, sku: str = "SKU-1", on_hand: int = 10, *, at: str = "main", shop: str = "demo") -> None:
        """Goods arrive: so many more lie there."""
        with self.engine.begin() as tx:
            receive_stock(tx, builders.location(tx, builders.shop(tx, shop), at), sku, on_hand, now=self.now)

    def stage(self, name: str, ids: Collection[int], onward: str | None = None) -> list[int]:
        """One stage for these units."""
        return run.run_stage(self.run, name, list(ids), onward)

    def chain(self, first: str, ids: Collection[int]) -> list[int]:
        """A message's whole chain, as Celery would run it; returns what its last stage returned."""
        ready, steps = list(ids), [step.name for step in chain_from(first)]
        for name, onward in zip(steps, [*steps[1:], None], strict=True):
            ready = self.stage(name, ready, onward)
            if not ready or self.losing:
                break
        return ready

    def work(self) -> "Floor":
        """Work off every hint, and those that come of it."""
        if self.losing:
            self.hints.clear()
        return self._work_off()

    def _work_off(self) -> "Floor":
        while self.hints:
            name, ids, _ = self.hints.popleft()
            self._do(name, ids)
        return self

    def _do(self, name: str, ids: list[int]) -> None:
        jobs: dict[str, Callable[[Tx], object]] = {
            "query.ask": lambda tx: asking.ask(tx, ids, desk=DESK, now=self.now),
            "query.remind": lambda tx: asking.remind(tx, ids, desk=DESK, now=self.now),
            "query.escalate": lambda tx: asking.escalate(tx, ids, desk=DESK, now=self.now),
            "office.remind": lambda tx: office.remind(tx, ids, office=OFFICE, now=self.now),
            "restock": lambda tx: self.give(restock.wake_waiting(tx, self.now)),
            "mail.read": lambda _: None,
            "notify.email": lambda _: None,
            "notify.sms": lambda _: None,
            "notify.webhook": lambda _: None,
        }
        if name in ("delay.tell", "delay.escalate"):
            {"delay.tell": delays.tell, "delay.escalate": delays.escalate}[name](self.run, ids)
        elif name in jobs:
            with self.engine.begin() as tx:
                jobs[name](tx)
        else:
            self.chain(name, ids)

    def receive(self, *order_ids: int) -> "Floor":
        """The door hints at these new orders, and everything that can happen at once happens."""
        self._stage_sent("validate", list(order_ids), "standard")
        return self.work()

    def pass_time(self, **length: float) -> "Floor":
        """So much later: the clock looks for what is due, and everything that can happen happens."""
        self.now += timedelta(**length)
        sweep.sweep(self.run)
        return self._work_off()

    def forget_hints(self) -> None:
        """The broker loses everything."""
        self.hints.clear()

    def restock(self) -> "Floor":
        """The job that wakes what waits for stock."""
        with self.engine.begin() as tx:
            self.give(restock.wake_waiting(tx, self.now))
        return self.work()

    def give(self, hints: Iterable[Hint]) -> None:
        """Send a side flow's hints."""
        for hint in hints:
            self._stage_sent(hint.step, list(hint.ids), hint.lane)

    def scan(self, fulfillment_id: int, phase: Phase, pieces: dict[str, int] | None = None) -> "Floor":
        """Scan so many pieces by SKU, by default everything that is left, and let it take effect."""
        with self.engine.begin() as tx:
            shop_id = self._shop_of(tx, fulfillment_id)
            wanted = pieces if pieces is not None else self._left(tx, fulfillment_id, phase)
            made = [
                Scan(fulfillment_id, phase, sku, f"scan-{next(_numbers)}", "Kim", "S1", self.now, quantity)
                for sku, quantity in wanted.items() if quantity
            ]
            recorded = scans.record_scans(tx, made, shop_id=shop_id, by="warehouse", now=self.now)
            assert all(one.accepted for one in recorded.outcomes), recorded.outcomes
            self.give(recorded.hints)
        return self.work()

    def _left(self, tx: Tx, fulfillment_id: int, phase: Phase) -> dict[str, int]:
        left = "picked - packed" if phase == Phase.PACK else "quantity - picked - short"
        rows = tx.execute(text(
            f"SELECT sku, sum({left}) AS left FROM fulfillment_line WHERE fulfillment_id = :id GROUP BY sku"
        ), {"id": fulfillment_id})
        return {row.sku: int(row.left) for row in rows}

    def _shop_of(self, tx: Tx, fulfillment_id: int) -> int:
        return int(tx.execute(text("SELECT shop_id FROM orders WHERE id = :id"), {"id": order_of(fulfillment_id)}).scalar_one())

    def carrier(self, fulfillment_id: int, *statuses: str, expected_on: date | None = None) -> "Floor":
        """The carrier's words on a parcel, with the day it names, and what comes of them."""
        with self.engine.begin() as tx:
            number = tx.execute(text("SELECT tracking_number FROM parcel WHERE fulfillment_id = :id"), {"id": fulfillment_id}).scalar_one()
            words = [
                TrackingEvent(str(number), f"word-{next(_numbers)}", ParcelStatus(status), self.now, expected_on=expected_on)
                for status in statuses
            ]
            recorded = tracking.record_events(tx, words, shop_id=self._shop_of(tx, fulfillment_id), by="carrier", now=self.now)
            self.give(recorded.hints)
        return self.work()

    def perform(self, fulfillment_id: int) -> "Floor":
        """The performer says that the service is done."""
        with self.engine.begin() as tx:
            word = performances.Performance(fulfillment_id, self.now, "Jo", f"done-{next(_numbers)}")
            recorded = performances.record_performed(
                tx, [word], shop_id=self._shop_of(tx, fulfillment_id), by="performer", now=self.now
            )
            assert all(one.accepted for one in recorded.outcomes), recorded.outcomes
            self.give(recorded.hints)
        return self.work()

    def pay(self, order_id: int, amount: str, *, reference: str = "") -> "Floor":
        """The customer pays, or (negative) gets money back."""
        with self.engine.begin() as tx:
            payment = Payment(order_id, reference or f"pay-{next(_numbers)}", Decimal(amount), "GBP", "card", self.now)
            shop_id = self._shop_of(tx, order_id * 1000)
            self.give(payments.record_payments(tx, [payment], shop_id=shop_id, by="shop", now=self.now).hints)
        return self.work()

    def answer(self, order_id: int, changes: dict[str, object] | None = None, **more: Any) -> "Floor":
        """The customer answers our question."""
        with self.engine.begin() as tx:
            found = tx.execute(text("SELECT id FROM query WHERE order_id = :id ORDER BY id DESC LIMIT 1"), {"id": order_id}).scalar_one()
            given = Answer(changes or {}, **({"confirmed": frozenset()} | more))
            self.give(duplicates.answer(tx, public_id("query", found), given, by="customer", now=self.now).hints)
        return self.work()

    def deliver(self, *fulfillment_ids: int) -> "Floor":
        """Warehouse and carrier do all their work on these parcels."""
        for one in fulfillment_ids:
            self.deliver_until_shipped(one).carrier(one, "delivered")
        return self

    def deliver_until_picked(self, fulfillment_id: int) -> "Floor":
        """The picker finds everything."""
        return self.scan(fulfillment_id, Phase.PICK)

    def deliver_until_shipped(self, fulfillment_id: int) -> "Floor":
        """The warehouse does its work; the carrier has the parcel."""
        return self.scan(fulfillment_id, Phase.PICK).scan(fulfillment_id, Phase.PACK)

    def cancel(self, order_id: int, reason: str = "customer") -> cancellations.Canceled:
        """Cancel what is not packed; what comes of it happens too."""
        with self.engine.begin() as tx:
            canceled = cancellations.cancel(tx, order_id, reason=reason, by="shop", now=self.now)
            self.give(canceled.hints)
        self.work()
        return canceled

    def office(self, order_id: int, decision: str) -> "Floor":
        """The office decides, and it takes effect."""
        with self.engine.begin() as tx:
            decided = office.decide(tx, order_id, office.Decision(decision), by="Olga", now=self.now)
            self.give(decided.hints)
        return self.work()

    def check(self) -> None:
        """All rules of the books hold."""
        with self.engine.begin() as tx:
            broken = invariants.check_all(tx)
        assert not broken, [(one.rule.name, one.count, one.offenders[:3]) for one in broken]

    def check_targets(self) -> int:
        """The job that looks at time targets; returns how many were missed."""
        with self.engine.begin() as tx:
            looked = clocks.read_all_anew(tx, now=self.now, limit=1_000) + clocks.look(tx, now=self.now, limit=1_000)
            targets.escalate(tx, office=OFFICE, now=self.now)
        return looked.missed

    def look_at_cases(self) -> int:
        """The jobs that look after cases and returns; returns how many were looked at."""
        with self.engine.begin() as tx:
            return case_clock.look(tx, now=self.now) + case_clock.expire_returns(tx, now=self.now)

    def remind_raters(self) -> int:
        """The job that asks once more for a rating."""
        with self.engine.begin() as tx:
            return feedback.remind(tx, now=self.now)

    def delivered(self, lines: builders.Lines = (("SKU-1", 2),), **draft: Any) -> int:
        """An order that is complete."""
        for sku, pieces in dict(lines).items():
            self.stock(sku, pieces + 10)
        order_id = self.order(lines, **draft)
        self.receive(order_id)
        self.deliver(*(one["id"] for one in self.fulfillments(order_id)))
        assert self.state(order_id) == ("completed", None)
        return order_id

    def project(self) -> "Floor":
        """The job that looks at the promises, and what comes of it."""
        delays.project(self.run)
        return self.work()

    def row(self, order_id: int) -> Row:
        """The order as it stands."""
        return self._rows(orders, id=order_id)[0]

    def state(self, order_id: int) -> tuple[str, str | None]:
        """Where the order stands and what it waits for."""
        row = self.row(order_id)
        return row["state"], row["waiting_for"]

    def parts(self, order_id: int) -> dict[int, tuple[str, str | None]]:
        """Where each fulfillment of the order stands and what it waits for, by its number within the order."""
        return {row["id"] % 1000: (row["state"], row["waiting_for"]) for row in self._rows(fulfillment, order_id=order_id)}

    def fulfillments(self, order_id: int) -> list[Row]:
        """The order's fulfillments."""
        return self._rows(fulfillment, order_id=order_id)

    def letters(self, order_id: int) -> list[str]:
        """The kinds of notification about the order, in the order they were written."""
        return [row["kind"] for row in self._rows(notification, order_id=order_id)]

    def told(self, order_id: int, kind: str) -> list[Row]:
        """The facts of the notifications of this kind about the order."""
        return [row["facts"] for row in self._rows(notification, order_id=order_id) if row["kind"] == kind]

    def journal(self, order_id: int) -> list[Row]:
        """What happened to the order."""
        return self._rows(journal, order_id=order_id)

    def _rows(self, table: Any, **where: Any) -> list[Row]:
        with self.engine.begin() as tx:
            return builders.rows_of(tx, table, **where)

    def standing(self, unit: Unit, ids: Collection[int]) -> list[units.Claimed]:
        """The units as they stand."""
        with self.engine.begin() as tx:
            return units.claim(tx, unit, ids)

    def value(self, statement: str, **values: Any) -> Any:
        """The one value that a query gives."""
        with self.engine.begin() as tx:
            return tx.execute(text(statement), values).scalar_one()

    def free(self, sku: str = "SKU-1") -> tuple[int, int]:
        """(on hand, allocated) of a SKU over all locations."""
        with self.engine.begin() as tx:
            row = tx.execute(text("SELECT sum(on_hand), sum(allocated) FROM stock WHERE sku = :sku"), {"sku": sku}).one()
        return int(row[0]), int(row[1])
