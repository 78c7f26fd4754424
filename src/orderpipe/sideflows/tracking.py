"""
Tracking: whatever the carrier says of a parcel is kept as evidence, and taken as news only where it leads forward.

The deliver stage is woken by news that it acts upon; words about a parcel we do not know yet wait for it.
"""

from collections.abc import Sequence
from datetime import date, datetime

from orderpipe.domain.orders import order_of
from orderpipe.domain.tracking import Merging, ParcelEnded, ParcelStatus, TrackingEvent, merge
from orderpipe.flow import Unit, WaitingFor
from orderpipe.sideflows.recorded import Recorded, hints_for
from orderpipe.store import journal, outlooks, scope, tracking, units
from orderpipe.store.journal import Entry
from orderpipe.store.metadata import Tx


def record_events(tx: Tx, facts: Sequence[TrackingEvent], *, shop_id: int, by: str, now: datetime) -> Recorded[Merging]:
    """
    Record what the carrier says of the shop's parcels, however much, with the same few statements; `by` is who sent it.

    Raises ParcelJustAppeared (transient) when a parcel was labelled between two looks at it.
    """
    numbers = {one.tracking_number for one in facts}
    ours = tracking.orders_of(tx, shop_id, numbers)
    lanes = scope.lock_orders_of(tx, shop_id, set(ours.values()))
    tracking.wait_for_labels(tx, shop_id, numbers - ours.keys())
    known = tracking.known(tx, shop_id, facts)
    merged = merge(facts, tracking.parcels(tx, ours), known, now=now)
    new = {(one.event.tracking_number, one.event.event_id): one for one in merged.mergings if not one.known}
    tracking.keep(tx, shop_id, new.values(), now)
    tracking.bring_forward(tx, merged.after.values())
    expected = _expected(merged.mergings)
    tracking.expect(tx, expected)
    outlooks.look(tx, expected.keys() | _held_up(merged.mergings), now)
    journal.write(tx, _entries(merged.mergings), now=now, actor=by)
    free = units.wake(tx, Unit.FULFILLMENT, merged.with_news(), {WaitingFor.CARRIER}, now)
    return Recorded(merged.mergings, hints_for("deliver", free, lanes))


def _expected(mergings: Sequence[Merging]) -> dict[int, date]:
    """The day that the carrier last named for each fulfillment."""
    said = (one for one in mergings if one.fulfillment_id and one.event.expected_on and not one.known and one.code != ParcelEnded.code)
    return {one.fulfillment_id: one.event.expected_on for one in said if one.fulfillment_id and one.event.expected_on}


def _held_up(mergings: Sequence[Merging]) -> set[int]:
    """The fulfillments whose date the carrier may not keep."""
    late = (ParcelStatus.DELAYED, ParcelStatus.FAILED_ATTEMPT)
    return {one.fulfillment_id for one in mergings if one.fulfillment_id and one.merged and not one.known and one.event.status in late}


def _entries(mergings: Sequence[Merging]) -> list[Entry]:
    """One entry per fulfillment that is farther now, with the last word that took it there."""
    last = {one.fulfillment_id: one.event.status for one in mergings if one.merged and not one.known and one.fulfillment_id}
    return [Entry(order_of(unit), "fulfillment.tracked", unit, note={"status": status}) for unit, status in last.items()]
