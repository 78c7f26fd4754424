"""
Completeness: what an order must say before work starts on it.
"""

from collections.abc import Iterator

from orderpipe.domain.contacts import blank, email_problem, phone_problem
from orderpipe.domain.countries import has_cities, has_postal_codes, is_country
from orderpipe.domain.rules.findings import Doubt
from orderpipe.domain.rules.limits import Limits
from orderpipe.domain.rules.subject import GOODS, LineToCheck, OrderToCheck


def no_lines(order: OrderToCheck, _: Limits) -> Iterator[Doubt]:
    """An order for nothing is none."""
    if not order.lines:
        yield Doubt("/lines", [])


def name_missing(order: OrderToCheck, _: Limits) -> Iterator[Doubt]:
    """An order needs the customer's name; any text that can be seen is one."""
    name = order.customer.get("name", "")
    if blank(name):
        yield Doubt("/customer/name", name)


def contact_missing(order: OrderToCheck, _: Limits) -> Iterator[Doubt]:
    """The customer must be reachable by e-mail or telephone."""
    email, phone = order.customer.get("email", ""), order.customer.get("phone", "")
    if (at_email := email_problem(email)) and (at_phone := phone_problem(phone, order.phone_country)):
        yield Doubt("/customer", {"email": email, "phone": phone}, facts={"email": at_email, "phone": at_phone})


def email_invalid(order: OrderToCheck, _: Limits) -> Iterator[Doubt]:
    """An e-mail address that is given must be one, even where the telephone would do."""
    email = order.customer.get("email", "")
    if email and (problem := email_problem(email)) and not phone_problem(order.customer.get("phone", ""), order.phone_country):
        yield Doubt("/customer/email", email, facts={"problem": problem})


def phone_invalid(order: OrderToCheck, _: Limits) -> Iterator[Doubt]:
    """A telephone number that is given must be one, there or at home, even where the e-mail address would do."""
    phone, reachable = order.customer.get("phone", ""), not email_problem(order.customer.get("email", ""))
    if phone and reachable and (problem := phone_problem(phone, order.phone_country)) and phone_problem(phone, order.country):
        yield Doubt("/customer/phone", phone, facts={"problem": problem})


def description_missing(order: OrderToCheck, _: Limits) -> Iterator[Doubt]:
    """Each line says in words what is wanted; question marks and dashes are no words."""
    for place, line in enumerate(order.lines):
        if blank(line.description) or not any(letter.isalnum() for letter in line.description):
            yield Doubt(f"/lines/{place}/description", line.description, facts=of(line))


def payment_method_missing(order: OrderToCheck, _: Limits) -> Iterator[Doubt]:
    """It must be known how the customer pays."""
    if blank(order.payment_method):
        yield Doubt("/payment_method", order.payment_method)


def address_missing(order: OrderToCheck, _: Limits) -> Iterator[Doubt]:
    """Goods need an address: street, place, country, and the postal code where the country has them."""
    if not any(line.kind == GOODS for line in order.lines):
        return
    if not order.ship_to:
        yield Doubt("/ship_to")
        return
    country = order.ship_to.get("country", "")
    if not is_country(country):
        yield Doubt("/ship_to/country", country, (order.country,) if order.country else ())
    for part, needed in (("line1", True), ("city", has_cities(country)), ("postal_code", has_postal_codes(country))):
        if needed and blank(given := order.ship_to.get(part, "")):
            yield Doubt(f"/ship_to/{part}", given)


def of(line: LineToCheck) -> dict[str, object]:
    """The line by what the customer knows it by."""
    return {"sku": line.sku, "description": line.description, "quantity": line.quantity}
