"""
Orders through every stage in this process, one batch after the other: the product's own runner, side flows and sender without Celery.

What the warehouse scans and what the carrier says is known beforehand, and comes as soon as it can.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import text

from benchmarks.bench_shop import received
from orderpipe.assembly import utc_now
from orderpipe.domain.handling import Phase
from orderpipe.domain.scans import Scan
from orderpipe.domain.tracking import ParcelStatus, TrackingEvent
from orderpipe.flow import chain_from
from orderpipe.intake.outcomes import Recorded
from orderpipe.intake.record import record
from orderpipe.sideflows import restock, scans, tracking
from orderpipe.sideflows.hints import Hint
from orderpipe.store.database import Database

_LINES = text("""SELECT l.fulfillment_id, l.sku, l.quantity FROM fulfillment f JOIN fulfillment_line l ON l.fulfillment_id = f.id
    WHERE f.order_id = ANY(:ids)""")
_PARCELS = text("SELECT p.tracking_number FROM fulfillment f JOIN parcel p ON p.fulfillment_id = f.id WHERE f.order_id = ANY(:ids)")
_LIVE = text("SELECT count(*) FROM orders WHERE id = ANY(:ids) AND next_at IS NOT NULL")


class NotThrough(Exception):
    """Some orders of a batch did not complete, so its time means nothing."""


@dataclass(frozen=True)
class OneProcess:
    """One database, and the shop whose orders go through it."""

    engine: Database
    shop_id: int

    def take_through(self, numbers: Sequence[int], prefix: str) -> None:
        """Take these orders down and through every stage, and send their letters."""
        from workers import send  # only now: it reads the settings when it is loaded

        with self.engine.begin() as tx:
            outcomes = record(tx, [received(self.shop_id, number, prefix) for number in numbers], utc_now())
        ids = [one.order_id for one in outcomes if isinstance(one, Recorded)]
        self._chains([Hint("validate", "standard", ids)])
        self._chains(self._scanned(ids))
        self._chains(self._delivered(ids))
        send.drain(self.engine, "email", now=utc_now, seconds=600)
        with self.engine.begin() as tx:
            if left := tx.execute(_LIVE, {"ids": ids}).scalar_one():
                raise NotThrough(f"{left} of {len(ids)} orders did not complete.")

    def look_after(self) -> None:
        """What the clock starts every few seconds: the sweep, the look at free stock, the look at missed targets."""
        from workers import sweep, targets
        from workers.run import Run

        sweep.sweep(Run(self.engine, utc_now))
        with self.engine.begin() as tx:
            restock.wake_waiting(tx, utc_now())
        targets.check(Run(self.engine, utc_now))

    def _chains(self, hints: Iterable[Hint]) -> None:
        """Each hint's chain as a worker runs it: on from stage to stage with what is ready, until nothing is."""
        from workers.run import Run, run_stage

        run = Run(self.engine, utc_now)
        for hint in hints:
            ready, steps = list(hint.ids), [step.name for step in chain_from(hint.step)]
            for name, onward in zip(steps, [*steps[1:], None], strict=True):
                ready = run_stage(run, name, ready, onward) if ready else []

    def _scanned(self, order_ids: Sequence[int]) -> list[Hint]:
        with self.engine.begin() as tx:
            now = datetime.now(UTC)
            lines = tx.execute(_LINES, {"ids": order_ids}).all()
            facts = [
                Scan(line.fulfillment_id, phase, line.sku, f"{phase}-{line.sku}", "bench", "bench", now, line.quantity)
                for phase in (Phase.PICK, Phase.PACK) for line in lines
            ]
            return scans.record_scans(tx, facts, shop_id=self.shop_id, by="warehouse", now=now).hints

    def _delivered(self, order_ids: Sequence[int]) -> list[Hint]:
        with self.engine.begin() as tx:
            now = datetime.now(UTC)
            numbers = [row.tracking_number for row in tx.execute(_PARCELS, {"ids": order_ids})]
            facts = [TrackingEvent(number, f"{number}-1", ParcelStatus.DELIVERED, now) for number in numbers]
            return tracking.record_events(tx, facts, shop_id=self.shop_id, by="carrier", now=now).hints
