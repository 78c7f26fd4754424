"""
Payments that come late: a promise was made as if the money were there, so it counts anew from the day on which it is.

The reason is the payment, not stock or warehouse, and nobody has to choose anything; a date that was told of a delay moves with it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orderpipe.domain.delays import Underway
from orderpipe.domain.orders import order_of
from orderpipe.domain.promises import PAID_LATE, NoFeasibleDate, Promised, promise_for, step
from orderpipe.store import delays, journal, policies, promises, stock, underway
from orderpipe.store.delays import Delay
from orderpipe.store.journal import Entry
from orderpipe.store.metadata import Tx


@dataclass(frozen=True, slots=True)
class Moved:
    """Until when something of an order was promised, and until when it is now (UTC)."""

    was: datetime
    until: datetime


def promise_anew(tx: Tx, freed: Collection[int], *, by: str, now: datetime) -> dict[int, Moved]:
    """
    Promise anew what waited for its payment (fulfillments) and therefore comes later than promised; returns how orders moved.

    The caller holds their orders' locks.
    """
    dates = _dates(tx, freed, now) if freed else {}
    found = underway.of_orders(tx, {order_of(one) for one in dates}) if dates else {}
    late = {order_id: its for order_id, some in found.items() if (its := _late(some, dates))}
    if not late:
        return {}
    told = {order_id: one for order_id, one in delays.open_of(tx, late).items() if one.revised_until is not None}
    rows = {order_id: list(_revisions(found[order_id], its, told.get(order_id), now)) for order_id, its in late.items()}
    promises.write(tx, [row for its in rows.values() for _, row in its])
    together = {delay.id: _together(late[order_id], delay) for order_id, delay in told.items()}
    delays.renew(tx, [{"id": delay_id, "revised_until": until} for delay_id, until in together.items() if until])
    moved = {
        order_id: Moved(max(one.promised_until for one, _ in its), max(row["until_at"] for _, row in its)) for order_id, its in rows.items()
    }
    _note(tx, moved, by, now)
    return moved


def _note(tx: Tx, moved: Mapping[int, Moved], by: str, now: datetime) -> None:
    journal.write(tx, [
        Entry(order_id, "promise.revised", note={"reason": PAID_LATE, "before": one.was, "until": one.until})
        for order_id, one in moved.items()
    ], now=now, actor=by)


def _dates(tx: Tx, freed: Collection[int], now: datetime) -> dict[int, Promised]:
    """What would be promised of these fulfillments today; those are left out for which no date can be named."""
    parts = [one for one in promises.parts_of(tx, {order_of(one) for one in freed}) if one.fulfillment_id in freed]
    rules, terms = policies.policies(tx, now), stock.terms_of(tx, {one.location_id for one in parts if one.location_id})
    dates = {}
    for part in parts:
        try:
            location = terms.get(part.location_id) if part.location_id else None
            dates[part.fulfillment_id] = promise_for(part.plan, policies=rules, location=location, now=now)
        except NoFeasibleDate:
            continue
    return dates


def _late(some: Sequence[Underway], dates: Mapping[int, Promised]) -> dict[int, Promised]:
    return {one.id: dates[one.id] for one in some if one.id in dates and dates[one.id].until_at > one.promised_until}


def _together(late: Mapping[int, Promised], delay: Delay) -> datetime | None:
    """The one date of what the customer was told of, None where none of it was waited for."""
    return max((date.until_at for one, date in late.items() if one in delay.fulfillment_ids), default=None)


def _revisions(
    some: Sequence[Underway], late: Mapping[int, Promised], delay: Delay | None, now: datetime
) -> Iterator[tuple[Underway, dict[str, Any]]]:
    together = _together(late, delay) if delay else None
    latest = max(late.values(), key=lambda date: date.until_at)
    for one in some:
        with_others = delay is not None and together is not None and one.id in delay.fulfillment_ids and not one.on_its_way
        until = together if with_others else late[one.id].until_at if one.id in late else None
        if until is not None and until > one.promised_until:
            date = late.get(one.id, latest)
            yield one, {
                "fulfillment_id": one.id, "revision": one.revision + 1, "from_at": min(date.from_at, until), "until_at": until,
                "arithmetic": [step("payment", "paid later than was assumed", now), *date.arithmetic], "reason": PAID_LATE, "at": now,
            }
