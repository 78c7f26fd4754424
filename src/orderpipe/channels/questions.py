"""
What we ask the customer: each doubt about an order as a plain question, with what stands there and what it might be.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from orderpipe.channels.views import OrderView
from orderpipe.channels.wording import Wording
from orderpipe.domain.mailed_answers import Point
from orderpipe.domain.queries import confirmable


def question_of(doubt: Mapping[str, Any], order: OrderView, wording: Wording) -> str:
    """The question for a doubt (rule, field as JSON pointer, have, proposals, number); a rule without one of its own gets a general one."""
    words = wording.phrases["words"]
    question = f"{doubt['number']}. " if doubt.get("number") else ""
    question += bare_question_of(doubt, order, wording)
    guesses = words["or"].join(proposals_of(doubt, wording))
    return f"{question}{words['proposals'].format(proposals=guesses)}" if guesses else question


def bare_question_of(doubt: Mapping[str, Any], order: OrderView, wording: Wording) -> str:
    """The question alone, without what the answer might be."""
    rules = wording.phrases["doubts"]
    rule, field = str(doubt.get("rule", "")), str(doubt.get("field", ""))
    if rule not in rules and doubt.get("text"):
        return str(doubt["text"])
    forms = rules[_form(doubt, rule, field, rules)]
    have = have_of(doubt, wording)
    number, item = _line(field, order)
    evidence = {name: _evidence(name, doubt[name], rule, wording) for name in _EVIDENCE if name in doubt}
    usual = dict.fromkeys((evidence.pop("usual_from", ""), evidence.pop("usual_to", "")))
    evidence["usual"] = wording.phrases["words"]["to"].join(usual)
    said = _Said(evidence | {"have": have, "line": number, "item": item, "field": field_name(field, wording)})
    return str(forms[-1 if have else 0].format_map(said))


def _form(doubt: Mapping[str, Any], rule: str, field: str, rules: Mapping[str, Any]) -> str:
    """Which form the question has: that of the rule and what it found out about it, that of the rule, or a general one."""
    found_out = f"{rule}-{doubt.get('why') or doubt.get('whose')}"
    if found_out in rules:
        return found_out
    if field.startswith("/ship_to/") and (rule == "address-missing" or rule not in rules):
        return "address-part-missing"
    return rule if rule in rules else "other"


_EVIDENCE = ("usual_from", "usual_to", "order", "minutes", "on", "before", "example", "country")
"""The facts of rules that a question may tell."""


class _Said(dict[str, str]):
    def __missing__(self, _: str) -> str:
        return ""


def _evidence(name: str, value: object, rule: str, wording: Wording) -> str:
    match name:
        case "on":
            return wording.day(str(value))
        case "country":
            return wording.country(str(value))
        case _:
            return _said(value, rule, wording)


def have_of(doubt: Mapping[str, Any], wording: Wording) -> str:
    """What stands there, as the customer knows it."""
    return _said(doubt.get("have"), str(doubt.get("rule", "")), wording)


def proposals_of(doubt: Mapping[str, Any], wording: Wording) -> list[str]:
    """What the answer might be, as the customer knows it."""
    is_country = doubt.get("field") == "/ship_to/country"
    words = (_said(one, str(doubt.get("rule", "")), wording) for one in doubt.get("proposals") or ())
    return [wording.country(one) if is_country else one for one in words]


_ABOUT_MONEY = frozenset({"totals-differ", "price-differs", "price-not-positive"})
def points_of(doubts: Sequence[Mapping[str, Any]], wording: Wording) -> list[Point]:
    """What was asked, each with the answers that a reply may name as the letter did."""
    countries = wording.countries if any(str(doubt.get("field", "")).startswith("/ship_to") for doubt in doubts) else {}
    return [
        Point(
            str(doubt.get("rule", "")), str(doubt.get("field", "")), doubt.get("have"), _choices(doubt, wording), countries,
            confirmable(doubt),
        )
        for doubt in doubts
    ]


def _choices(doubt: Mapping[str, Any], wording: Wording) -> list[tuple[str, object]]:
    if doubt.get("rule") == "payment-method-missing":
        return [(words, code) for code, words in reversed(wording.phrases["payment"].items())]
    return list(zip(proposals_of(doubt, wording), doubt.get("proposals") or (), strict=True))


def _said(value: object, rule: str, wording: Wording) -> str:
    """A value as the customer knows it; what `rule` is about tells amounts of money from other numbers."""
    comma: str = wording.phrases["words"]["comma"]
    match value:
        case None:
            return ""
        case Mapping():
            return comma.join(_said(part, rule, wording) for part in value.values() if part)
        case list() | tuple():
            return comma.join(_said(part, rule, wording) for part in value if part)
        case int():
            return f"{value:,}"
        case _ if rule in _ABOUT_MONEY:
            return wording.money(value)
        case _ if rule == "requested-date-impossible":
            return wording.day(str(value))
        case _ if rule == "payment-method-missing":
            return str(wording.phrases["payment"].get(str(value), value))
        case _:
            return str(value)


def _line(pointer: str, order: OrderView) -> tuple[str, str]:
    """Number and name of the line a pointer such as `/lines/0/quantity` leads to, both "" when it leads elsewhere."""
    parts = pointer.split("/")
    if len(parts) < 3 or parts[1] != "lines" or not parts[2].isascii() or not parts[2].isdigit():
        return "", ""
    line = order.line_at(int(parts[2][:9]))
    number = line.number if line else int(parts[2][:9]) + 1
    return str(number), order.item_name(number)


def field_name(pointer: str, wording: Wording) -> str:
    """What the field at this JSON pointer is called."""
    last = pointer.rpartition("/")[2]
    return str(wording.phrases["fields"].get(last, last))
