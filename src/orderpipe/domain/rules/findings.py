"""
What a check finds: the doubt with its evidence, how grave it is, and who may say that it is right as it stands.
"""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """What a finding leads to: a note in the books, a question to the customer, a look by the office, the end of the order."""

    NOTE = "note"
    ASK = "ask"
    REVIEW = "review"
    REJECT = "reject"


class Override(StrEnum):
    """Who may say that what was found is right as it stands: the customer (and the office), the office alone, nobody."""

    CUSTOMER = "customer"
    OFFICE = "office"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Doubt:
    """What a rule sees: the field (JSON pointer into the order as sent), what stands there, what it might be, and the rule's own facts."""

    field: str
    have: object = None
    proposals: tuple[object, ...] = ()
    facts: Mapping[str, object] = dataclasses.field(default_factory=dict)


Identity = tuple[str, str, str]
"""By what a finding is known again: the rule, the SKU of its line or else the field, and what stands there, as JSON."""


def identity(rule: str, at: str, have: object) -> Identity:
    """The identity of what a rule finds at a line's SKU or a field."""
    return rule, at, json.dumps(have, sort_keys=True, default=str)


@dataclass(frozen=True, slots=True)
class Finding:
    """One doubt with the rule that found it, what it leads to, and who may say that it is right as it stands."""

    rule: str
    severity: Severity
    field: str
    have: object = None
    proposals: tuple[object, ...] = ()
    facts: Mapping[str, object] = dataclasses.field(default_factory=dict)
    override: Override = Override.NOBODY

    @property
    def evidence(self) -> dict[str, object]:
        """What is kept with the finding, and shown with the question: have, proposals and the rule's own facts."""
        return {"have": self.have, "proposals": list(self.proposals), **self.facts}

    @property
    def doubt(self) -> dict[str, object]:
        """What is kept with the question: rule, field, the evidence, and who may override it."""
        return {"rule": self.rule, "field": self.field, **self.evidence, "override": self.override.value}

    @property
    def identity(self) -> Identity:
        """By what it is known again when the order's lines have moved up, but not when something else stands there."""
        return identity(self.rule, str(self.facts.get("sku", self.field)), self.have)
