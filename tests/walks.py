"""
Walks orders through the real stages without a broker: what a test begins with when the books must be as the product writes them.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from orderpipe.domain.handling import Phase
from orderpipe.domain.orders import Contact, DraftLine, OrderDraft
from orderpipe.domain.scans import Scan
from orderpipe.domain.tracking import ParcelStatus, TrackingEvent
from orderpipe.flow import chain_from
from orderpipe.intake.outcomes import Received, Recorded
from orderpipe.intake.record import record
from orderpipe.sideflows.scans import record_scans
from orderpipe.sideflows.tracking import record_events
from orderpipe.store import fulfillments, policies
from orderpipe.store.metadata import insert_rows
from orderpipe.store.stock import stock_movement
from orderpipe.store.tracking import parcel
from tests import builders
from workers import run
from workers.run import Run

NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)
HOME = {"line1": "1 High Street", "city": "London", "postal_code": "N1 1AA", "country": "GB"}


class Walk:
    """A shop `demo` with SKU-1 in stock, and a clock that goes on a minute with every step."""

    def __init__(self, engine: Engine, *, on_hand: int = 100) -> None:
        self.engine, self.now, self._orders = engine, NOW, 0
        self._scans = 0
        with engine.begin() as tx:
            policies.ensure_defaults(tx)
            self.shop_id = builders.shop(tx)
            builders.stock(tx, "SKU-1", on_hand)
            insert_rows(tx, stock_movement, [{
                "location_id": builders.location(tx), "sku": "SKU-1", "kind": "received", "quantity": on_hand, "cause": "opening", "at": NOW,
            }])

    def tick(self) -> datetime:
        """A minute later."""
        self.now += timedelta(minutes=1)
        return self.now

    def receive(self, *, quantity: int = 2, customer: Contact | None = None, **draft: Any) -> int:
        """Take an order down; returns its id."""
        self._orders += 1
        ann = Contact("Ann Ok", "ann@customers.example")
        content = OrderDraft(
            f"WEB-{self._orders}", customer or ann, (DraftLine("SKU-1", quantity),), ship_to=HOME, payment_method="invoice", **draft
        )
        with self.engine.begin() as tx:
            outcome = record(tx, [Received(self.shop_id, content.reference.encode(), content)], self.tick())[0]
        assert isinstance(outcome, Recorded)
        return outcome.order_id

    def chain(self, step: str, ids: Sequence[int]) -> list[int]:
        """Run the chain of stages that a message for `step` runs; returns what its last stage took."""
        links = [link.name for link in chain_from(step)]
        taken = list(ids)
        for name, onward in zip(links, [*links[1:], None], strict=True):
            self.tick()
            ready = run.run_stage(Run(self.engine, lambda: self.now), name, taken, onward)
            taken = ready if onward else taken
        return taken

    def scan(self, unit: int, *phases: Phase) -> None:
        """Scan all pieces of a fulfillment in these phases."""
        for phase in phases:
            with self.engine.begin() as tx:
                wanted = [(line.sku, line.quantity) for line in fulfillments.lines_of(tx, [unit])[unit]]
                self._scans += 1
                some = [Scan(unit, phase, sku, f"c{self._scans}", "op-1", "s-1", self.tick(), quantity) for sku, quantity in wanted]
                record_scans(tx, some, shop_id=self.shop_id, by="warehouse", now=self.now)

    def carry(self, unit: int, status: ParcelStatus) -> None:
        """Let the carrier say this of the fulfillment's parcel."""
        with self.engine.begin() as tx:
            number = builders.rows_of(tx, parcel, fulfillment_id=unit)[0]["tracking_number"]
            said = TrackingEvent(number, f"e{self._scans}-{status}", status, self.tick())
            record_events(tx, [said], shop_id=self.shop_id, by="carrier", now=self.now)

    def promised(self, **draft: Any) -> tuple[int, int]:
        """An order whose fulfillment waits for the picker; returns (order id, fulfillment id)."""
        order_id = self.receive(**draft)
        (unit,) = self.chain("validate", [order_id])
        return order_id, unit

    def shipped(self, **draft: Any) -> tuple[int, int]:
        """An order whose parcel waits for the carrier's word; returns (order id, fulfillment id)."""
        order_id, unit = self.promised(**draft)
        self.scan(unit, Phase.PICK)
        self.chain("pick", [unit])
        self.scan(unit, Phase.PACK)
        self.chain("pack", [unit])
        return order_id, unit

    def completed(self, **draft: Any) -> int:
        """An order that went all the way."""
        order_id, unit = self.shipped(**draft)
        self.carry(unit, ParcelStatus.DELIVERED)
        self.chain("deliver", [unit])
        self.chain("complete", [order_id])
        return order_id
