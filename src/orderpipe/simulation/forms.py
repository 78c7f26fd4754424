"""
An order as a customer fills it in: what they want, and what of it arrives at the shop, which is not always the same.
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from orderpipe.simulation.catalogue import ShopPlan
from orderpipe.simulation.people import Person

WEB, OFFICE, FILE = "web", "office", "file"
"""How an order comes in: one request from the web shop, keyed in by the office on the telephone, a line of the nightly file."""


@dataclass(frozen=True, slots=True)
class SampleOrder:
    """
    One order of the sample. `meant` is the complete document that the customer has in mind, `sent` the one that arrives.

    `script` names the exception that it plays, "" for an ordinary one; `slips` are wrong values that the customer answers first, by
    JSON pointer.
    """

    shop: str
    reference: str
    meant: Mapping[str, Any]
    sent: Mapping[str, Any]
    by: str = WEB
    script: str = ""
    slips: Mapping[str, object] = field(default_factory=dict)

    def with_sent(self, changes: Mapping[str, object]) -> "SampleOrder":
        """The same wish, but arriving with these values, by JSON pointer; None leaves the field out."""
        sent = copy.deepcopy(dict(self.sent))
        for pointer, value in changes.items():
            _put(sent, pointer, value)
        return replace(self, sent=sent)


def fill_in(
    shop: ShopPlan, reference: str, customer: Person, pieces: Mapping[str, int], *, by: str = WEB, script: str = "", **more: Any
) -> SampleOrder:
    """The order of so many pieces by SKU; `more` are further fields of the document, such as `type` or `backorder_policy`."""
    articles = [(shop.article(sku), quantity) for sku, quantity in pieces.items()]
    document: dict[str, Any] = {
        "reference": reference,
        "language": shop.language,
        "customer": {"name": customer.name, "email": customer.email, "phone": customer.phone},
        "payment_method": "invoice",
        "currency": shop.currency,
        "total": f"{sum((one.price * quantity for one, quantity in articles), Decimal(0)):.2f}",
        "lines": [
            {"sku": one.sku, "description": one.description, "quantity": quantity, "unit_price": f"{one.price:.2f}"}
            for one, quantity in articles
        ],
        **more,
    }
    if any(one.kind == "goods" for one, _ in articles):
        document["ship_to"] = dict(customer.address)
    if by == OFFICE:
        document["channel"] = "telephone"
    elif by == FILE:
        document["channel"] = "file"
    return SampleOrder(shop.code, reference, document, document, by, script)


def value_at(document: Mapping[str, Any], pointer: str) -> Any:
    """What stands at this JSON pointer; None where nothing does."""
    value: Any = document
    for part in pointer.split("/")[1:]:
        if isinstance(value, Sequence) and not isinstance(value, str):
            value = value[int(part)] if part.isdigit() and int(part) < len(value) else None
        else:
            value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _put(document: dict[str, Any], pointer: str, value: object) -> None:
    *path, last = pointer.split("/")[1:]
    part: Any = document
    for name in path:
        part = part[int(name)] if isinstance(part, list) else part[name]
    if value is None:
        part.pop(last, None)
    else:
        part[last] = value
