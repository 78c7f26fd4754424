"""
Completeness: what an order must say before work starts on it, each rule by its name.

What is missing or doubtful becomes a question to the customer; when there is no way to reach them, a case for the office.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


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
        """What is kept with the finding: have, proposals and the rule's own facts."""
        raise NotImplementedError

    @property
    def doubt(self) -> dict[str, object]:
        """What the question tells the customer: rule, field, have, proposals and the rule's own facts."""
        raise NotImplementedError


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


def check(order: OrderToCheck) -> tuple[Finding, ...]:
    """Every finding of every rule, () for an order in order."""
    raise NotImplementedError


def worst(findings: tuple[Finding, ...]) -> Severity | None:
    """What the order's findings lead to together: reject before review before ask; None without any."""
    raise NotImplementedError


def channel_of(customer: Mapping[str, str], country: str) -> str:
    """How the customer can be written to: `email`, else `sms`, "" neither."""
    raise NotImplementedError


def notes(order: OrderToCheck) -> tuple[str, ...]:
    """What is worth a note but no question, such as a broken telephone number beside a good e-mail address; sentences."""
    raise NotImplementedError
