"""
Completeness: what an order must say before work starts on it, each rule by its name.

What is missing or doubtful becomes a question to the customer; when we cannot write to them, a case for the office.
"""

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from orderpipe.domain.contacts import blank, channel_of, email_problem, phone_problem
from orderpipe.domain.countries import has_cities, has_postal_codes, is_country


class Severity(StrEnum):
    """What a finding leads to: a question to the customer, a look by the office, the end of the order."""

    ASK = "ask"
    REVIEW = "review"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Finding:
    """One doubt: the rule's name, the field (JSON pointer into the order as sent), what stands there, what it might be."""

    rule: str
    severity: Severity
    field: str
    have: object = None
    proposals: tuple[object, ...] = ()
    facts: Mapping[str, object] = dataclasses.field(default_factory=dict)

    @property
    def evidence(self) -> dict[str, object]:
        """What is kept with the finding, and shown with the question: have, proposals and the rule's own facts."""
        return {"have": self.have, "proposals": list(self.proposals), **self.facts}

    @property
    def doubt(self) -> dict[str, object]:
        """What is kept with the question: rule, field and the evidence."""
        return {"rule": self.rule, "field": self.field, **self.evidence}


@dataclass(frozen=True, slots=True)
class LineToCheck:
    """A line as taken down; `known` and `discontinued` are what the shop's products say of its SKU."""

    number: int
    sku: str
    kind: str
    description: str
    quantity: int
    unit_price: Decimal | None
    known: bool
    discontinued: bool


@dataclass(frozen=True, slots=True)
class OrderToCheck:
    """
    What is checked of an order. `lines` stand in the order sent, which the pointers `/lines/0/…` count; `country` is the shop's
    (ISO 3166-1 alpha-2), for telephone numbers without one; `confirmed` holds (rule, field) of findings somebody has cleared.
    """

    customer: Mapping[str, str]
    ship_to: Mapping[str, str] | None
    payment_method: str
    currency: str
    total: Decimal | None
    lines: tuple[LineToCheck, ...]
    country: str = ""
    confirmed: frozenset[tuple[str, str]] = frozenset()

    @property
    def phone_country(self) -> str:
        """The country in which a telephone number without one is read: where it is shipped, else the shop's."""
        given = self.ship_to.get("country", "") if self.ship_to else ""
        return given if is_country(given) else self.country


def check(order: OrderToCheck) -> tuple[Finding, ...]:
    """Every finding of every rule, () for an order in order; what was confirmed is found no more."""
    found = [finding for rule in RULES for finding in rule(order) if (finding.rule, finding.field) not in order.confirmed]
    if found and not channel_of(order.customer, order.phone_country):
        return tuple(_for_the_office(finding) for finding in found)
    return tuple(found)


def worst(findings: tuple[Finding, ...]) -> Severity | None:
    """What the order's findings lead to together: reject before review before ask; None without any."""
    found = {finding.severity for finding in findings}
    return next((severity for severity in (Severity.REJECT, Severity.REVIEW, Severity.ASK) if severity in found), None)


def name_missing(order: OrderToCheck) -> Iterator[Finding]:
    """An order needs the customer's name; any text that can be seen is one."""
    name = order.customer.get("name", "")
    if blank(name):
        yield Finding("name-missing", Severity.ASK, "/customer/name", name)


def contact_missing(order: OrderToCheck) -> Iterator[Finding]:
    """The customer must be reachable by e-mail or telephone; one good way is enough."""
    email, phone = order.customer.get("email", ""), order.customer.get("phone", "")
    if (at_email := email_problem(email)) and (at_phone := phone_problem(phone, order.phone_country)):
        facts = {"email": at_email, "phone": at_phone}
        yield Finding("contact-missing", Severity.REVIEW, "/customer", {"email": email, "phone": phone}, facts=facts)


def no_lines(order: OrderToCheck) -> Iterator[Finding]:
    """An order for nothing is none."""
    if not order.lines:
        yield Finding("no-lines", Severity.REJECT, "/lines", [])


def description_missing(order: OrderToCheck) -> Iterator[Finding]:
    """Each line says in words what is wanted."""
    for place, line in enumerate(order.lines):
        if blank(line.description):
            yield Finding("description-missing", Severity.ASK, f"/lines/{place}/description", line.description, facts=_of(line))


def quantity_not_positive(order: OrderToCheck) -> Iterator[Finding]:
    """Each line wants at least one."""
    for place, line in enumerate(order.lines):
        if line.quantity <= 0:
            yield Finding("quantity-not-positive", Severity.ASK, f"/lines/{place}/quantity", line.quantity, facts=_of(line))


def product_unknown(order: OrderToCheck) -> Iterator[Finding]:
    """Each line names a product or service that the shop has."""
    for place, line in enumerate(order.lines):
        if not line.known:
            yield Finding("product-unknown", Severity.ASK, f"/lines/{place}/sku", line.sku, facts=_of(line))


def product_discontinued(order: OrderToCheck) -> Iterator[Finding]:
    """Each line names something that is still sold."""
    for place, line in enumerate(order.lines):
        if line.known and line.discontinued:
            yield Finding("product-discontinued", Severity.ASK, f"/lines/{place}/sku", line.sku, facts=_of(line))


def payment_method_missing(order: OrderToCheck) -> Iterator[Finding]:
    """It must be known how the customer pays."""
    if blank(order.payment_method):
        yield Finding("payment-method-missing", Severity.ASK, "/payment_method", order.payment_method)


def totals_differ(order: OrderToCheck) -> Iterator[Finding]:
    """The lines add up to the total, but for a cent a line that rounding may cost; only where all prices are given."""
    if order.total is None or not order.lines:
        return
    added = Decimal(0)
    for line in order.lines:
        if line.unit_price is None:
            return
        added += line.unit_price * line.quantity
    if abs(added - order.total) > CENT * len(order.lines):
        facts = {"lines": _plain(added), "total": _plain(order.total), "currency": order.currency}
        yield Finding("totals-differ", Severity.ASK, "/total", _plain(order.total), (_plain(added),), facts)


def address_missing(order: OrderToCheck) -> Iterator[Finding]:
    """Goods need an address: street, place, country, and the postal code where the country has them."""
    if not any(line.kind == GOODS for line in order.lines):
        return
    if not order.ship_to:
        yield Finding("address-missing", Severity.ASK, "/ship_to")
        return
    country = order.ship_to.get("country", "")
    if not is_country(country):
        yield Finding("address-missing", Severity.ASK, "/ship_to/country", country, (order.country,) if order.country else ())
    for part, needed in (("line1", True), ("city", has_cities(country)), ("postal_code", has_postal_codes(country))):
        if needed and blank(given := order.ship_to.get(part, "")):
            yield Finding("address-missing", Severity.ASK, f"/ship_to/{part}", given)


RULES = (
    no_lines,
    name_missing,
    contact_missing,
    description_missing,
    quantity_not_positive,
    product_unknown,
    product_discontinued,
    payment_method_missing,
    totals_differ,
    address_missing,
)

CENT = Decimal("0.01")
GOODS = "goods"


def _for_the_office(finding: Finding) -> Finding:
    return dataclasses.replace(finding, severity=Severity.REVIEW) if finding.severity == Severity.ASK else finding


def _of(line: LineToCheck) -> dict[str, object]:
    """The line by what the customer knows it by."""
    return {"sku": line.sku, "description": line.description, "quantity": line.quantity}


def _plain(amount: Decimal) -> str:
    return f"{amount:.2f}"
