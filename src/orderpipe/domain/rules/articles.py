"""
Articles: each line names something that the shop has and still sells, in a number that somebody can mean.

"Usual" is what this customer took of the article before; without that what everybody took of it, or of anything in this shop.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from orderpipe.domain.rules.completeness import of
from orderpipe.domain.rules.findings import Doubt
from orderpipe.domain.rules.limits import Limits, number, words
from orderpipe.domain.rules.subject import LineToCheck, OrderToCheck

_LEAST_SPREAD, _OWN_SPREAD = 1.0, 0.5
_LONGEST_FEE = 4


def product_unknown(order: OrderToCheck, limits: Limits) -> Iterator[Doubt]:
    """Each line names a product or service that the shop has; what reads like a fee is not the customer's to explain."""
    for place, line in enumerate(order.lines):
        if not line.known and not _is_fee(line, limits):
            yield Doubt(f"/lines/{place}/sku", line.sku, facts=of(line))


def fee_unknown(order: OrderToCheck, limits: Limits) -> Iterator[Doubt]:
    """A line that reads like a fee, a discount or an entry of the accounts, under a code that is no product."""
    for place, line in enumerate(order.lines):
        if not line.known and _is_fee(line, limits):
            yield Doubt(f"/lines/{place}/sku", line.sku, facts=of(line))


def fee_line(order: OrderToCheck, limits: Limits) -> Iterator[Doubt]:
    """A line that reads like a fee, a discount or an entry of the accounts, though the shop lists its code as a product."""
    for place, line in enumerate(order.lines):
        if line.known and _is_fee(line, limits):
            yield Doubt(f"/lines/{place}/sku", line.sku, facts=of(line))


def product_discontinued(order: OrderToCheck, _: Limits) -> Iterator[Doubt]:
    """Each line names something that is still sold."""
    for place, line in enumerate(order.lines):
        if line.known and line.discontinued:
            yield Doubt(f"/lines/{place}/sku", line.sku, facts=of(line))


def quantity_not_positive(order: OrderToCheck, _: Limits) -> Iterator[Doubt]:
    """Each line wants at least one."""
    for place, line in enumerate(order.lines):
        if line.quantity <= 0:
            yield Doubt(f"/lines/{place}/quantity", line.quantity, facts=of(line))


def quantity_unusual(order: OrderToCheck, limits: Limits) -> Iterator[Doubt]:
    """A line wants far more than is usual."""
    for place, line in enumerate(order.lines):
        usual = _usual(order, line, limits)
        if usual is not None and line.quantity > usual.most_unasked:
            facts = {**of(line), "usual_from": usual.fewest, "usual_to": usual.most, "whose": usual.whose, "times": usual.times}
            yield Doubt(f"/lines/{place}/quantity", line.quantity, _slips(line.quantity, usual.most), facts)


@dataclass(frozen=True, slots=True)
class Usual:
    """Between which pieces orders lie, whose they were (`customer`, `article`, `shop`), how many, and up to where nobody is asked."""

    whose: str
    times: int
    fewest: int
    most: int
    most_unasked: float


def _usual(order: OrderToCheck, line: LineToCheck, limits: Limits) -> Usual | None:
    """What is usual for this line, None while too little is known."""
    own, shop = line.own, order.memory.shop
    if own is not None and own.times >= number(limits, "own_lines"):
        return Usual("customer", own.times, own.fewest, own.most, own.most * number(limits, "times"))
    if line.article is not None and line.article.lines >= number(limits, "article_lines"):
        whose, norm = "article", line.article
    elif shop is not None and shop.lines >= number(limits, "shop_lines"):
        whose, norm = "shop", shop
    else:
        return None
    reach = norm.reach(number(limits, "spreads"), at_least=_LEAST_SPREAD)
    return Usual(whose, norm.lines, *norm.usual, max(reach, *_own_ways(order, line, limits)))


def _own_ways(order: OrderToCheck, line: LineToCheck, limits: Limits) -> tuple[float, float]:
    """What this customer may order though others do not: as they do with other articles, or did once with this one."""
    own, customer = line.own, order.memory.customer
    once = own.most * number(limits, "times") if own is not None else 0.0
    if customer is None or customer.lines < number(limits, "customer_lines"):
        return once, 0.0
    return once, customer.reach(number(limits, "customer_spreads"), at_least=_OWN_SPREAD)


def _slips(quantity: int, most: int) -> tuple[int, ...]:
    """What was meant if zeros too many were typed: 20 for 2,000 where 20 is usual."""
    while quantity > most and quantity % 10 == 0:
        quantity //= 10
    return (quantity,) if 0 < quantity <= most else ()


def _is_fee(line: LineToCheck, limits: Limits) -> bool:
    """Whether the description is a few words, one of them a word for fees."""
    said = line.description.casefold().split()
    if not 0 < len(said) <= _LONGEST_FEE:
        return False
    known = words(limits, "words")
    # languages that set no spaces between words are searched within
    return not known.isdisjoint(said) or any(word in said[0] for word in known if not word.isascii())
