"""
What a shop offers instead of an article that does not come: by product, and put into the place of what an order waits for.

It is never dearer than what was ordered; where it costs less, it is sold for less.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal

from orderpipe.store.metadata import Tx, text


@dataclass(frozen=True, slots=True)
class Instead:
    """
    So many pieces of an order's line that wait in a fulfillment, and what the shop offers instead ("" for nothing).

    `whole`: nothing else of that line is anywhere, nor canceled. `ordered_at` and `price` are what a piece cost and costs now, in the
    order's currency; None where the order names no price.
    """

    shop_id: int
    fulfillment_id: int
    number: int
    quantity: int
    sku: str
    instead: str
    description: str
    whole: bool
    ordered_at: Decimal | None
    price: Decimal | None

    @property
    def saved(self) -> Decimal:
        """How much less all of it costs than what was ordered."""
        return Decimal(0) if self.ordered_at is None or self.price is None else (self.ordered_at - self.price) * self.quantity


def offered(tx: Tx, fulfillment_ids: Collection[int]) -> list[Instead]:
    """Every line that waits for stock in these fulfillments, with what may come in its place."""
    rows = tx.execute(
        text("""SELECT f.shop_id, f.id, l.number, l.quantity, l.sku, coalesce(s.sku, '') AS instead,
                coalesce(s.description, '') AS description, o.quantity = l.quantity AND o.canceled = 0 AS whole,
                o.unit_price AS ordered_at,
                CASE WHEN o.unit_price IS NOT NULL THEN least(o.unit_price, CASE WHEN w.currency = h.currency THEN s.price END) END AS price
            FROM fulfillment f JOIN fulfillment_line l ON l.fulfillment_id = f.id AND l.quantity > 0
            JOIN order_line o ON o.order_id = f.order_id AND o.number = l.number
            JOIN orders w ON w.id = f.order_id JOIN shop h ON h.id = f.shop_id
            LEFT JOIN product p ON p.shop_id = f.shop_id AND p.sku = l.sku
            LEFT JOIN product s ON s.shop_id = f.shop_id AND s.sku = p.substitute_sku AND s.kind = 'goods' AND NOT s.discontinued
            WHERE f.id = ANY(:ids) AND f.kind = 'parcel' AND f.state = 'planned' AND NOT f.reserved ORDER BY f.id, l.number"""),
        {"ids": sorted(set(fulfillment_ids))},
    )
    return [Instead(*row) for row in rows]


def put_in_place(tx: Tx, order_id: int, some: Sequence[Instead]) -> None:
    """
    Let these pieces be the substitutes; what of a line stays as it was keeps the line, and the substitutes get one of their own.

    The caller holds the order's lock and writes the waiting demand anew.
    """
    highest = int(tx.execute(text("SELECT max(number) FROM order_line WHERE order_id = :id"), {"id": order_id}).scalar_one())
    places, used = [], 0
    for one in some:
        used += not one.whole
        places.append(one.number if one.whole else highest + used)
    given = {
        "order_id": order_id, "fulfillments": [one.fulfillment_id for one in some], "olds": [one.number for one in some],
        "news": places, "skus": [one.instead for one in some], "quantities": [one.quantity for one in some],
        "descriptions": [one.description for one in some], "prices": [one.price for one in some],
    }
    for statement in (_NEW_LINES, _LESS_OF_THE_OLD, _THE_LINE_ITSELF, _IN_THE_FULFILLMENT):
        tx.execute(text(statement), given)


_GIVEN = """unnest(CAST(:fulfillments AS bigint[]), CAST(:olds AS smallint[]), CAST(:news AS smallint[]), CAST(:skus AS text[]),
    CAST(:quantities AS int[]), CAST(:descriptions AS text[]), CAST(:prices AS numeric[]))
    AS u (fulfillment_id, old, new, sku, quantity, description, price)"""
_NEW_LINES = f"""INSERT INTO order_line (order_id, number, sku, kind, description, quantity, unit_price)
    SELECT l.order_id, u.new, u.sku, l.kind, u.description, u.quantity, u.price
    FROM {_GIVEN} JOIN order_line l ON l.order_id = :order_id AND l.number = u.old WHERE u.new <> u.old"""
_LESS_OF_THE_OLD = f"""UPDATE order_line l SET quantity = l.quantity - u.quantity
    FROM (SELECT old, sum(quantity) AS quantity FROM {_GIVEN} WHERE new <> old GROUP BY old) u
    WHERE l.order_id = :order_id AND l.number = u.old"""
_THE_LINE_ITSELF = f"""UPDATE order_line l SET sku = u.sku, description = u.description, unit_price = u.price FROM {_GIVEN}
    WHERE l.order_id = :order_id AND l.number = u.old AND u.new = u.old"""
_IN_THE_FULFILLMENT = f"""UPDATE fulfillment_line l SET number = u.new, sku = u.sku FROM {_GIVEN}
    WHERE l.fulfillment_id = u.fulfillment_id AND l.number = u.old"""


def set_substitute(tx: Tx, shop_id: int, sku: str, instead: str | None) -> bool:
    """Offer this article, or (None) nothing, where that one does not come; returns whether the shop has both."""
    changed = tx.execute(
        text("""UPDATE product p SET substitute_sku = CAST(:instead AS text) WHERE p.shop_id = :shop_id AND p.sku = :sku
            AND (CAST(:instead AS text) IS NULL OR EXISTS (SELECT FROM product s
                WHERE s.shop_id = p.shop_id AND s.sku = :instead AND s.kind = 'goods' AND s.sku <> p.sku))"""),
        {"shop_id": shop_id, "sku": sku, "instead": instead},
    )
    return changed.rowcount == 1
