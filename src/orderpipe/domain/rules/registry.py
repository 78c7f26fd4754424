"""
The rules by their names: how grave what they find is, who may override it, and their limits, as they are and as a shop sets them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import lru_cache

from orderpipe.domain.contacts import channel_of
from orderpipe.domain.rules import addresses, articles, changes, completeness, dates, duplicates, prices
from orderpipe.domain.rules.findings import Doubt, Finding, Override, Severity
from orderpipe.domain.rules.limits import Limits, merged
from orderpipe.domain.rules.subject import OrderToCheck

Find = Callable[[OrderToCheck, Limits], Iterator[Doubt]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as it stands: its name, what it finds, what that leads to, who may override it, and its limits."""

    name: str
    find: Find
    severity: Severity
    override: Override
    limits: Limits = field(default_factory=dict, hash=False)

    @property
    def says(self) -> str:
        """The rule in a sentence."""
        return (self.find.__doc__ or "").strip()


@dataclass(frozen=True, slots=True)
class RuleSetting:
    """What a shop has set of a rule; None, and limits that are not named, are as they are for everybody."""

    enabled: bool = True
    severity: Severity | None = None
    override: Override | None = None
    limits: Limits = field(default_factory=dict)

    def applied_to(self, rule: Rule) -> Rule:
        """The rule as set. Raises UnknownLimit."""
        limits = merged(rule.name, rule.limits, self.limits)
        return replace(rule, severity=self.severity or rule.severity, override=self.override or rule.override, limits=limits)


_USUAL = {
    "times": 10, "own_lines": 2, "spreads": 3.5, "shop_weight": 20, "shop_lines": 100, "customer_lines": 5, "customer_spreads": 3,
}
_MORE_FEES = {"words": ""}
ASK, REVIEW, NOTE, REJECT = Severity.ASK, Severity.REVIEW, Severity.NOTE, Severity.REJECT
CUSTOMER, OFFICE, NOBODY = Override.CUSTOMER, Override.OFFICE, Override.NOBODY

RULES: tuple[Rule, ...] = (
    Rule("no-lines", completeness.no_lines, REJECT, NOBODY),
    Rule("name-missing", completeness.name_missing, ASK, OFFICE),
    Rule("contact-missing", completeness.contact_missing, REVIEW, OFFICE),
    Rule("email-invalid", completeness.email_invalid, ASK, OFFICE),
    Rule("phone-invalid", completeness.phone_invalid, NOTE, OFFICE),
    Rule("description-missing", completeness.description_missing, ASK, OFFICE),
    Rule("quantity-not-positive", articles.quantity_not_positive, ASK, NOBODY),
    Rule("quantity-unusual", articles.quantity_unusual, ASK, CUSTOMER, _USUAL),
    Rule("product-unknown", articles.product_unknown, ASK, NOBODY, _MORE_FEES),
    Rule("product-discontinued", articles.product_discontinued, ASK, OFFICE),
    Rule("fee-unknown", articles.fee_unknown, REVIEW, OFFICE, _MORE_FEES),
    Rule("fee-line", articles.fee_line, NOTE, OFFICE, _MORE_FEES),
    Rule("fees-alone", articles.fees_alone, REVIEW, OFFICE, _MORE_FEES),
    Rule("payment-method-missing", completeness.payment_method_missing, ASK, OFFICE),
    Rule("totals-differ", prices.totals_differ, ASK, CUSTOMER),
    Rule("price-not-positive", prices.price_not_positive, REVIEW, OFFICE),
    Rule("price-differs", prices.price_differs, ASK, OFFICE, {"times": 3, "times_others": 10, "article_lines": 10}),
    Rule("currency-unusual", prices.currency_unusual, REVIEW, OFFICE, {"currencies": ""}),
    Rule("address-missing", completeness.address_missing, ASK, NOBODY),
    Rule("address-implausible", addresses.address_implausible, ASK, CUSTOMER),
    Rule("address-slip", changes.address_slip, ASK, CUSTOMER, {"likeness": 0.8}),
    Rule("address-new", changes.address_new, NOTE, CUSTOMER),
    Rule("phone-new", changes.phone_new, NOTE, CUSTOMER),
    Rule("email-new", changes.email_new, NOTE, CUSTOMER),
    Rule("duplicate-order", duplicates.duplicate_order, ASK, CUSTOMER, {"minutes": 60, "likeness": 0.5}),
    Rule("purchase-order-again", duplicates.purchase_order_again, ASK, CUSTOMER),
    Rule("requested-date-impossible", dates.requested_date_impossible, ASK, OFFICE, {"days": 1}),
)

NEVER = timedelta(0)


@lru_cache(maxsize=1024)
def twins_within(rules: tuple[Rule, ...]) -> timedelta:
    """How long ago an order may have come that one checked by these rules is compared with; NEVER where none is."""
    return max((timedelta(minutes=float(rule.limits["minutes"])) for rule in rules if "minutes" in rule.limits), default=NEVER)


RULE: Mapping[str, Rule] = {rule.name: rule for rule in RULES}


def check(order: OrderToCheck, rules: Sequence[Rule] = RULES) -> tuple[Finding, ...]:
    """Every finding of every rule, () for an order in order; what was confirmed is found no more."""
    found = [
        finding for rule in rules for doubt in rule.find(order, rule.limits)
        if (finding := _finding(rule, doubt)).identity not in order.confirmed
    ]
    if found and not channel_of(order.customer, order.phone_country):
        return tuple(_for_the_office(finding) for finding in found)
    return tuple(found)


_SENT_INSTEAD = frozenset({
    "price-not-positive", "price-differs", "duplicate-order", "purchase-order-again", "quantity-unusual", "currency-unusual",
})
"""What is in order about goods that the office sends at no cost instead of others."""


def for_replacements(rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """The rules by which an order is checked that the office has placed itself to make good for another."""
    return tuple(rule for rule in rules if rule.name not in _SENT_INSTEAD)


def worst(findings: Sequence[Finding]) -> Severity | None:
    """What the order's findings lead to together: reject before review before ask; None where there is at most something to note."""
    found = {finding.severity for finding in findings}
    return next((severity for severity in (REJECT, REVIEW, ASK) if severity in found), None)


def _finding(rule: Rule, doubt: Doubt) -> Finding:
    return Finding(rule.name, rule.severity, doubt.field, doubt.have, doubt.proposals, doubt.facts, rule.override)


def _for_the_office(finding: Finding) -> Finding:
    return replace(finding, severity=REVIEW) if finding.severity == ASK else finding
