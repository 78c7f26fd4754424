"""
Prices: what the customer is to pay adds up, is in a currency that is traded in, and is near what was agreed before.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from orderpipe.domain.rules.completeness import of
from orderpipe.domain.rules.findings import Doubt
from orderpipe.domain.rules.limits import Limits, number, words
from orderpipe.domain.rules.subject import LineToCheck, OrderToCheck

CENT = Decimal("0.01")


def sum_of(lines: Sequence[LineToCheck]) -> Decimal | None:
    """What the lines add up to; None where a price is not given."""
    added = Decimal(0)
    for line in lines:
        if line.unit_price is None:
            return None
        added += line.unit_price * line.quantity
    return added


def totals_differ(order: OrderToCheck, _: Limits) -> Iterator[Doubt]:
    """The lines add up to the total, but for a cent a line that rounding may cost; only where all prices are given."""
    if order.total is None or not order.lines or (added := sum_of(order.lines)) is None:
        return
    if abs(added - order.total) > CENT * len(order.lines):
        facts = {"lines": plain(added), "total": plain(order.total), "currency": order.currency}
        yield Doubt("/total", plain(order.total), (plain(added),), facts)


def price_not_positive(order: OrderToCheck, _: Limits) -> Iterator[Doubt]:
    """Nothing is given away, nor paid for by us, unless the office says so."""
    for place, line in enumerate(order.lines):
        if line.unit_price is not None and line.unit_price <= 0:
            yield Doubt(f"/lines/{place}/unit_price", plain(line.unit_price), _agreed(order, line), facts=of(line))


def price_differs(order: OrderToCheck, limits: Limits) -> Iterator[Doubt]:
    """A price is many times the one in the catalogue, last agreed with the customer or paid by others, or a fraction of it."""
    times = Decimal(str(number(limits, "times")))
    for place, line in enumerate(order.lines):
        if line.unit_price is None or line.unit_price <= 0:
            continue
        known = _known(order, line)
        if known and not min(known) / times <= line.unit_price <= max(known) * times:
            facts = {**of(line), "usual_from": plain(min(known)), "usual_to": plain(max(known)), "currency": order.currency}
            yield Doubt(f"/lines/{place}/unit_price", plain(line.unit_price), _agreed(order, line), facts)


def currency_unusual(order: OrderToCheck, limits: Limits) -> Iterator[Doubt]:
    """The currency is neither the shop's nor one it trades in besides, nor what the customer paid in last."""
    usual = {order.shop_currency, order.memory.last_currency}
    if order.shop_currency and order.currency not in usual and order.currency.casefold() not in words(limits, "currencies"):
        yield Doubt("/currency", order.currency, facts={"shop_currency": order.shop_currency})


def plain(amount: Decimal) -> str:
    """An amount as it is written down: two decimal places, more where a price has more."""
    return format(amount, "f") if amount != round(amount, 2) else f"{amount:.2f}"


def _known(order: OrderToCheck, line: LineToCheck) -> list[Decimal]:
    """Every price that can be compared: the catalogue's, the customer's last one, the lowest and the highest that was paid."""
    shop_s = (line.catalogue_price, *((line.article.lowest_price, line.article.highest_price) if line.article else ()))
    last = line.own.last_price if line.own else None
    return [price for price in (last, *(shop_s if order.in_shop_currency else ())) if price]


def _agreed(order: OrderToCheck, line: LineToCheck) -> tuple[str, ...]:
    """What it should cost: as agreed with the customer last, else as in the catalogue."""
    last = line.own.last_price if line.own else None
    agreed = last or (line.catalogue_price if order.in_shop_currency else None)
    return (plain(agreed),) if agreed else ()
