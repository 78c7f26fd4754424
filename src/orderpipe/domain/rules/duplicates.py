"""
Duplicates: the same customer orders the same again within minutes, or under a purchase-order number that was used before.
"""

from collections.abc import Iterator

from orderpipe.domain.rules.findings import Doubt
from orderpipe.domain.rules.limits import Limits, number
from orderpipe.domain.rules.subject import OrderToCheck


def duplicate_order(order: OrderToCheck, limits: Limits) -> Iterator[Doubt]:
    """Most of the basket was ordered by the same customer a short while before."""
    likely = [
        twin for twin in order.memory.twins if twin.minutes <= number(limits, "minutes") and twin.likeness >= number(limits, "likeness")
    ]
    if likely:
        twin = max(likely, key=lambda one: one.likeness)
        facts = {"order": twin.number, "minutes": round(twin.minutes), "alike": f"{twin.likeness:.0%}"}
        yield Doubt("/reference", twin.number, facts=facts)


def purchase_order_again(order: OrderToCheck, _: Limits) -> Iterator[Doubt]:
    """The customer's purchase-order number stands on an earlier order of theirs."""
    earlier = order.memory.same_purchase_order
    if order.purchase_order and earlier is not None:
        facts = {"order": earlier.number, "on": earlier.on.isoformat()}
        yield Doubt("/purchase_order", order.purchase_order, facts=facts)
