"""
What stands beside an order, in sentences: its delay and its cases.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any


def of_cases(cases: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The cases about the order, and the order that it replaces."""
    for one in cases:
        if one["replaces"]:
            yield f"It replaces order {one['replaces']} because of case {one['number']}."
        else:
            by = f"; replaced by order {', '.join(one['replaced_by'])}" if one["replaced_by"] else ""
            yield f"Case {one['number']} ({one['kind']}) is {one['state']}{by}. See `orderpipe case show {one['number']}`."


def of_delay(delay: Mapping[str, Any], say: Callable[[datetime], str]) -> Iterator[str]:
    """What is late, what the customer was told, and what happens without word; `say` puts an instant into words."""
    first = f"What was promised until {say(delay['original_until'])}"
    match delay["state"]:
        case "at-risk":
            yield f"{first} is at risk ({delay['cause']}); the office was warned."
        case "late":
            yield f"{first} is late ({delay['cause']}).\n  By itself next: delay.tell."
        case state:
            now = f"by {say(delay['revised_until'])}" if delay["revised_until"] else "without a date"
            yield f"{first} comes {now} ({delay['cause']}); the customer was told."
            yield f"  The customer's choice: {delay['chosen']}." if state == "chosen" else _SILENCE[delay["silence"]].format(
                until=say(delay["answer_until"])
            )


_SILENCE = {
    "consents": "  It is the customer's turn; without word the customer waits, from {until} on.",
    "cancels": "  It is the customer's turn; without word what is late is canceled, {until}.",
    "calls": "  It is the customer's turn; without word the office calls, {until}.",
}
