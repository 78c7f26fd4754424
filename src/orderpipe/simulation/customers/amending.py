"""
Customers change their orders on the page: they see what would be different, and confirm it.
"""

from collections.abc import Mapping

from orderpipe.simulation.customers.customer import Customer

STREET = "7 Ropewalk"
"""Where the goods are to go instead."""


def give_another_address(customer: Customer) -> bool:
    """Have it sent to another street."""
    return _change(customer, {"/ship_to/line1": STREET}) and customer.standing()["ship_to"]["line1"] == STREET


def take_one_fewer(customer: Customer) -> bool:
    """Take one piece less of the first line."""
    line = customer.standing()["lines"][0]
    return _change(customer, {"line-1": str(line["quantity"] - 1)})


def _change(customer: Customer, values: Mapping[str, str]) -> bool:
    if (form := customer.offered("change")) is None:
        return False
    sure = customer.browser.send(form, values)
    customer.witness("asked once more")
    customer.browser.send(sure, {})
    customer.witness("changed")
    return True
