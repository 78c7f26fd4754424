"""
The answer to a question: it may change what was asked about and nothing else, and each value is checked like an order's.

An unanswered question is repeated once, then a person calls the customer; both after working time.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from orderpipe.domain.answers import ADDRESS_PARTS, RefusedValue, checked_value
from orderpipe.domain.calendars import WorkingCalendar, add_working_time
from orderpipe.domain.rules import LineToCheck, OrderToCheck

REMIND_AFTER = 240
"""Working minutes from the question to its reminder."""

ESCALATE_AFTER = 480
"""Working minutes from the reminder to the telephone call by the office."""

CONFIRMABLE = frozenset({"totals-differ"})
"""The rules whose finding may be right as it stands."""


@dataclass(frozen=True, slots=True)
class Answer:
    """
    What the customer answers: new values by JSON pointer, rules whose finding is right as it stands, or to cancel it all.

    None for a whole line (`/lines/0`) removes the line.
    """

    changes: Mapping[str, object]
    confirmed: frozenset[str] = frozenset()
    cancel: bool = False


@dataclass(frozen=True, slots=True)
class Amended:
    """
    The order after the answer. `changed` are the pointers, `confirmed` the (rule, field) to clear; `lines` lacks a removed line.

    `known` and `discontinued` of a line with another SKU are still the old SKU's; its description and price, unless answered, are
    gone, as they were the old article's.
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
    """
    The order as answered, or everything that is wrong with the answer; `doubts` as kept with the query (rule, field …).

    Not every doubt has to be answered: what stays open is found again by the next check.
    """
    if answer.cancel:
        return _amended(order, {}, cancel=True)
    asked = frozenset((str(doubt["rule"]), str(doubt["field"])) for doubt in doubts)
    open_to_change = {pointer for rule, field in asked for pointer in answerable(rule, field, len(order.lines))}
    values, problems = _checked(answer, open_to_change, order.phone_country)
    problems += _wrong_confirmations(asked, answer)
    if problems:
        return tuple(problems)
    if sum(value is None for value in values.values()) == len(order.lines) > 0:
        return (Problem("/lines", "No line would be left; cancel the order instead.", "no-lines"),)
    return _amended(order, values, confirmed=frozenset(one for one in asked if one[0] in answer.confirmed))


def answerable(rule: str, field: str, lines: int) -> Iterator[str]:
    """The pointers that an answer to this doubt may change, in an order of so many lines."""
    if field.count("/") > 1 or field in ("/ship_to", "/payment_method", "/total"):
        yield field
    if field == "/ship_to":
        yield from (f"/ship_to/{part}" for part in ADDRESS_PARTS)
    if rule == "contact-missing":
        yield from ("/customer/email", "/customer/phone")
    if rule == "totals-differ":
        yield from (f"/lines/{place}/quantity" for place in range(lines))
    if field.startswith("/lines/"):
        yield field.rpartition("/")[0]


def numbered(doubts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The doubts with their numbers in the letter, where there are several: a reply may answer them by these."""
    return [{**doubt, "number": number} if len(doubts) > 1 else dict(doubt) for number, doubt in enumerate(doubts, 1)]


def remind_at(calendar: WorkingCalendar, asked_at: datetime, *, after_minutes: float = REMIND_AFTER) -> datetime:
    """When a question asked then is repeated (UTC). Raises NoWorkingTime."""
    return add_working_time(calendar, asked_at, after_minutes)


def escalate_at(calendar: WorkingCalendar, reminded_at: datetime, *, after_minutes: float = ESCALATE_AFTER) -> datetime:
    """When a question repeated then goes to the office (UTC). Raises NoWorkingTime."""
    return add_working_time(calendar, reminded_at, after_minutes)


def _wrong_confirmations(asked: frozenset[tuple[str, str]], answer: Answer) -> Iterator[Problem]:
    """Only what was asked can be confirmed, and an answer has to say something."""
    if not answer.changes and not answer.confirmed:
        yield Problem("", "The answer says nothing; change or confirm what was asked about, or cancel the order.", "empty")
    rules = {rule for rule, _ in asked}
    for rule in sorted(answer.confirmed):
        if rule not in rules:
            yield Problem("/confirmed", f"Nothing was asked about {rule[:100]!r}.", "not-asked")
        elif rule not in CONFIRMABLE:
            yield Problem("/confirmed", f"{rule!r} cannot be confirmed as it stands; it has to be changed.", "not-confirmable")


def _checked(answer: Answer, open_to_change: Set[str], country: str) -> tuple[dict[str, object], list[Problem]]:
    values: dict[str, object] = {}
    problems = []
    for pointer, given in answer.changes.items():
        if pointer not in open_to_change:
            problems.append(Problem(pointer[:200], "Nothing was asked about this, so it cannot be changed here.", "not-asked"))
            continue
        try:
            values[pointer] = checked_value(pointer, given, country)
        except RefusedValue as refused:
            problems.append(Problem(pointer + refused.below, str(refused), refused.code))
    return values, problems


def _amended(
    order: OrderToCheck, new: Mapping[str, Any], *, confirmed: frozenset[tuple[str, str]] = frozenset(), cancel: bool = False
) -> Amended:
    lines = tuple(
        _line(line, _below(new, f"/lines/{place}/")) for place, line in enumerate(order.lines) if f"/lines/{place}" not in new
    )
    return Amended(
        customer={**order.customer, **_below(new, "/customer/")},
        ship_to={**new.get("/ship_to", order.ship_to or {}), **_below(new, "/ship_to/")} or None,
        payment_method=new.get("/payment_method", order.payment_method),
        total=new.get("/total", order.total),
        lines=lines,
        changed=tuple(new),
        confirmed=confirmed,
        cancel=cancel,
    )


def _line(line: LineToCheck, new: Mapping[str, Any]) -> LineToCheck:
    if new.get("sku", line.sku) != line.sku:
        line = replace(line, description="", unit_price=None)
    return replace(line, **new)


def _below(values: Mapping[str, Any], pointer: str) -> dict[str, Any]:
    """The values of the parts right below this pointer, by name."""
    return {one.removeprefix(pointer): value for one, value in values.items() if one.startswith(pointer)}
