"""
Prices: what the customer is to pay adds up, is in a currency that is traded in, and is near what was agreed before.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from orderpipe.domain.rules.articles import is_fee
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
    """A price is many times, or a fraction of, the catalogue's and the customer's last one, and of all that anybody paid."""
    for place, line in enumerate(order.lines):
        if line.unit_price is None or line.unit_price <= 0 or is_fee(line):
            continue
        ours, others = _ours(order, line), _others(order, line, limits)
        # what anybody paid is possible; only where nothing else is known it has to be far from that
        bounds = [*_bounds(ours, number(limits, "times")), *_bounds(others, 1 if ours else number(limits, "times_others"))]
        if bounds and not min(low for low, _ in bounds) <= line.unit_price <= max(high for _, high in bounds):
            known = [*ours, *others]
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


def _ours(order: OrderToCheck, line: LineToCheck) -> list[Decimal]:
    """What this customer should pay: the last price, and the catalogue's."""
    last, catalogue = line.own.last_price if line.own else None, line.catalogue_price if order.in_shop_currency else None
    return [price for price in (last, catalogue) if price]


def _others(order: OrderToCheck, line: LineToCheck, limits: Limits) -> list[Decimal]:
    """The lowest and the highest price that anybody paid, where enough did."""
    if not line.article or not order.in_shop_currency or line.article.lines < number(limits, "article_lines"):
        return []
    return [price for price in (line.article.lowest_price, line.article.highest_price) if price]


def _bounds(prices: Sequence[Decimal], times: float) -> list[tuple[Decimal, Decimal]]:
    factor = Decimal(str(times))
    return [(price / factor, price * factor) for price in prices]


def _agreed(order: OrderToCheck, line: LineToCheck) -> tuple[str, ...]:
    """What it should cost: as agreed with the customer last, else as in the catalogue."""
    last = line.own.last_price if line.own else None
    agreed = last or (line.catalogue_price if order.in_shop_currency else None)
    return (plain(agreed),) if agreed else ()
