"""
The answer to a question: it may change what was asked about and nothing else, and each value is checked like an order's.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from orderpipe.domain.answers import ADDRESS_PARTS, RefusedValue, checked_value
from orderpipe.domain.rules import RULE, LineToCheck, OrderToCheck, Override
from orderpipe.domain.rules.prices import CENT, sum_of

AS_PROPOSED = "/unit_price"
"""What an answer may only change into what we proposed: nobody sets prices of their own."""


@dataclass(frozen=True, slots=True)
class Answer:
    """
    What the customer answers: new values by JSON pointer, rules whose finding is right as it stands, or to cancel it all.

    `merge`: the lines are to be added to the earlier order that this one is so like.

    None for a whole line (`/lines/0`) removes the line. A rule that was asked about several times is confirmed for all of them, or with
    a pointer behind it (`quantity-unusual /lines/0/quantity`) for one.
    """

    changes: Mapping[str, object]
    confirmed: frozenset[str] = frozenset()
    cancel: bool = False
    merge: bool = False


@dataclass(frozen=True, slots=True)
class Amended:
    """
    The order after the answer. `changed` are the pointers, `confirmed` the (rule, field) to clear; `lines` lacks a removed line.

    `known` and `discontinued` of a line with another SKU are still the old SKU's; its description and price, unless answered, are
    gone, as they were the old article's. A total that was the lines' sum still is.
    """

    customer: Mapping[str, str]
    ship_to: Mapping[str, str] | None
    payment_method: str
    total: Decimal | None
    requested_on: date | None
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


def confirmable(doubt: Mapping[str, Any], right: Override = Override.CUSTOMER) -> bool:
    """Whether somebody with this right (the customer's, the office's) may say that it is right as it stands."""
    default = RULE[doubt["rule"]].override if doubt["rule"] in RULE else Override.NOBODY
    needed = Override(doubt.get("override", default))
    return needed == Override.CUSTOMER or (needed == Override.OFFICE and right == Override.OFFICE)


def apply_answer(
    order: OrderToCheck, doubts: Sequence[Mapping[str, object]], answer: Answer, right: Override = Override.CUSTOMER
) -> Amended | tuple[Problem, ...]:
    """
    The order as answered, or everything that is wrong with the answer; `doubts` as kept with the query (rule, field …).

    Not every doubt has to be answered: what stays open is found again by the next check. `right` is whose: the customer's, or the office's.
    """
    if answer.cancel:
        return _amended(order, {}, cancel=True)
    asked = frozenset((str(doubt["rule"]), str(doubt["field"])) for doubt in doubts)
    open_to_change = {pointer for rule, field in asked for pointer in answerable(rule, field, len(order.lines))}
    values, problems = _checked(answer, open_to_change, order.phone_country)
    problems += _own_ideas(values, doubts)
    problems += _wrong_confirmations(doubts, answer, right)
    if problems:
        return tuple(problems)
    if sum(pointer.startswith("/lines/") and value is None for pointer, value in values.items()) == len(order.lines) > 0:
        return (Problem("/lines", "No line would be left; cancel the order instead.", "no-lines"),)
    return _amended(order, values, confirmed=frozenset(one for one in asked if _names(one, answer.confirmed)))


def answerable(rule: str, field: str, lines: int) -> Iterator[str]:
    """The pointers that an answer to this doubt may change, in an order of so many lines."""
    if field.count("/") > 1 or field in ("/ship_to", "/payment_method", "/total", "/requested_on"):
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


def _wrong_confirmations(doubts: Sequence[Mapping[str, Any]], answer: Answer, right: Override) -> Iterator[Problem]:
    """Only what was asked can be confirmed, and an answer has to say something."""
    if not answer.changes and not answer.confirmed:
        yield Problem("", "The answer says nothing; change or confirm what was asked about, or cancel the order.", "empty")
    for name in sorted(answer.confirmed):
        asked = [doubt for doubt in doubts if _names((str(doubt["rule"]), str(doubt["field"])), {name})]
        if not asked:
            yield Problem("/confirmed", f"Nothing was asked about {name[:100]!r}.", "not-asked")
        elif not all(confirmable(doubt, right) for doubt in asked):
            yield Problem("/confirmed", f"{name!r} cannot be confirmed as it stands; it has to be changed.", "not-confirmable")


def _names(asked: tuple[str, str], confirmed: Set[str]) -> bool:
    """Whether one of these means the rule that was asked about, or it at this very field."""
    return asked[0] in confirmed or " ".join(asked) in confirmed


def _own_ideas(values: Mapping[str, object], doubts: Sequence[Mapping[str, Any]]) -> Iterator[Problem]:
    """A price is what we proposed, or stays."""
    proposed = {str(doubt["field"]): [str(one) for one in doubt.get("proposals") or ()] for doubt in doubts}
    for pointer, value in values.items():
        if pointer.endswith(AS_PROPOSED) and str(value) not in proposed.get(pointer, ()):
            yield Problem(pointer, "This can only be what was proposed.", "not-proposed")


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
        total=new.get("/total", _following(order, lines)),
        requested_on=new.get("/requested_on", order.requested_on),
        lines=lines,
        changed=tuple(new),
        confirmed=confirmed,
        cancel=cancel,
    )


def _following(order: OrderToCheck, lines: Sequence[LineToCheck]) -> Decimal | None:
    """The total after a change of the lines: their sum where it was that before, but for a cent a line."""
    before, after = sum_of(order.lines), sum_of(lines)
    if order.total is None or before is None or after is None or abs(before - order.total) > CENT * len(order.lines):
        return order.total
    return round(after, 2) if after != before else order.total


def _line(line: LineToCheck, new: Mapping[str, Any]) -> LineToCheck:
    if new.get("sku", line.sku) != line.sku:
        line = replace(line, description="", unit_price=None)
    return replace(line, **new)


def _below(values: Mapping[str, Any], pointer: str) -> dict[str, Any]:
    """The values of the parts right below this pointer, by name."""
    return {one.removeprefix(pointer): value for one, value in values.items() if one.startswith(pointer)}
