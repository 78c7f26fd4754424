"""
Customers turn off the letters that they can do without.
"""

from orderpipe.simulation.customers.customer import Customer


def from_everything(customer: Customer) -> bool:
    """Turn off whatever can be turned off."""
    if (form := customer.offered("letters")) is None:
        return False
    customer.browser.send(form, {"none": "1"})
    customer.witness("unsubscribed")
    return True
