"""
Amendments: customer, shop or office change an order until it is packed; the same rules check it, and its plan and promise follow.

An amendment is carried out whole or not at all. The order stays in its state; a new doubt holds up what is not picked yet.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from orderpipe.domain.amendable import Matter, open_matters
from orderpipe.domain.amendments import Amendment, amended, skus_named, unchanged
from orderpipe.domain.decisions import Tell
from orderpipe.domain.queries import Problem
from orderpipe.domain.reductions import Wish
from orderpipe.flow import ORDER_ENDS, OrderState, Unit, WaitingFor
from orderpipe.settings import settings
from orderpipe.sideflows import amended_doubts, late_payments, reductions, replanning
from orderpipe.sideflows.amended_doubts import Answered
from orderpipe.sideflows.hints import Hint
from orderpipe.sideflows.replanning import CannotPlan, Rules
from orderpipe.store import amending, journal, notifications, payments, policies, reducing, units
from orderpipe.store.amending import Subject
from orderpipe.store.carry_out import Occasion
from orderpipe.store.journal import Entry
from orderpipe.store.metadata import Tx


@dataclass(frozen=True, slots=True)
class Asked:
    """
    What is to be changed, as new values by JSON pointer, and why, in a word (as for a cancellation).

    `key` names the amendment: what came under it before is known and does nothing again; `note` is what the journal keeps besides.
    `answer` is given by an amendment that answers the open question.
    """

    changes: Mapping[str, object]
    key: str
    reason: str = "customer"
    answer: Answered | None = None
    note: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Offer:
    """
    What the shop offered of itself: what the order becomes by it, and who plans it, returning what may go on.

    `priced` are the articles at a price that the offer states, so that no rule need doubt it; `facts` is what the letter says besides.
    """

    amendment: Amendment
    plan: Callable[[], Sequence[Hint]]
    priced: Collection[str] = ()
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Amended:
    """
    What an amendment led to; `question` whether it left a doubt to be cleared, `known` whether it was carried out before.

    `until` is the end of what is promised now (UTC), `total` what the order costs.
    """

    order_id: int
    changed: tuple[str, ...] = ()
    total: Decimal | None = None
    until: datetime | None = None
    question: bool = False
    known: bool = False
    hints: tuple[Hint, ...] = ()
    stock_freed: bool = False


class AmendRefused(Exception):
    """The order cannot be amended so; every problem says where and why, `allowed` what can still be changed."""

    def __init__(self, problems: Sequence[Problem], state: str, allowed: frozenset[Matter]) -> None:
        super().__init__("; ".join(dict.fromkeys(one.detail for one in problems)))
        self.problems, self.state, self.allowed = tuple(problems), state, tuple(sorted(allowed))


def amend(
    tx: Tx, order_id: int, asked: Asked, *, by: str, now: datetime, offer: Callable[[Subject], Offer] | None = None
) -> Amended:
    """
    Change the order, `by` whom: as was asked, or as an offer of the shop's says that was taken.

    Raises AmendRefused, and whatever `offer` raises; then nothing has changed.
    """
    units.lock_orders(tx, [order_id])
    subject = amending.subject(tx, order_id, now)
    if subject is None or subject.order.state in ORDER_ENDS:
        state = str(subject.order.state) if subject else ""
        sentence = f"The order is {state} already." if subject else "There is no such order."
        raise AmendRefused([Problem("", sentence, "too-late")], state, frozenset())
    if amending.known(tx, order_id, asked.key):
        account = payments.accounts(tx, [order_id])[order_id]
        return Amended(order_id, total=account.total, until=amending.promised_until(tx, order_id), known=True)
    # a savepoint: whoever catches the refusal may go on with the transaction
    with tx.begin_nested():
        work = _Work(tx, subject, asked, Occasion(now, by, policies.policies(tx, now), settings().office_email))
        return work.carry_out(offer(subject) if offer else work.understood())


class _Work:
    """One amendment under way, within its savepoint."""

    def __init__(self, tx: Tx, subject: Subject, asked: Asked, occasion: Occasion) -> None:
        self._tx, self._subject, self._asked, self._occasion = tx, subject, asked, occasion
        self._rules = Rules(occasion.now, occasion.policies)
        self._hints: list[Hint] = []
        self._freed = False

    def carry_out(self, offer: Offer) -> Amended:
        tx, order_id, amendment = self._tx, self._subject.order_id, offer.amendment
        before, answer = amended_doubts.found(tx, order_id, self._occasion.now), self._asked.answer
        amending.write_head(tx, order_id, amendment)
        other_total = ["/total"] if amendment.total != self._subject.order.total else []
        amending.no_longer_confirmed(tx, order_id, [*amendment.changed, *other_total])
        self._hints += offer.plan()
        amended_doubts.confirm(tx, order_id, answer, self._occasion)
        left = amended_doubts.left_by(tx, order_id, amendment, before, self._occasion.now).without_prices_of(offer.priced)
        self._refuse(left.refused)
        self._hints += amended_doubts.settle(tx, order_id, left, self._occasion, answer=answer)
        self._let_pay(order_id)
        return self._told(offer, question=left.opened)

    def understood(self) -> Offer:
        """What was asked for, as it can be carried out."""
        subject, changes, order = self._subject, self._asked.changes, self._subject.order
        if not changes and self._asked.answer:
            return self._planned(unchanged(order))
        articles = amending.articles(self._tx, subject.shop_id, skus_named(changes), subject.currency)
        found = amended(subject.order, changes, articles, today=subject.today)
        if not isinstance(found, Amendment):
            self._refuse(found)
            raise AssertionError("What is no amendment has problems.")
        return self._planned(found)

    def _planned(self, amendment: Amendment) -> Offer:
        return Offer(amendment, lambda: self._replan(amendment))

    def _refuse(self, problems: Sequence[Problem]) -> None:
        if problems:
            order = self._subject.order
            raise AmendRefused(problems, order.state, open_matters(order.state, order.parts, paid=order.paid))

    def _replan(self, amendment: Amendment) -> Sequence[Hint]:
        """Lines, stock, fulfillments and promises by what is wanted now: first what comes, so that nothing ends for want of pieces."""
        tx, subject, new = self._tx, self._subject, list[int]()
        elsewhere = (amendment.ship_to or {}).get("country") != (subject.order.ship_to or {}).get("country")
        on_another_day = amendment.requested_on != subject.order.requested_on
        try:
            pieces = amending.add_pieces(tx, subject.order_id, amendment)
            if subject.order.parts or subject.order.state not in (OrderState.RECEIVED, OrderState.VALIDATED):
                new = replanning.plan_more(tx, subject, pieces, amendment.fewer, self._rules)
            self._take_off(amendment)
            free = replanning.promise_anew(
                tx, subject, new, elsewhere=elsewhere, on_another_day=on_another_day, rules=self._rules
            )
        except CannotPlan as reason:
            pointer = "/lines" if amendment.of_lines and not elsewhere else "/ship_to" if elsewhere else "/requested_on"
            self._refuse([Problem(pointer, str(reason), "no-date")])
            raise
        return [Hint("release", subject.lane, free)] if free else []

    def _take_off(self, amendment: Amendment) -> None:
        tx, subject, key = self._tx, self._subject, self._asked.key
        wishes = [Wish(f"{key} {number}", subject.order_id, number, pieces) for number, pieces in amendment.fewer.items()]
        reduced = reductions.reduce(
            tx, wishes, reason=self._asked.reason, by=self._occasion.actor, now=self._occasion.now, quiet=True
        )
        places = {f"{key} {line.number}": f"/lines/{place}" for place, line in enumerate(subject.order.lines)}
        self._refuse([Problem(places[one], reason, "too-late") for one, reason in reduced.refused.items()])
        amending.take_off_pieces(tx, subject.order_id, amendment)
        if amendment.of_lines:
            # an order that waits for stock as a whole waits for what it wants now
            reducing.demand_again(tx, [subject.order_id], [])
        self._hints += reduced.hints
        self._freed = reduced.stock_freed

    def _let_pay(self, order_id: int) -> None:
        """What waited for a payment that is no longer due goes on."""
        if self._subject.prepaid and payments.accounts(self._tx, [order_id])[order_id].settled:
            waiting = payments.waiting_for_payment(self._tx, [order_id])
            if free := units.wake(self._tx, Unit.FULFILLMENT, waiting, {WaitingFor.PAYMENT}, self._occasion.now):
                late_payments.promise_anew(self._tx, free, by=self._occasion.actor, now=self._occasion.now)
                self._hints.append(Hint("release", self._subject.lane, free))

    def _told(self, offer: Offer, *, question: bool) -> Amended:
        """The journal has the pointers alone, the customer hears what is different and what follows from it."""
        tx, subject, occasion, amendment = self._tx, self._subject, self._occasion, offer.amendment
        account = payments.accounts(tx, [subject.order_id])[subject.order_id]
        until = amending.promised_until(tx, subject.order_id)
        due = account.total - account.paid if subject.prepaid and account.total is not None else Decimal(0)
        facts = {
            **_differences(subject, amendment), "total": account.total if amendment.of_lines else None, "until": until,
            "due": due if due > 0 and amendment.of_lines else None, "question": question, "by": occasion.actor,
            **offer.facts,
        }
        letter = Tell("amended", facts, f"amended:{subject.order_id}:{self._asked.key}")
        tells = [(subject.order_id, letter)] if amendment.changed else []
        letters = notifications.enqueue(tx, tells, occasion.now, office_default=occasion.office)
        note = {"changed": amendment.changed, "reason": self._asked.reason, "amendment": self._asked.key, **self._asked.note}
        entries = [Entry(subject.order_id, "order.amended", note=note)]
        entries += [Entry(order_id, f"unreachable.{kind}") for order_id, kind in letters.unreachable]
        journal.write(tx, entries, now=occasion.now, actor=occasion.actor)
        return Amended(
            subject.order_id, amendment.changed, account.total, until, question, hints=tuple(self._hints), stock_freed=self._freed
        )


def _differences(subject: Subject, amendment: Amendment) -> dict[str, object]:
    """What is other than before, as the letter tells it; new lines by their SKU, whose name the order knows by then."""
    lines = {line.number: line for line in subject.order.lines}
    changed = [
        {"name": subject.names[number], "before": lines[number].left, "after": lines[number].left + step}
        for number, step in sorted({**amendment.more, **{number: -pieces for number, pieces in amendment.fewer.items()}}.items())
    ]
    parts = {one.split("/")[1] for one in amendment.changed}
    return {
        "lines": changed, "added": [{"sku": one.sku, "quantity": one.quantity} for one in amendment.added],
        "address": "ship_to" in parts, "contact": "customer" in parts, "payment": "payment_method" in parts,
        "requested_on": amendment.requested_on if "requested_on" in parts else None,
    }
