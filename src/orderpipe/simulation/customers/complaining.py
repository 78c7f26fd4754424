"""
Customers say on the page that something is wrong with what they got.
"""

from orderpipe.simulation.customers.customer import Customer


def of_damage(customer: Customer) -> bool:
    """One piece came broken."""
    if customer.standing()["state"] != "completed" or (form := customer.offered("problem")) is None:
        return False
    words = "One of them came in pieces, though the box looked well."
    customer.browser.send(form, {"cause": "damaged", "pieces-1": "1", "text": words})
    customer.witness("complained")
    return True


def of_what_is_missing(customer: Customer) -> bool:
    """Asked whether everything arrived, say no, and of what one is missing."""
    if (question := customer.offered("rate")) is None:
        return False
    form = customer.browser.send(question, {"arrived": "no"})
    customer.browser.send(form, {"pieces-1": "1", "text": "少了一只杯子。"})
    customer.witness("complained")
    return True
