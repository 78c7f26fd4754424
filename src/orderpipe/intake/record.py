"""
The one way in: whatever arrives at any door, however many at once, is taken down here in one transaction.

Each order gets its number, its lane and time targets, its first line in the journal and its letter of acknowledgement; what is
refused is kept with the reason. The number of statements does not grow with the number of orders.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orderpipe.domain.decisions import Tell
from orderpipe.domain.orders import OrderDraft
from orderpipe.domain.targets import EVERYBODY, STAGES, Policies, complete_by, due_at, for_customer, soonest
from orderpipe.flow import IntakeState, OrderState
from orderpipe.intake import keys
from orderpipe.intake.outcomes import Outcome, Received, Recorded, Refused, answer_to, malformed
from orderpipe.intake.refusals import FieldError, Malformed
from orderpipe.store import intakes, journal, new_orders, notifications, shops, units
from orderpipe.store.journal import Entry
from orderpipe.store.metadata import Tx
from orderpipe.store.new_orders import Reference, Stored
from orderpipe.store.policies import policies

REFUSED_BYTES_KEPT = 64 * 1024
"""What is kept of a message that is refused; its SHA-256 is kept of the whole."""


def record(tx: Tx, received: Sequence[Received], now: datetime) -> list[Outcome]:
    """Take all of these down, or refuse them one by one; one outcome each, in their order. Keeps bytes, keys and answers too."""
    claims = keys.claim(tx, received, now)
    todo = [received[place] for place in claims.todo]
    fresh = list(zip(todo, take_down(tx, todo, now), strict=True))
    intakes.keep(tx, [_intake_row(one, outcome, now) for one, outcome in fresh])
    keys.keep_answers(tx, fresh)
    outcomes = claims.outcomes | dict(zip(claims.todo, (outcome for _, outcome in fresh), strict=True))
    outcomes |= {place: keys.again(outcomes[first]) for place, first in claims.repeats.items()}
    return [outcomes[place] for place in range(len(received))]


def take_down(tx: Tx, received: Sequence[Received], now: datetime) -> list[Outcome]:
    """Write the orders themselves, but not their bytes; one outcome each, in their order."""
    rules = policies(tx, now)
    checked = [_check(one, rules) for one in received]
    wanted = [one for one in checked if isinstance(one, _Wanted)]
    firsts = {one.reference: one for one in reversed(wanted)}  # of two alike in one group, the earlier counts
    new = _write(tx, firsts, rules, now)
    stored = {reference: _as_stored(firsts[reference], order_id, now) for reference, order_id in new.items()}
    stored |= new_orders.find(tx, firsts.keys() - new.keys())
    return list(_outcomes(checked, set(new), stored, rules))


@dataclass(frozen=True, slots=True)
class _Wanted:
    """An order to be written."""

    received: Received
    draft: OrderDraft
    lane: str
    prepaid: bool
    content_hash: bytes

    @property
    def reference(self) -> Reference:
        return self.received.shop_id, self.draft.reference


def _check(one: Received, rules: Policies) -> _Wanted | Refused:
    draft = one.content
    if isinstance(draft, Malformed):
        return malformed(draft)
    if draft.channel == "telephone" and not one.by_staff:
        return malformed(Malformed([FieldError("/channel", "Only the office takes orders by telephone.", "channel-not-yours")]))
    order_types = rules.order_types
    if (one.shop_id, draft.type) not in order_types and order_types and (EVERYBODY, draft.type) not in order_types:
        known = sorted(code for shop_id, code in order_types if shop_id in (EVERYBODY, one.shop_id))
        sentence = f"There is no order type {draft.type!r}; there is {', '.join(known)}."
        return malformed(Malformed([FieldError("/type", sentence, "unknown-type")]))
    order_type = rules.order_type(one.shop_id, draft.type)
    return _Wanted(one, draft, order_type.lane.value, order_type.prepaid, draft.content_hash())


def _write(tx: Tx, wanted: Mapping[Reference, _Wanted], rules: Policies, now: datetime) -> dict[Reference, int]:
    """Write those that are new, with all that belongs to them; returns their ids."""
    if not wanted:
        return {}
    homes = shops.known(tx, {shop_id for shop_id, _ in wanted}, now)
    rows = [_order_row(one, homes[one.received.shop_id], rules, now) for one in wanted.values()]
    new = new_orders.insert(tx, rows, {reference: _first_look(one, rules, now) for reference, one in wanted.items()})
    written = [(order_id, wanted[reference]) for reference, order_id in new.items()]
    new_orders.insert_lines(tx, [
        (order_id, number, line.sku, line.description, line.quantity, line.unit_price)
        for order_id, one in written for number, line in enumerate(one.draft.lines, 1)
    ])
    letters = notifications.enqueue(
        tx, [(order_id, _acknowledgement(order_id, one, rules, now)) for order_id, one in written], now, office_default=""
    )
    entries = [
        Entry(order_id, "order.received", after=OrderState.RECEIVED, note={"channel": one.draft.channel, "by": _named(one.received.sender)})
        for order_id, one in written
    ]
    unreachable = [Entry(order_id, f"unreachable.{kind}") for order_id, kind in letters.unreachable]
    journal.write(tx, entries + unreachable, now=now, actor="intake")
    return new


def _first_look(one: _Wanted, rules: Policies, now: datetime) -> datetime:
    """Before then no target of the order can be missed or soon be missed."""
    return soonest(rules, one.received.shop_id, order_type=one.draft.type, stages=STAGES, now=now) or now


def _named(sender: str) -> str:
    """The sender as the journal may know it: never by an address."""
    return "a letter" if "@" in sender else sender


def _order_row(one: _Wanted, shop: shops.Shop, rules: Policies, now: datetime) -> dict[str, Any]:
    draft, shop_id = one.draft, one.received.shop_id
    return {
        "shop_id": shop_id, "reference": draft.reference, "content_hash": one.content_hash, "type": draft.type,
        "lane": one.lane, "channel": draft.channel, "language": draft.language or shop.language,
        "customer": {name: getattr(draft.customer, name) for name in draft.customer.__slots__}, "ship_to": draft.ship_to,
        "payment_method": draft.payment_method, "prepaid": one.prepaid, "currency": draft.currency or shop.currency,
        "total": draft.total, "requested_on": draft.requested_on, "note": draft.note or None,
        "purchase_order": draft.purchase_order or None,
        "backorder_policy": draft.backorder_policy or shop.backorder_policy,
        "state": OrderState.RECEIVED.value, "next_at": now + units.look_again(), "received_at": now, "stage_entered_at": now,
        "due_at": due_at(rules, shop_id, order_type=draft.type, state=OrderState.RECEIVED, entered_at=now),
        "complete_by": complete_by(rules, shop_id, order_type=draft.type, received_at=now),
    }


def _acknowledgement(order_id: int, one: _Wanted, rules: Policies, now: datetime) -> Tell:
    targets = for_customer(rules, one.received.shop_id, order_type=one.draft.type, received_at=now)
    return Tell("acknowledgement", {"targets": targets}, f"acknowledgement:{order_id}")


def _as_stored(one: _Wanted, order_id: int, now: datetime) -> Stored:
    shop_id, reference = one.reference
    return Stored(order_id, shop_id, reference, one.content_hash, OrderState.RECEIVED, one.lane, one.draft.type, now)


def _outcomes(
    checked: Sequence[_Wanted | Refused], new: set[Reference], stored: Mapping[Reference, Stored], rules: Policies
) -> Iterator[Outcome]:
    for one in checked:
        if isinstance(one, Refused):
            yield one
            continue
        order = stored[one.reference]
        yield _recorded(order, rules, new=one.reference in new) if order.content_hash == one.content_hash else _conflict(order)
        new.discard(one.reference)


def _recorded(order: Stored, rules: Policies, *, new: bool) -> Recorded:
    targets = for_customer(rules, order.shop_id, order_type=order.type, received_at=order.received_at)
    return Recorded(order.id, order.reference, order.state, order.lane, order.received_at, targets, new)


def _conflict(order: Stored) -> Refused:
    sentence = "An order of this reference stands in the books with other content; a reference is used once."
    return Refused(409, "reference-taken", sentence, (FieldError("/reference", sentence, "taken"),), order.id, order.state)


def _intake_row(one: Received, outcome: Outcome, now: datetime) -> dict[str, Any]:
    refused = isinstance(outcome, Refused)
    return {
        "shop_id": one.shop_id, "channel": one.channel, "source_id": one.source_id or one.request_hash.hex(), "sender": one.sender,
        "parser": one.parser, "raw": one.raw[:REFUSED_BYTES_KEPT] if refused else one.raw,
        "state": (IntakeState.REFUSED if refused else IntakeState.RECORDED).value, "received_at": now,
        "order_id": getattr(outcome, "order_id", None), "result": answer_to(outcome)[1] if refused else None,
    }
