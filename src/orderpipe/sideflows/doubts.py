"""
Doubts that an amendment leaves: what the rules find now and did not find before is asked about, or goes to the office.

Until it is cleared, nothing of the order that is not picked yet goes on. Doubts that are gone are asked about no more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from orderpipe.domain.amendable import UNPICKED
from orderpipe.domain.amendments import Amendment
from orderpipe.domain.decisions import Audience, Hold, Tell
from orderpipe.domain.queries import Problem
from orderpipe.domain.rules import Finding, Severity, check, worst
from orderpipe.flow import OrderState, Owner, Unit, WaitingFor, next_step
from orderpipe.sideflows.hints import Hint
from orderpipe.store import amending, checks, holds, questions, units
from orderpipe.store.carry_out import Occasion, carry_out
from orderpipe.store.metadata import Tx

ASK_WITHIN = timedelta(seconds=10)
OFFICE_WITHIN = timedelta(hours=8)
LOOK_AGAIN = timedelta(days=1)

COMPLETENESS = frozenset({
    "name-missing", "contact-missing", "no-lines", "description-missing", "quantity-not-positive", "product-unknown",
    "product-discontinued", "payment-method-missing", "address-missing", "address-part-missing",
})
"""Rules whose finding means that what was given does not do; whatever else is found may be meant so, and is asked about."""

Found = dict[tuple[str, str], Finding]
"""What the rules find, by rule and by what it is about, which stays the same when lines come and go."""


@dataclass(frozen=True, slots=True)
class Left:
    """What an amendment leaves in doubt; `refused` is why it cannot be taken, `opened` whether something is to be cleared for its sake."""

    refused: tuple[Problem, ...]
    new: tuple[Finding, ...]
    all: tuple[Finding, ...]

    @property
    def opened(self) -> bool:
        """Whether there is a new doubt."""
        return bool(self.new)


def found(tx: Tx, order_id: int) -> Found:
    """What the rules find in the order as it stands."""
    order = checks.subjects(tx, [order_id])[0].order

    def about(one: Finding) -> str:
        parts = one.field.split("/")
        if parts[1] == "lines" and len(parts) > 2:
            parts[2] = f"#{order.lines[int(parts[2])].number}"
        return "/".join(parts)

    return {(one.rule, about(one)): one for one in check(order)}


def left_by(tx: Tx, order_id: int, amendment: Amendment, before: Found) -> Left:
    """What the rules find that they did not find before."""
    after = found(tx, order_id)
    new = [one for key, one in after.items() if key not in before]
    given = {f"/{pointer.split('/')[1]}" for pointer in amendment.changed}
    refused = tuple(
        Problem(one.field, _SENTENCES.get(one.rule, "This is not complete."), one.rule)
        for one in new if one.rule in COMPLETENESS and f"/{one.field.split('/')[1]}" in given
    )
    return Left(refused, tuple(new), tuple(after.values()))


_SENTENCES = {
    "contact-missing": "There would be no way left to reach the customer.",
    "address-missing": "The address would not be complete without this.",
    "name-missing": "An order needs the customer's name.",
}


def confirm(tx: Tx, order_id: int, confirmed: frozenset[tuple[str, str]] | None, occasion: Occasion) -> None:
    """The open question is answered, with these of its findings right as they stand; None: it is not."""
    if confirmed is not None:
        holds.clear_findings(tx, order_id, confirmed=confirmed, how="answered", by=occasion.actor, now=occasion.now)


def settle(tx: Tx, order_id: int, left: Left, occasion: Occasion, *, answered: bool = False) -> list[Hint]:
    """Open, replace or close the question about the order; returns what may go on."""
    order = units.claim(tx, Unit.ORDER, [order_id])[0]
    received = order.state == OrderState.RECEIVED
    asked = next(iter(questions.open_of(tx, [order_id])), None)
    if asked is None:
        if received or not left.new:
            return _resume_from_office(tx, order_id, occasion) if received and not left.all else []
        return _open(tx, order_id, left.new, occasion)
    kept = {(doubt["rule"], doubt["field"]) for doubt in asked.doubts}
    doubts = [one for one in left.all if received or one in left.new or (one.rule, one.field) in kept]
    if not answered and {(one.rule, one.field) for one in doubts} == kept:
        return []
    how, by, now = "answered" if answered else "amended", occasion.actor, occasion.now
    questions.settle(tx, order_id, state="answered" if answered else "closed", answer=None, by=by, now=now)
    holds.clear_findings(tx, order_id, how=how, by=by, now=now)
    return [*_resume(tx, order_id, WaitingFor.QUERY, how, occasion), *_open(tx, order_id, doubts, occasion)]


def _resume(tx: Tx, order_id: int, kind: WaitingFor, how: str, occasion: Occasion) -> list[Hint]:
    """End the hold of this kind on the order, and let it and its fulfillments go on."""
    holds.close_holds(tx, [order_id], {kind}, how=how, by=occasion.actor, now=occasion.now)
    woken = units.wake(tx, Unit.ORDER, [order_id], {kind}, occasion.now)
    freed = units.wake(tx, Unit.FULFILLMENT, amending.live_in(tx, order_id, UNPICKED), {kind}, occasion.now)
    steps = [
        (next_step(one.state, appointment=one.appointment), one)
        for unit, ids in ((Unit.ORDER, woken), (Unit.FULFILLMENT, freed)) for one in units.claim(tx, unit, ids)
    ]
    return [Hint(step.name, one.lane, [one.id]) for step, one in steps if step is not None]


def _resume_from_office(tx: Tx, order_id: int, occasion: Occasion) -> list[Hint]:
    """What the office was to clear before the order was accepted is cleared by the amendment."""
    holds.clear_findings(tx, order_id, how="amended", by=occasion.actor, now=occasion.now)
    return _resume(tx, order_id, WaitingFor.OFFICE, "amended", occasion)


def _open(tx: Tx, order_id: int, doubts: Sequence[Finding], occasion: Occasion) -> list[Hint]:
    if not doubts:
        return []
    order = {one.id: one for one in units.claim(tx, Unit.ORDER, [order_id])}
    checks.keep_findings(tx, {order_id: doubts}, occasion.now)
    rules = ", ".join(dict.fromkeys(one.rule for one in doubts))
    if worst(tuple(doubts)) == Severity.ASK:
        checks.open_queries(tx, {order_id: [one.doubt for one in doubts]}, occasion.now)
        hold = Hold(order_id, WaitingFor.QUERY, Owner.CUSTOMER, f"In doubt: {rules}.", occasion.now + ASK_WITHIN)
    else:
        hold = _for_the_office(order_id, f"For the office to clear: {rules}.", occasion.now)
    carry_out(tx, Unit.ORDER, order, [hold], occasion=occasion)
    waits = [(one, hold.kind, occasion.now + LOOK_AGAIN) for one in amending.live_in(tx, order_id, UNPICKED)]
    units.wait(tx, Unit.FULFILLMENT, waits, occasion.now)
    return []


def _for_the_office(order_id: int, reason: str, now: datetime) -> Hold:
    letter = Tell(
        "office-reminder", {"waiting_for": reason, "since": now}, f"office-review:{order_id}:{now:%Y%m%d%H}", Audience.OFFICE
    )
    return Hold(order_id, WaitingFor.OFFICE, Owner.OFFICE, reason, now + OFFICE_WITHIN, (letter,))
