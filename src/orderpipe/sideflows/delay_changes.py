"""
What a choice changes of a late order: what has come goes ahead, or something else comes in the place of what is missing.

Both are amendments like any other, in journal, letter and webhook; what they do not touch keeps the date that was told.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from orderpipe.domain.amended_values import NewLine
from orderpipe.domain.amendments import Amendment, unchanged
from orderpipe.domain.delay_terms import Choice
from orderpipe.domain.delays import Underway, terms_of
from orderpipe.domain.new_dates import new_date
from orderpipe.domain.orders import fulfillment_id
from orderpipe.flow import Unit, WaitingFor
from orderpipe.sideflows import amendments
from orderpipe.sideflows.amendments import AmendRefused, Asked, Offer
from orderpipe.sideflows.delay_offers import Offers, offers_for
from orderpipe.sideflows.delays import rules_for
from orderpipe.sideflows.hints import Hint
from orderpipe.store import allocation, fulfillments, journal, promises, reducing, substitutes, underway, units
from orderpipe.store.allocation import Shift
from orderpipe.store.amending import Subject
from orderpipe.store.delays import Delay
from orderpipe.store.journal import Entry
from orderpipe.store.metadata import Tx
from orderpipe.store.parting import Parted, part_off
from orderpipe.store.substitutes import Instead

REASON = "delay"
"""Why the order was amended, as the journal has it."""


class NotThere(Exception):
    """What was chosen cannot be had any more."""


@dataclass(frozen=True, slots=True)
class Late:
    """The delay that is chosen about, what of it is still underway, and who chose, by which way and when."""

    delay: Delay
    parts: tuple[Underway, ...]
    lane: str
    by: str
    how: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Changed:
    """What may go on, and how much less the order costs than before."""

    hints: tuple[Hint, ...]
    saved: Decimal = Decimal(0)


def send_part(tx: Tx, late: Late) -> Changed:
    """What has come becomes a fulfillment of its own, which goes; the rest waits on. Raises NotThere; then nothing has changed."""
    offers = offers_for(tx, late.parts, locked=True)
    some = offers.part([one.id for one in late.parts])
    if not some:
        raise NotThere("None of it is there any more to be sent now.")
    return _amend(tx, late, Choice.PART, lambda subject: _ahead(tx, late, subject, offers, some))


def _ahead(tx: Tx, late: Late, subject: Subject, offers: Offers, some: Sequence[int]) -> Offer:
    going: dict[int, int] = {}
    for piece in (piece for one in some for pieces in offers.parts[one].values() for piece in pieces):
        going[piece.number] = going.get(piece.number, 0) + piece.quantity
    return Offer(
        replace(unchanged(subject.order), changed=("/fulfillments",)), lambda: _part_off(tx, late, offers, some),
        facts={"ahead": [{"name": subject.names[number], "quantity": quantity} for number, quantity in sorted(going.items())]},
    )


def _part_off(tx: Tx, late: Late, offers: Offers, some: Sequence[int]) -> list[Hint]:
    order_id = late.delay.order_id
    number = fulfillments.numbers_used(tx, [order_id])[order_id]
    places = [(one, place, pieces) for one in some for place, pieces in offers.parts[one].items()]
    parted = [Parted(fulfillment_id(order_id, number + nth), *which) for nth, which in enumerate(places, 1)]
    allocation.reserve(
        tx, [Shift(one.location_id, piece.sku, piece.quantity, one.new) for one in parted for piece in one.pieces], late.now
    )
    part_off(tx, parted, late.now, reason="sent ahead of the rest")
    reducing.demand_again(tx, (), some)
    new = [one.new for one in parted]
    _promise_anew(tx, late, new)
    return [Hint("release", late.lane, new)]


def substitute(tx: Tx, late: Late) -> Changed:
    """What is missing is replaced by what is there, at no higher price. Raises NotThere; then nothing has changed."""
    some = offers_for(tx, late.parts, locked=True).substitute([one.id for one in late.parts])
    if not some:
        raise NotThere("There is nothing any more that could be sent instead.")
    changed = _amend(tx, late, Choice.SUBSTITUTE, lambda subject: _instead(tx, late, subject, some))
    return replace(changed, saved=sum((one.saved for one in some), Decimal(0)))


def _instead(tx: Tx, late: Late, subject: Subject, some: Sequence[Instead]) -> Offer:
    order, gone = subject.order, dict[int, int]()
    for one in some:
        gone[one.number] = gone.get(one.number, 0) + one.quantity
    total = order.total and max(order.total - sum(one.saved for one in some), Decimal(0)).quantize(Decimal("0.01"))
    lines = {line.number: (place, line) for place, line in enumerate(order.lines)}
    pointers = [f"/lines/{lines[one.number][0]}/{'sku' if one.whole else 'quantity'}" for one in some]
    return Offer(
        Amendment(
            order.customer, order.ship_to, order.payment_method, order.requested_on, total, fewer=gone,
            added=tuple(NewLine(one.instead, one.quantity, one.price) for one in some),
            changed=tuple(dict.fromkeys([*pointers, *(["/lines/-"] if not all(one.whole for one in some) else [])])),
        ),
        lambda: _put_in_place(tx, late, some), priced={one.instead for one in some},
    )


def _put_in_place(tx: Tx, late: Late, some: Sequence[Instead]) -> list[Hint]:
    substitutes.put_in_place(tx, late.delay.order_id, some)
    changed = sorted({one.fulfillment_id for one in some})
    reducing.demand_again(tx, (), changed)
    lines = [{"number": one.number, "quantity": one.quantity, "before": one.sku, "after": one.instead} for one in some]
    journal.write(tx, [Entry(late.delay.order_id, "order.substituted", note={"lines": lines})], now=late.now, actor=late.by)
    units.wake(tx, Unit.FULFILLMENT, changed, {WaitingFor.STOCK}, late.now)
    _promise_anew(tx, late, changed)
    return [Hint("release", late.lane, changed)]


def _amend(tx: Tx, late: Late, choice: Choice, offer: Callable[[Subject], Offer]) -> Changed:
    key, note = f"delay {late.delay.id}/{late.delay.round} {choice}", {"how": late.how}
    try:
        done = amendments.amend(
            tx, late.delay.order_id, Asked({}, key, REASON, note=note), by=late.by, now=late.now, offer=offer,
        )
    except AmendRefused as refused:
        raise NotThere(str(refused)) from refused
    return Changed(done.hints)


def _promise_anew(tx: Tx, late: Late, ids: Collection[int]) -> None:
    """Where no date could be named, what goes now gets one; else the date that was told stays the only one."""
    if late.delay.revised_until is not None:
        return
    order_id = late.delay.order_id
    some = [replace(one, reserved=True, entered_at=late.now) for one in underway.of_orders(tx, [order_id])[order_id] if one.id in ids]
    rules = rules_for(tx, some, late.now)
    dates = [(one, new_date(one, terms, late.now)) for one in some if (terms := terms_of(one, rules.policies, rules.locations))]
    promises.write(tx, [
        {
            "fulfillment_id": one.id, "revision": one.revision + 1, "from_at": date.from_at, "until_at": date.until_at,
            "arithmetic": date.arithmetic, "reason": "chosen", "at": late.now,
        }
        for one, date in dates if date.until_at is not None
    ])
