"""
The plan after an amendment: pieces wanted besides go into a parcel that is not picked yet, else a further one brings them.

Whatever leaves later than promised, or goes elsewhere, is promised anew; what was promised first is kept.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from orderpipe.domain.amendable import UNPICKED
from orderpipe.domain.orders import MOST_FULFILLMENTS
from orderpipe.domain.promises import NoFeasibleDate, promise_for
from orderpipe.domain.stock import Demand, Piece, Share, share_out
from orderpipe.domain.targets import Policies, due_at
from orderpipe.flow import CANCELABLE, FulfillmentState, OrderState, Unit, WaitingFor
from orderpipe.sideflows import clocks
from orderpipe.store import allocation, amending, demands, fulfillments, planning, promises, stock, units, watches
from orderpipe.store.allocation import Shift
from orderpipe.store.amending import Room, Subject
from orderpipe.store.demands import Wanted
from orderpipe.store.metadata import Tx
from orderpipe.store.promises import Part

REASON = "amended"


class CannotPlan(Exception):
    """What is wanted cannot be planned, or no date can be promised for it."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The instant and the policies that a plan is made by."""

    now: datetime
    policies: Policies


def plan_more(tx: Tx, subject: Subject, pieces: Mapping[int, int], touched: Collection[int], rules: Rules) -> list[int]:
    """
    Allocate these further pieces (by line number); returns the new fulfillments.

    `touched` are the lines whose stock will be touched besides. Raises CannotPlan.
    """
    if not pieces:
        return []
    wanted = _wanted(tx, subject, pieces, rules.now)
    share = _share(tx, subject, wanted, touched)
    share, services = _put_into_what_is_there(tx, subject, wanted, share, rules)
    used = fulfillments.numbers_used(tx, [subject.order_id])[subject.order_id]
    try:
        home = demands.first_locations(tx, [subject.shop_id])
        parts = planning.parts_for(replace(wanted, services=services), share, home, used=used)
    except planning.NoLocation as reason:
        raise CannotPlan(str(reason)) from reason
    if used + len(parts) > MOST_FULFILLMENTS:
        raise CannotPlan("The order would go out in too many parcels; please order what you want besides.")
    planning.plan(tx, parts, rules.policies, rules.now)
    watches.look_soon(tx, [subject.order_id], rules.now)
    return [part.fulfillment_id for part in parts]


def _wanted(tx: Tx, subject: Subject, pieces: Mapping[int, int], now: datetime) -> Wanted:
    """The further pieces as a demand of their own, which waits for stock from now on."""
    whole = demands.wanted_by(tx, [subject.order_id])[0]
    goods, services = (
        tuple(Piece(one.number, one.sku, pieces[one.number]) for one in its if one.number in pieces)
        for its in (whole.goods, whole.services)
    )
    return replace(whole, goods=goods, services=services, received_at=now, whole=False, waiting_since=None)


def _share(tx: Tx, subject: Subject, wanted: Wanted, touched: Collection[int]) -> Share:
    """What there is of the goods after those that wait longer; all stock that the amendment touches is locked by this."""
    goods = {(subject.shop_id, piece.sku) for piece in wanted.goods}
    others = {(subject.shop_id, line.sku) for line in subject.order.lines if line.number in touched}
    if not goods | others:
        return Share({}, ())
    free = allocation.lock_free(tx, goods | others)
    newcomer = Demand(-subject.order_id, subject.shop_id, wanted.goods)
    return share_out([*allocation.waiting_demand(tx, goods), newcomer], free)[newcomer.key]


def _put_into_what_is_there(
    tx: Tx, subject: Subject, wanted: Wanted, share: Share, rules: Rules
) -> tuple[Share, tuple[Piece, ...]]:
    """Join what is not picked yet; returns what needs fulfillments of its own. What is to be paid first joins nothing released."""
    room = amending.room_in(tx, subject.order_id, {FulfillmentState.PLANNED} if subject.prepaid else UNPICKED)
    there: dict[int | None, Room] = {}
    for one in room:
        there.setdefault(one.location_id, one)
    joined = {there[place].fulfillment_id: (place, its) for place, its in share.by_location.items() if place in there}
    amending.put_into(tx, [(one, piece.number, piece.sku, piece.quantity) for one, (_, its) in joined.items() for piece in its])
    allocation.reserve(
        tx, [Shift(place, piece.sku, piece.quantity, one) for one, (place, its) in joined.items() for piece in its], rules.now
    )
    left = {place: its for place, its in share.by_location.items() if place not in there}
    if None not in there:
        return Share(left, share.short), wanted.services
    amending.put_into(tx, [(there[None].fulfillment_id, one.number, one.sku, one.quantity) for one in wanted.services])
    return Share(left, share.short), ()


def promise_anew(
    tx: Tx, subject: Subject, new: Collection[int], *, elsewhere: bool, on_another_day: bool, rules: Rules
) -> list[int]:
    """
    Promise new fulfillments, and those that go to another country or on another day; returns what may go on to its release.

    Before the order is promised there is nothing to revise. Raises CannotPlan where no date can be promised.
    """
    if subject.order.state != OrderState.PROMISED or not (new or elsewhere or on_another_day):
        return []
    parts = [
        part for part in promises.parts_of(tx, [subject.order_id], CANCELABLE)
        if part.fulfillment_id in new or elsewhere or on_another_day
    ]
    planned = set(amending.live_in(tx, subject.order_id, {FulfillmentState.PLANNED}))
    if not elsewhere:
        parts = [part for part in parts if part.fulfillment_id in planned]
    _promise(tx, parts, planned, rules)
    clocks.read_anew(tx, [subject.order_id], now=rules.now)
    return units.wake(tx, Unit.FULFILLMENT, planned, {WaitingFor.PROMISE, WaitingFor.DATE}, rules.now)


def _promise(tx: Tx, parts: Sequence[Part], planned: Collection[int], rules: Rules) -> None:
    terms = stock.terms_of(tx, {part.location_id for part in parts if part.location_id})
    try:
        promised = {
            part.fulfillment_id: promise_for(
                part.plan, policies=rules.policies, location=terms.get(part.location_id) if part.location_id else None, now=rules.now
            )
            for part in parts
        }
    except NoFeasibleDate as reason:
        raise CannotPlan(str(reason)) from reason
    promises.revise(tx, promised, reason=REASON, now=rules.now)
    fulfillments.start_not_before(tx, [
        (part.fulfillment_id, begin := promised[part.fulfillment_id].not_before, _overdue(part, begin, rules))
        for part in parts if part.fulfillment_id in planned
    ])


def _overdue(part: Part, begin: datetime | None, rules: Rules) -> datetime | None:
    if not part.reserved and part.kind != "appointment":
        return None
    return due_at(
        rules.policies, part.shop_id, order_type=part.type, state=FulfillmentState.PLANNED, entered_at=begin or rules.now
    )
