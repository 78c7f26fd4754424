"""
Promise: tell the customer when each part of the order will be there, with the arithmetic kept.

Where no date can be promised, nothing is guessed: the office decides.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from orderpipe.domain.decisions import Audience, Decision, Hold, Move, Tell, Wait
from orderpipe.domain.promises import LocationTerms, Promised, promise_for, reason_for_no_date
from orderpipe.domain.targets import Policies, due_at
from orderpipe.flow import FulfillmentState, OrderState, Owner, Unit, WaitingFor
from orderpipe.store import fulfillments, promises, stock, units
from orderpipe.store.metadata import Tx
from orderpipe.store.promises import Part

OFFICE_WITHIN = timedelta(hours=8)
LOOK_AFTER_PROMISE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Facts:
    """The planned parts of each order, and the terms of the locations they leave from."""

    parts: tuple[Part, ...]
    terms: Mapping[int, LocationTerms]
    policies: Policies


def read(tx: Tx, order_ids: Collection[int], policies: Policies) -> Facts:
    """The parts to be promised."""
    parts = tuple(promises.parts_of(tx, order_ids))
    return Facts(parts, stock.terms_of(tx, {part.location_id for part in parts if part.location_id}), policies)


def decide(facts: Facts, *, now: datetime) -> list[Decision]:
    """A promise for every part, or the office for the whole order."""
    by_order = groupby(facts.parts, key=lambda part: part.order_id)
    return [_decide(order_id, tuple(parts), facts, now) for order_id, parts in by_order]


def _decide(order_id: int, parts: tuple[Part, ...], facts: Facts, now: datetime) -> Decision:
    for part in parts:
        reason = reason_for_no_date(part.plan, policies=facts.policies, location=_terms(part, facts), now=now)
        if reason is not None:
            letter = Tell("office-no-date", {"reason": reason}, f"office-no-date:{order_id}:{now:%Y%m%d}", Audience.OFFICE)
            return Hold(order_id, WaitingFor.OFFICE, Owner.OFFICE, reason, now + OFFICE_WITHIN, (letter,))
    promised = [(part, _promised(part, facts, now)) for part in parts]
    until = max(one.until_at for _, one in promised)
    letter = Tell("delivery-date", {"parts": [_told(*one) for one in promised], "until": until}, f"delivery-date:{order_id}")
    then = Wait(order_id, WaitingFor.FULFILLMENTS, until + LOOK_AFTER_PROMISE)
    return Move(order_id, OrderState.PROMISED, (letter,), then, {"until": until})


def write(tx: Tx, facts: Facts, decisions: Sequence[Decision], now: datetime) -> None:
    """Keep the promises with their arithmetic, and let the fulfillments go."""
    moved = {one.unit_id for one in decisions if isinstance(one, Move)}
    promised = {part.fulfillment_id: _promised(part, facts, now) for part in facts.parts if part.order_id in moved}
    promises.write(tx, [
        {
            "fulfillment_id": fulfillment, "revision": 1, "from_at": one.from_at, "until_at": one.until_at,
            "arithmetic": one.arithmetic, "reason": "first promise", "at": now,
        }
        for fulfillment, one in promised.items()
    ])
    types = {part.fulfillment_id: (part.shop_id, part.type) for part in facts.parts}
    fulfillments.start_not_before(tx, [
        (key, one.not_before, _planned_until(*types[key], one.not_before, facts.policies))
        for key, one in promised.items() if one.not_before
    ])
    units.wake(tx, Unit.FULFILLMENT, list(promised), {WaitingFor.PROMISE}, now)


def _planned_until(shop_id: int, order_type: str, begins_at: datetime, policies: Policies) -> datetime | None:
    """When a fulfillment whose work may not begin before that instant is overdue."""
    return due_at(policies, shop_id, order_type=order_type, state=FulfillmentState.PLANNED, entered_at=begins_at)


def _terms(part: Part, facts: Facts) -> LocationTerms | None:
    return facts.terms.get(part.location_id) if part.location_id else None


def _promised(part: Part, facts: Facts, now: datetime) -> Promised:
    return promise_for(part.plan, policies=facts.policies, location=_terms(part, facts), now=now)


def _told(part: Part, one: Promised) -> dict[str, object]:
    lines = [{"number": number, "quantity": quantity} for number, quantity in part.lines]
    return {"from": one.from_at, "until": one.until_at, "lines": lines, "kind": part.kind}
