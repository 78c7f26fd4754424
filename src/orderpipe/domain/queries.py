"""
The answer to a question: it may change what was asked about and nothing else, and each value is checked like an order's.

An unanswered question is repeated once, then a person calls the customer; both after working time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from orderpipe.domain.calendars import WorkingCalendar
from orderpipe.domain.rules import LineToCheck, OrderToCheck

REMIND_AFTER = 240
"""Working minutes from the question to its reminder."""

ESCALATE_AFTER = 480
"""Working minutes from the reminder to the telephone call by the office."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the customer answers: new values by JSON pointer, rules whose finding is right as it stands, or to cancel it all."""

    changes: Mapping[str, object]
    confirmed: frozenset[str] = frozenset()
    cancel: bool = False


@dataclass(frozen=True, slots=True)
class Amended:
    """
    The order after the answer. `changed` are the pointers, `confirmed` the (rule, field) to clear; `lines` lacks a removed line.

    `known` and `discontinued` of a line with another SKU are still the old SKU's.
    """

    customer: Mapping[str, str]
    ship_to: Mapping[str, str] | None
    payment_method: str
    total: Decimal | None
    lines: tuple[LineToCheck, ...]
    changed: tuple[str, ...] = ()
    confirmed: frozenset[tuple[str, str]] = frozenset()
    cancel: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a part of an answer cannot be taken: where (JSON pointer), a sentence, a code."""

    pointer: str
    detail: str
    code: str


def apply_answer(order: OrderToCheck, doubts: Sequence[Mapping[str, object]], answer: Answer) -> Amended | tuple[Problem, ...]:
    """The order as answered, or everything that is wrong with the answer; `doubts` as kept with the query (rule, field …)."""
    raise NotImplementedError


def remind_at(calendar: WorkingCalendar, asked_at: datetime, *, after_minutes: float = REMIND_AFTER) -> datetime:
    """When a question asked then is repeated (UTC)."""
    raise NotImplementedError


def escalate_at(calendar: WorkingCalendar, reminded_at: datetime, *, after_minutes: float = ESCALATE_AFTER) -> datetime:
    """When a question repeated then goes to the office (UTC)."""
    raise NotImplementedError
