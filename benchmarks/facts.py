"""
The warehouse and the carrier of the measurements: as soon as something is released it is scanned, as soon as it leaves it arrives.

Facts go in in bulk, through the same functions that the HTTP door calls.
"""

import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from sqlalchemy import text

from orderpipe import broker
from orderpipe.domain.handling import Phase
from orderpipe.domain.scans import Scan
from orderpipe.domain.tracking import ParcelStatus, TrackingEvent
from orderpipe.sideflows import scans, tracking
from orderpipe.sideflows.hints import Hint
from orderpipe.store.database import Database

BULK = 1000
_RELEASED = text("""SELECT f.id, l.sku, l.quantity FROM fulfillment f JOIN fulfillment_line l ON l.fulfillment_id = f.id
    WHERE f.next_at IS NOT NULL AND f.state = 'released' AND l.packed < l.quantity ORDER BY f.id LIMIT :limit""")
_SHIPPED = text("""SELECT p.tracking_number FROM fulfillment f JOIN parcel p ON p.fulfillment_id = f.id
    WHERE f.next_at IS NOT NULL AND f.state = 'shipped' AND p.status = 'shipped' ORDER BY f.id LIMIT :limit""")


def send_hints(hints: Sequence[Hint]) -> None:
    """Let orderpipe's workers know which units the facts concern."""
    for hint in hints:
        broker.send_stage(hint.step, hint.ids, hint.lane)


class Facts:
    """Scans and tracking events, fed by two threads until told to stop; `wake` tells the workers which units can go on."""

    def __init__(self, engine: Database, shop_id: int, *, wake: Callable[[Sequence[Hint]], None] = send_hints) -> None:
        self._engine, self._shop, self._wake = engine, shop_id, wake
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._feed, args=(work,)) for work in (self._scan, self._arrive)]

    def __enter__(self) -> "Facts":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _feed(self, work: Callable[[], int]) -> None:
        while not self._over.is_set():
            if work() < BULK // 2:
                time.sleep(0.1)

    def _scan(self) -> int:
        with self._engine.begin() as tx:
            now = datetime.now(UTC)
            lines = tx.execute(_RELEASED, {"limit": BULK}).all()
            facts = [
                Scan(line.id, phase, line.sku, f"{phase}-{line.sku}", "bench", "bench", now, line.quantity)
                for phase in (Phase.PICK, Phase.PACK) for line in lines
            ]
            hints = scans.record_scans(tx, facts, shop_id=self._shop, by="warehouse", now=now).hints if facts else []
        self._wake(hints)
        return len(lines)

    def _arrive(self) -> int:
        with self._engine.begin() as tx:
            now = datetime.now(UTC)
            numbers = [row.tracking_number for row in tx.execute(_SHIPPED, {"limit": BULK})]
            facts = [TrackingEvent(number, f"{number}-1", ParcelStatus.DELIVERED, now) for number in numbers]
            hints = tracking.record_events(tx, facts, shop_id=self._shop, by="carrier", now=now).hints if facts else []
        self._wake(hints)
        return len(numbers)
