"""
Validate: check that the order is complete and makes sense before any work starts on it.

Each doubt is put to the customer or the office, as its rule says; without a way to reach them it goes to the office; an order for
nothing is rejected, and what is merely worth noting stops nothing.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from orderpipe.domain.decisions import Audience, Decision, Hold, Move, Tell
from orderpipe.domain.orders import Contact
from orderpipe.domain.rules import Finding, Severity, worst
from orderpipe.domain.targets import Policies
from orderpipe.flow import OrderState, Owner, WaitingFor
from orderpipe.store import checks, customers
from orderpipe.store.checks import Subject
from orderpipe.store.metadata import Tx

ASK_WITHIN = timedelta(seconds=10)
"""When the clock sees to it that a question is put whose message was lost."""
OFFICE_WITHIN = timedelta(hours=8)


@dataclass(frozen=True, slots=True)
class Facts:
    """The orders, each with what the checks find."""

    subjects: tuple[Subject, ...]
    found: dict[int, tuple[Finding, ...]]


def read(tx: Tx, order_ids: Collection[int], policies: Policies) -> Facts:
    """The orders as taken down, with what the products, earlier orders and earlier answers say."""
    subjects = tuple(checks.subjects(tx, order_ids, policies))
    return Facts(subjects, {one.order_id: one.findings() for one in subjects})


def decide(facts: Facts, *, now: datetime) -> list[Decision]:
    """On to allocation without a finding, or with notes alone; else as the worst finding demands."""
    return [_decide(one.order_id, facts.found[one.order_id], now) for one in facts.subjects]


def _decide(order_id: int, findings: tuple[Finding, ...], now: datetime) -> Decision:
    rules = ", ".join(dict.fromkeys(one.rule for one in findings if one.severity != Severity.NOTE))
    match worst(findings):
        case None:
            return Move(order_id, OrderState.VALIDATED)
        case Severity.REJECT:
            letter = Tell("rejected", {"reason": rules, "doubts": _asked(findings)}, f"rejected:{order_id}")
            return Move(order_id, OrderState.REJECTED, (letter,), note={"rules": rules})
        case Severity.REVIEW:
            reason = f"For the office to clear: {rules}."
            facts = {"waiting_for": reason, "since": now}
            letter = Tell("office-reminder", facts, f"office-review:{order_id}:{now:%Y%m%d%H}", Audience.OFFICE)
            return Hold(order_id, WaitingFor.OFFICE, Owner.OFFICE, reason, now + OFFICE_WITHIN, (letter,))
        case _:
            return Hold(order_id, WaitingFor.QUERY, Owner.CUSTOMER, f"In doubt: {rules}.", now + ASK_WITHIN)


def write(tx: Tx, facts: Facts, decisions: Sequence[Decision], now: datetime) -> None:
    """Keep the findings, open the questions, and remember the customers whose orders are in order."""
    checks.keep_findings(tx, {order_id: found for order_id, found in facts.found.items() if found}, now)
    asked = [one.unit_id for one in decisions if isinstance(one, Hold) and one.kind == WaitingFor.QUERY]
    checks.open_queries(tx, {order_id: _asked(facts.found[order_id]) for order_id in asked}, now)
    moved = {one.unit_id for one in decisions if isinstance(one, Move) and one.to == OrderState.VALIDATED}
    customers.confirm(tx, [customer_of(one, now) for one in facts.subjects if one.order_id in moved])


def _asked(findings: Sequence[Finding]) -> list[dict[str, object]]:
    return [one.doubt for one in findings if one.severity != Severity.NOTE]


def customer_of(one: Subject, now: datetime) -> dict[str, object]:
    """The customer as this order gives them."""
    contact = Contact(**{name: one.order.customer.get(name, "") for name in ("name", "email", "phone", "company")})
    return {
        "shop_id": one.shop_id, "contact_key": contact.key, "name": contact.name, "email": contact.email, "phone": contact.phone,
        "language": one.language, "address": one.order.ship_to, "confirmed_at": now,
    }
