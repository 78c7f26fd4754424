"""
Customers answer what they are asked, from what they had in mind; some mistype, one does not answer.
"""

import re
from collections import defaultdict
from collections.abc import Sequence

from orderpipe.simulation.customers.customer import Customer
from orderpipe.simulation.door import Door
from orderpipe.simulation.forms import value_at

_LINK = re.compile(r"/q/([A-Za-z0-9_-]+)")


class Answering:
    """Answers questions by the links in letters, each once; for one thread."""

    def __init__(self, address: str) -> None:
        self._door = Door(address)
        self._answered: defaultdict[str, set[str]] = defaultdict(set)

    def read(self, customer: Customer, *, channel: str) -> bool:
        """Answer what the letter asks; whether it asks anything. A reminder of what is answered is put aside."""
        if (found := _LINK.search(customer.text)) is None:
            return False
        answered, asked = self._answered[customer.taken.id], _asked(customer)
        # each letter has a link of its own
        if asked and found[1] not in answered and customer.taken.order.script != "no-answer":
            self._answer(customer, found[1], asked, channel)
            answered.add(found[1])
        return True

    def _answer(self, customer: Customer, token: str, asked: Sequence[str], channel: str) -> None:
        order, before = customer.taken.order, self._answered[customer.taken.id]
        slips = {} if before else order.slips
        changes = {field: slips.get(field, value_at(order.meant, field)) for field in asked}
        self._door.post(f"/v1/answers/{token}", {"changes": changes})
        customer.witness("answered again" if before else "answered")
        if channel == "sms":
            customer.witness("asked by SMS")


def _asked(customer: Customer) -> Sequence[str]:
    return [doubt["field"] for question in customer.standing()["questions"] for doubt in question["doubts"]]
