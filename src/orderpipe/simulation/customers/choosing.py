"""
Customers are told that something is late, and choose: to wait, to have now what is there, to cancel it, or they say nothing.
"""

from orderpipe.simulation.customers.customer import Act, Customer


def hear(customer: Customer) -> bool:
    """See on the page what is late, and say nothing."""
    if customer.offered("delay") is None:
        return False
    customer.witness("told")
    return True


def choose(choice: str) -> Act:
    """Choose this about what is late; a cancellation is confirmed once more."""

    def act(customer: Customer) -> bool:
        if (page := customer.offered("delay")) is None:
            return False
        customer.witness("told")
        after = customer.browser.send(page, {"choice": choice})
        if choice == "cancel":
            customer.browser.send(after, {})
        customer.witness(choice)
        return True

    return act
