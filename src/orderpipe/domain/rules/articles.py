"""
Articles: each line names something that the shop has and still sells, in a number that somebody can mean.

"Usual" is what this customer took of the article before; without that what everybody took of it, or of anything in this shop.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from orderpipe.domain.rules.completeness import of
from orderpipe.domain.rules.findings import Doubt
from orderpipe.domain.rules.limits import Limits, number, words
from orderpipe.domain.rules.subject import GOODS, LineToCheck, OrderToCheck

FEES = frozenset({
    "postage", "carriage", "freight", "shipping", "delivery", "handling", "surcharge", "fee", "fees", "charge", "charges", "discount",
    "commission", "manual", "adjustment", "adjust", "debt", "deposit", "sample", "samples", "rounding",
    "邮费", "运费", "快递费", "手续费", "服务费", "折扣", "押金", "样品", "调整",
})  # fmt: skip
_LONGEST_FEE = 4
_LEAST_SPREAD, _OWN_SPREAD = 1.0, 0.5


def product_unknown(order: OrderToCheck, limits: Limits) -> Iterator[Doubt]:
    """Each line names a product or service that the shop has; what reads like a fee is not the customer's to explain."""
    for place, line in enumerate(order.lines):
        if not line.known and not is_fee(line, limits):
            yield Doubt(f"/lines/{place}/sku", line.sku, facts=of(line))


def fee_unknown(order: OrderToCheck, limits: Limits) -> Iterator[Doubt]:
    """A line that reads like a fee, a discount or an entry of the accounts, under a code that is no product."""
    for place, line in enumerate(order.lines):
        if not line.known and is_fee(line, limits):
            yield Doubt(f"/lines/{place}/sku", line.sku, facts=of(line))


def fee_line(order: OrderToCheck, limits: Limits) -> Iterator[Doubt]:
    """A line that reads like a fee, a discount or an entry of the accounts, though the shop lists its code as a product."""
    for place, line in enumerate(order.lines):
        if line.known and is_fee(line, limits):
            yield Doubt(f"/lines/{place}/sku", line.sku, facts=of(line))


def fees_alone(order: OrderToCheck, limits: Limits) -> Iterator[Doubt]:
    """An order for fees alone: nothing that could be sent or done."""
    if order.lines and all(is_fee(line, limits) for line in order.lines):
        yield Doubt("/lines", [line.sku for line in order.lines])


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
        usual = _usual(order, line, limits) if not is_fee(line) else None
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
    own, article, shop = line.own, line.article, order.memory.shop
    if own is not None and own.times >= number(limits, "own_lines"):
        return Usual("customer", own.times, own.fewest, own.most, own.most * number(limits, "times"))
    if shop is None or shop.lines < number(limits, "shop_lines"):
        return None
    weight = number(limits, "shop_weight")
    expected = article.among(shop, weight) if article is not None else shop
    reach = expected.reach(number(limits, "spreads"), at_least=_LEAST_SPREAD)
    whose, norm = ("article", article) if article is not None and article.lines >= weight else ("shop", shop)
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


def is_fee(line: LineToCheck, limits: Limits | None = None) -> bool:
    """Whether the description is a few words, one of them a word for fees or one that the shop has for them besides; no service is one."""
    return line.kind == GOODS and _reads_like_a_fee(line.description, words(limits, "words") if limits else frozenset())


@lru_cache(maxsize=16384)
def _reads_like_a_fee(description: str, besides: frozenset[str]) -> bool:
    said, known = description.casefold().split(), FEES | besides
    if not 0 < len(said) <= _LONGEST_FEE:
        return False
    # languages that set no spaces between words are searched within
    return not known.isdisjoint(said) or any(word in said[0] for word in known if not word.isascii())
