"""
Doubts that an amendment leaves: what the rules find now and did not find before is asked about, or goes to the office.

Until it is cleared, nothing of the order that is not picked yet goes on. Doubts that are gone are asked about no more.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from orderpipe.domain.amendable import UNPICKED
from orderpipe.domain.amendments import Amendment
from orderpipe.domain.decisions import Audience, Hold, Tell
from orderpipe.domain.queries import Problem
from orderpipe.domain.rules import Finding, Identity, Severity, worst
from orderpipe.flow import OrderState, Owner, Unit, WaitingFor
from orderpipe.sideflows import doubts
from orderpipe.sideflows.hints import Hint
from orderpipe.store import amending, checks, holds, policies, questions, units
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

Found = dict[Identity, Finding]
"""What the rules find beyond what is only noted, by what it is known again by when lines come and go."""


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

    def without_prices_of(self, skus: Collection[str]) -> "Left":
        """Without doubts about the prices of these articles, which the shop itself has named."""
        new, every = (tuple(one for one in some if not _is_price_of(one, skus)) for some in (self.new, self.all))
        return Left(self.refused, new, every)


def _is_price_of(one: Finding, skus: Collection[str]) -> bool:
    return one.field.endswith("/unit_price") and one.facts.get("sku") in skus


def found(tx: Tx, order_id: int, now: datetime) -> Found:
    """What the rules find in the order as it stands."""
    subject = checks.subjects(tx, [order_id], policies.policies(tx, now))[0]
    return {one.identity: one for one in subject.findings() if one.severity != Severity.NOTE}


def left_by(tx: Tx, order_id: int, amendment: Amendment, before: Found, now: datetime) -> Left:
    """What the rules find that they did not find before."""
    after = found(tx, order_id, now)
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


@dataclass(frozen=True, slots=True)
class Answered:
    """The open question is answered by the amendment: by which way, which findings are right as they stand, and what to keep of it."""

    how: str
    confirmed: frozenset[tuple[str, str]]
    note: Mapping[str, object]


def confirm(tx: Tx, order_id: int, answer: Answered | None, occasion: Occasion) -> None:
    """What the answer says is right as it stands is found no more."""
    if answer is not None:
        holds.clear_findings(tx, [order_id], confirmed=answer.confirmed, how="answered", by=occasion.actor, now=occasion.now)


def settle(tx: Tx, order_id: int, left: Left, occasion: Occasion, *, answer: Answered | None = None) -> list[Hint]:
    """Open, change or close the question about the order, which the amendment may have answered; returns what may go on."""
    received = units.claim(tx, Unit.ORDER, [order_id])[0].state == OrderState.RECEIVED
    asked = next(iter(questions.open_of(tx, [order_id])), None)
    if asked is None:
        if received or not left.new:
            return _resume_from_office(tx, order_id, occasion) if received and not left.all else []
        return _open(tx, order_id, left.new, occasion)
    kept = {(doubt["rule"], doubt["field"]) for doubt in asked.doubts}
    doubtful = [one for one in left.all if received or one in left.new or (one.rule, one.field) in kept]
    if answer is None and {(one.rule, one.field) for one in doubtful} == kept:
        return []
    by, now = occasion.actor, occasion.now
    if answer is None and worst(doubtful) == Severity.ASK:
        return _ask_on(tx, order_id, doubtful, occasion)
    how, state, note = (answer.how, "answered", answer.note) if answer else ("amended", "closed", None)
    questions.settle(tx, {order_id: note}, state=state, by=by, how=how, now=now)  # type: ignore[arg-type]
    holds.clear_findings(tx, [order_id], how=how, by=by, now=now)
    return [*doubts.lift(tx, [order_id], how=how, by=by, now=now), *_open(tx, order_id, doubtful, occasion)]


def look_again(tx: Tx, order_id: int, occasion: Occasion) -> None:
    """Let the open question, if there is one, ask what is in doubt by now."""
    if questions.open_of(tx, [order_id]):
        settle(tx, order_id, Left((), (), tuple(found(tx, order_id, occasion.now).values())), occasion)


def _ask_on(tx: Tx, order_id: int, doubtful: Sequence[Finding], occasion: Occasion) -> list[Hint]:
    """What is in order by now is asked no more; what is new is asked with the rest, in one message."""
    if questions.merge(tx, {order_id: [one.doubt for one in doubtful]}):
        units.wait(tx, Unit.ORDER, [(order_id, WaitingFor.QUERY, occasion.now)], occasion.now)
    holds.clear_findings(tx, [order_id], how="amended", by=occasion.actor, now=occasion.now)
    checks.keep_findings(tx, {order_id: doubtful}, occasion.now)
    return []


def _resume_from_office(tx: Tx, order_id: int, occasion: Occasion) -> list[Hint]:
    """What the office was to clear before the order was accepted is cleared by the amendment."""
    holds.clear_findings(tx, [order_id], how="amended", by=occasion.actor, now=occasion.now)
    holds.close_holds(tx, [order_id], {WaitingFor.OFFICE}, how="amended", by=occasion.actor, now=occasion.now)
    woken = units.wake(tx, Unit.ORDER, [order_id], {WaitingFor.OFFICE}, occasion.now)
    return [Hint("validate", one.lane, [one.id]) for one in units.claim(tx, Unit.ORDER, woken)]


def _open(tx: Tx, order_id: int, doubtful: Sequence[Finding], occasion: Occasion) -> list[Hint]:
    if not doubtful:
        return []
    order = {one.id: one for one in units.claim(tx, Unit.ORDER, [order_id])}
    checks.keep_findings(tx, {order_id: doubtful}, occasion.now)
    rules = ", ".join(dict.fromkeys(one.rule for one in doubtful))
    if worst(doubtful) == Severity.ASK:
        checks.open_queries(tx, {order_id: [one.doubt for one in doubtful]}, occasion.now)
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
