"""
Everybody outside: the shop that hints at its new orders, the warehouse, the carrier, the performers, the office and the customers.

They work through the side flows, as the doors do, and keep at it whatever breaks: a fact that could not be recorded is sent again.
Run it beside the workers: `python -m tests.faults.crew`, with the same ORDERPIPE_ variables.
"""

import logging
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import redis
from sqlalchemy import TextClause, text

from orderpipe import broker
from orderpipe.assembly import assemble
from orderpipe.domain.handling import Phase
from orderpipe.domain.orders import order_of, public_id
from orderpipe.domain.queries import Answer
from orderpipe.domain.receipts import Receipt
from orderpipe.domain.scans import Scan
from orderpipe.domain.tracking import ParcelStatus, TrackingEvent
from orderpipe.flow import Queue
from orderpipe.sideflows import office, performances, queries, receipts, scans, tracking
from orderpipe.sideflows.hints import Hint
from orderpipe.store.database import Database, DatabaseError
from orderpipe.store.metadata import Tx

log = logging.getLogger("crew")
MOST = 200
BY = "crew"

_NEW = text("SELECT id, lane FROM orders WHERE id > :last ORDER BY id LIMIT 1000")
_TO_SCAN = """SELECT f.shop_id, f.id, l.number, l.sku, {left} AS left FROM fulfillment f JOIN fulfillment_line l ON l.fulfillment_id = f.id
    WHERE f.next_at IS NOT NULL AND f.kind = 'parcel' AND f.state = :state AND coalesce(f.waiting_for, '') <> 'office' AND {left} > 0
    ORDER BY f.id LIMIT :most"""
_TO_CARRY = text("""SELECT f.shop_id, f.id, p.tracking_number FROM fulfillment f JOIN parcel p ON p.fulfillment_id = f.id
    WHERE f.next_at IS NOT NULL AND f.state = 'shipped' AND p.status = 'shipped' ORDER BY f.id LIMIT :most""")
_TO_PERFORM = text("""SELECT f.shop_id, f.id FROM fulfillment f WHERE f.next_at IS NOT NULL AND f.kind = 'appointment'
    AND f.state = 'released' AND NOT EXISTS (SELECT FROM scan s WHERE s.fulfillment_id = f.id) LIMIT :most""")
_TO_DECIDE = text("SELECT id FROM orders WHERE next_at IS NOT NULL AND waiting_for = 'office' AND state = 'promised' LIMIT :most")
_TO_ANSWER = text("SELECT id FROM query WHERE state = 'open' AND asked_at IS NOT NULL LIMIT :most")
_TO_BUY = text("""SELECT b.shop_id, b.sku, (SELECT min(code) FROM location WHERE shop_id = b.shop_id) AS place,
    sum(b.quantity) - coalesce((SELECT sum(s.on_hand - s.allocated) FROM stock s JOIN location l ON l.id = s.location_id
        WHERE l.shop_id = b.shop_id AND s.sku = b.sku), 0) AS missing
    FROM backorder b GROUP BY b.shop_id, b.sku""")


@dataclass(slots=True)
class Crew:
    """`flush` empties the broker after every fact; `short`, `lost`: every so manieth fulfillment has a short pick, or is lost."""

    engine: Database
    flush: Callable[[], None] = lambda: None
    short: int = 23
    lost: int = 29
    hinted: int = 0

    def work(self) -> int:
        """Do what there is to do now; returns how many facts were recorded."""
        jobs = (self.take_orders, self._pick, self._pack, self._carry, self._perform, self._resend, self._answer, self._buy)
        return sum(job() for job in jobs)

    def _rows(self, statement: TextClause, **given: Any) -> Sequence[Any]:
        with self.engine.begin() as tx:
            return tx.execute(statement, {"most": MOST} | given).all()

    def take_orders(self) -> int:
        """The door hints at what is new."""
        rows = self._rows(_NEW, last=self.hinted)
        for lane in {row.lane for row in rows}:
            broker.send_stage("validate", [row.id for row in rows if row.lane == lane], lane)
        self.hinted = max((row.id for row in rows), default=self.hinted)
        return len(rows)

    def _pick(self) -> int:
        return self._scan(Phase.PICK, "released", "l.quantity - l.picked - l.short")

    def _pack(self) -> int:
        return self._scan(Phase.PACK, "picked", "l.picked - l.packed")

    def _scan(self, phase: Phase, state: str, left: str) -> int:
        now = datetime.now(UTC)
        rows = self._rows(text(_TO_SCAN.format(left=left)), state=state)
        made: dict[int, list[Scan]] = {}
        for row in rows:
            for kind, pieces in self._found(phase, row.id, row.number, row.left):
                one = Scan(row.id, kind, row.sku, f"{kind}-{row.number}-{row.left}", BY, "S1", now, pieces)
                made.setdefault(row.shop_id, []).append(one)
        for shop_id, some in made.items():
            with self.engine.begin() as tx:
                recorded = scans.record_scans(tx, some, shop_id=shop_id, by=BY, now=now)
            self._give(recorded.hints)
        return len(rows)

    def _found(self, phase: Phase, fulfillment_id: int, number: int, left: int) -> list[tuple[Phase, int]]:
        """What the picker finds: now and then, in an order's first parcel, one piece less than there should be."""
        is_short = phase == Phase.PICK and number == 1 and _every(self.short, fulfillment_id)
        missing = 1 if is_short else 0
        return [one for one in ((phase, left - missing), (Phase.SHORT, missing)) if one[1]]

    def _carry(self) -> int:
        now = datetime.now(UTC)
        rows = self._rows(_TO_CARRY)
        for shop_id in {row.shop_id for row in rows}:
            words = [
                TrackingEvent(row.tracking_number, f"{status}-{row.id}", ParcelStatus(status), now)
                for row in rows if row.shop_id == shop_id
                for status in (["lost"] if _every(self.lost, row.id) else ["in_transit", "delivered"])
            ]
            with self.engine.begin() as tx:
                recorded = tracking.record_events(tx, words, shop_id=shop_id, by=BY, now=now)
            self._give(recorded.hints)
        return len(rows)

    def _perform(self) -> int:
        now = datetime.now(UTC)
        rows = self._rows(_TO_PERFORM)
        for row in rows:
            word = performances.Performance(row.id, now, BY, f"done-{row.id}")
            with self.engine.begin() as tx:
                recorded = performances.record_performed(tx, [word], shop_id=row.shop_id, by=BY, now=now)
            self._give(recorded.hints)
        return len(rows)

    def _resend(self) -> int:
        """The office sends lost parcels again; what broke a stage it leaves for the test to look at."""
        for row in self._rows(_TO_DECIDE):
            self._try(partial(_send_again, row.id))
        return 0

    def _answer(self) -> int:
        """Customers answer by what was asked: how they pay."""
        rows = self._rows(_TO_ANSWER)
        for row in rows:
            self._try(partial(_tell_how_to_pay, row.id))
        return len(rows)

    def _buy(self) -> int:
        """The shop buys what is waited for."""
        now = datetime.now(UTC)
        bought = [row for row in self._rows(_TO_BUY) if row.missing > 0]
        for row in bought:
            with self.engine.begin() as tx:
                receipts.receive(tx, [Receipt(row.place, row.sku, int(row.missing), "bought")], shop_id=row.shop_id, by=BY, now=now)
        if bought:
            broker.send_task("restock", queue=Queue.CLOCK)
        return len(bought)

    def _try(self, work: Callable[[Tx], Sequence[Hint]]) -> None:
        try:
            with self.engine.begin() as tx:
                hints = work(tx)
        except (office.DecisionRefused, queries.AlreadyAnswered, queries.AnswerRefused) as reason:
            log.info("%s", reason)
        else:
            self._give(hints)

    def _give(self, hints: Sequence[Hint]) -> None:
        for hint in hints:
            broker.send_stage(hint.step, hint.ids, hint.lane)
        self.flush()


def _every(nth: int, fulfillment_id: int) -> bool:
    """Whether this is the first parcel of every so manieth order."""
    return fulfillment_id % 1000 == 1 and order_of(fulfillment_id) % nth == 0


def _send_again(order_id: int, tx: Tx) -> Sequence[Hint]:
    return office.decide(tx, order_id, office.Decision.RESEND, by=BY, now=datetime.now(UTC)).hints


def _tell_how_to_pay(query_id: int, tx: Tx) -> Sequence[Hint]:
    given = Answer({"/payment_method": "invoice"}, frozenset())
    return queries.answer(tx, public_id("query", query_id), given, by=BY, now=datetime.now(UTC)).hints


def _flush_redis() -> None:
    try:
        with redis.Redis.from_url(os.environ["ORDERPIPE_BROKER_URL"], socket_timeout=2) as client:
            client.flushdb()
    except redis.exceptions.RedisError as error:
        log.warning("Not flushed: %s", error)


def main() -> None:
    """Work until ended; `--flush` empties the broker after every fact, `--orders-only` does nothing but hint at new orders."""
    logging.basicConfig(level=logging.INFO, stream=sys.stdout)
    crew = Crew(assemble().engine, _flush_redis if "--flush" in sys.argv else lambda: None)
    while True:
        try:
            crew.take_orders() if "--orders-only" in sys.argv else crew.work()
        except (DatabaseError, OSError) as error:
            log.warning("Tried again: %s", str(error).splitlines()[0])
        time.sleep(0.3)  # so that facts come in batches


if __name__ == "__main__":
    main()


