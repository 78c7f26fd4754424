"""
Customers cancel: on the page, where they are asked once more, or by the web shop's own button.
"""

from orderpipe.simulation.customers.customer import Customer
from orderpipe.simulation.door import Refused


def before_paying(customer: Customer) -> bool:
    """Cancel on the page instead of paying."""
    if not customer.parts(waiting_for="payment") or (page := customer.offered("cancel")) is None:
        return False
    customer.witness("asked once more")
    customer.browser.send(page, {})
    customer.witness("canceled")
    return True


def read_confirmation(customer: Customer) -> bool:
    """Look for the instant at which the cancellation arrived."""
    if "Your cancellation reached us on" not in customer.text:
        return False
    customer.witness("confirmed with the time")
    return True


def the_rest(customer: Customer) -> bool:
    """Cancel what has not come, once the other part is there."""
    return bool(customer.parts(waiting_for="stock") and customer.parts(state="delivered")) and _by_the_shop(customer)


def when_it_has_left(customer: Customer) -> bool:
    """Cancel what is on its way or there."""
    return bool(customer.parts(state="shipped") or customer.parts(state="delivered")) and _by_the_shop(customer)


def _by_the_shop(customer: Customer) -> bool:
    try:
        customer.shop.post(f"/v1/orders/{customer.taken.id}/cancel", {"reason": "customer"})
    except Refused as refusal:
        if refusal.answer.status != 409:
            raise
        customer.witness("cancel refused")
    else:
        customer.witness("canceled")
    return True
