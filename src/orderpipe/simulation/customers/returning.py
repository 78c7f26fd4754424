"""
Customers send goods back: a return by the page, or a withdrawal from the contract; then the parcel with our label on it.
"""

import re

from orderpipe.simulation.customers.customer import Customer

_LABEL = re.compile(r"/t/[A-Za-z0-9_-]+/return/(R-[0-9-]+)")


def send_back(customer: Customer) -> bool:
    """Ask to send one piece back."""
    if (form := customer.offered("return")) is None:
        return False
    customer.browser.send(form, {"pieces-1": "1", "cause": "changed-mind"})
    customer.witness("return declared")
    return True


def withdraw(customer: Customer) -> bool:
    """Withdraw from the contract, for the first line only."""
    if customer.standing()["state"] != "completed" or (form := customer.offered("withdraw")) is None:
        return False
    customer.browser.send(form, {"line-2": None})
    customer.witness("withdrawn")
    return True


def post_the_parcel(customer: Customer) -> bool:
    """Print the label that the letter leads to, and take the parcel to the post."""
    if (link := _LABEL.search(customer.text)) is None:
        return False
    label = customer.browser.open(link[0])
    customer.witness("label")
    customer.scene.post(customer.taken.order.shop, link[1])
    return bool(label.heading)
