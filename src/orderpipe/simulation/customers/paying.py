"""
Customers pay in advance, once they are told to.
"""

from orderpipe.simulation.customers.customer import Customer


def pay(customer: Customer) -> bool:
    """Pay, as soon as nothing else is waited for."""
    if not customer.parts(waiting_for="payment"):
        return False
    customer.witness("unpaid")
    taken = customer.taken
    customer.shop.post(f"/v1/orders/{taken.id}/payments", {
        "reference": f"PAY-{taken.number}", "amount": taken.order.meant["total"], "currency": taken.order.meant["currency"],
        "method": "transfer",
    })
    customer.witness("paid")
    return True
