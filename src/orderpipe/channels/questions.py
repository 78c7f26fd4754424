"""
What we ask the customer: each doubt about an order as a plain question, with what stands there and what it might be.
"""

from collections.abc import Mapping
from typing import Any

from orderpipe.channels.views import OrderView
from orderpipe.channels.wording import Wording


def question_of(doubt: Mapping[str, Any], order: OrderView, wording: Wording) -> str:
    """The question for a doubt (rule, field as JSON pointer, have, proposals); a rule without one of its own gets a general one."""
    phrases = wording.phrases
    rule = str(doubt.get("rule", ""))
    if rule not in phrases["doubts"] and doubt.get("text"):
        return str(doubt["text"])
    forms = phrases["doubts"].get(rule) or phrases["doubts"]["other"]
    have = _said(doubt.get("have"), rule, wording)
    number, item = _line(str(doubt.get("field", "")), order)
    question = forms[-1 if have else 0].format(have=have, line=number, item=item, field=_field(doubt, wording))
    proposals = [_said(proposal, rule, wording) for proposal in doubt.get("proposals") or ()]
    if not proposals:
        return str(question)
    guesses = phrases["words"]["or"].join(proposals)
    return f"{question}{phrases['words']['proposals'].format(proposals=guesses)}"


def _said(value: object, rule: str, wording: Wording) -> str:
    """A value as the customer knows it."""
    comma: str = wording.phrases["words"]["comma"]
    match value:
        case None:
            return ""
        case Mapping():
            return comma.join(_said(part, rule, wording) for part in value.values() if part)
        case list() | tuple():
            return comma.join(_said(part, rule, wording) for part in value if part)
        case _ if rule == "totals-differ":
            return wording.money(value)
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


def _field(doubt: Mapping[str, Any], wording: Wording) -> str:
    last = str(doubt.get("field", "")).rpartition("/")[2]
    return str(wording.phrases["fields"].get(last, last))
