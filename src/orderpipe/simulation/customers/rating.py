"""
Customers say how satisfied they are, by the link in the letter of thanks.
"""

import re

from orderpipe.simulation.customers.customer import Act, Customer

_LINK = re.compile(r"/t/[A-Za-z0-9_-]+/rate\?arrived=yes")


def rate(score: int, comment: str = "") -> Act:
    """Everything arrived; give so many of five."""

    def act(customer: Customer) -> bool:
        if (link := _LINK.search(customer.text)) is None:
            return False
        customer.browser.send(customer.browser.open(link[0]), {"score": str(score), "comment": comment})
        customer.witness("rated")
        return True

    return act
