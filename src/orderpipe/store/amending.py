"""
What an amendment looks at and rewrites: the order's head and lines, what was confirmed of it, and the parts not picked yet.

The caller holds the order's lock, and those of the stock rows before pieces are put into a fulfillment.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from orderpipe.domain.amendments import Amendment, Article, Line, Order
from orderpipe.domain.countries import is_country
from orderpipe.flow import FulfillmentState, OrderState
from orderpipe.store import new_orders, payments
from orderpipe.store.metadata import Tx, as_json, text


@dataclass(frozen=True, slots=True)
class Subject:
    """An order to amend; `names` are what its lines are called, by number, `today` the shop's day."""

    order_id: int
    shop_id: int
    type: str
    lane: str
    prepaid: bool
    currency: str
    today: date
    order: Order
    names: Mapping[int, str]


def subject(tx: Tx, order_id: int, now: datetime) -> Subject | None:
    """The order as it stands, None where there is none."""
    row = tx.execute(text(_ORDER), {"id": order_id}).one_or_none()
    if row is None:
        return None
    lines = tx.execute(
        text("SELECT number, sku, quantity, canceled, unit_price, description FROM order_line WHERE order_id = :id ORDER BY number"),
        {"id": order_id},
    ).all()
    parts = tx.execute(text("SELECT state FROM fulfillment WHERE order_id = :id ORDER BY id"), {"id": order_id}).scalars()
    account = payments.accounts(tx, [order_id])[order_id]
    given = (row.ship_to or {}).get("country", "")
    order = Order(
        OrderState(row.state), tuple(map(FulfillmentState, parts)), account.paid, row.customer, row.ship_to, row.payment_method,
        row.total, row.requested_on, tuple(Line(*line[:5]) for line in lines), given if is_country(given) else row.country,
    )
    names = {line.number: line.description or line.sku for line in lines}
    today = now.astimezone(ZoneInfo(row.time_zone)).date()
    return Subject(order_id, row.shop_id, row.type, row.lane, row.prepaid, row.currency, today, order, names)


_ORDER = """SELECT o.*, s.country, s.time_zone FROM orders o JOIN shop s ON s.id = o.shop_id WHERE o.id = :id"""


def articles(tx: Tx, shop_id: int, skus: Collection[str], currency: str) -> dict[str, Article]:
    """Those of the articles that the shop has; a price holds in the shop's own currency only."""
    if not skus:
        return {}
    rows = tx.execute(
        text("""SELECT p.sku, CASE WHEN s.currency = :currency THEN p.price END AS price, p.discontinued
            FROM product p JOIN shop s ON s.id = p.shop_id WHERE p.shop_id = :shop_id AND p.sku = ANY(:skus)"""),
        {"shop_id": shop_id, "skus": sorted(skus), "currency": currency},
    )
    return {row.sku: Article(row.price, row.discontinued) for row in rows}


def known(tx: Tx, order_id: int, key: str) -> bool:
    """Whether the order was amended under this key before."""
    row = tx.execute(
        text("SELECT FROM journal WHERE order_id = :id AND what = 'order.amended' AND note->>'amendment' = :key LIMIT 1"),
        {"id": order_id, "key": key},
    )
    return row.one_or_none() is not None


def write_head(tx: Tx, order_id: int, amendment: Amendment) -> None:
    """Write the order's head as it is from now on; what is packed or on its way keeps the address it was packed for."""
    tx.execute(
        text("""UPDATE fulfillment f SET ship_to = o.ship_to FROM orders o
            WHERE o.id = :id AND f.order_id = o.id AND f.ship_to IS NULL AND o.ship_to IS DISTINCT FROM CAST(:ship_to AS jsonb)
                AND f.kind = 'parcel' AND f.state IN ('packed', 'shipped', 'delivered', 'returned', 'lost')"""),
        {"id": order_id, "ship_to": as_json(amendment.ship_to)},
    )
    tx.execute(
        text("""UPDATE orders SET customer = CAST(:customer AS jsonb), ship_to = CAST(:ship_to AS jsonb),
            payment_method = :payment_method, total = :total, requested_on = :requested_on WHERE id = :id"""),
        {
            "id": order_id, "customer": as_json(amendment.customer), "ship_to": as_json(amendment.ship_to),
            "payment_method": amendment.payment_method, "total": amendment.total, "requested_on": amendment.requested_on,
        },
    )


def add_pieces(tx: Tx, order_id: int, amendment: Amendment) -> dict[int, int]:
    """Write what is wanted besides, in lines that are there and in new ones; returns the pieces by line number."""
    _change(tx, order_id, amendment.more, canceled=0)
    first = _last_number(tx, order_id) + 1 if amendment.added else 0
    added = dict(enumerate(amendment.added, start=first))
    new_orders.insert_lines(tx, [(order_id, number, one.sku, "", one.quantity, one.unit_price) for number, one in added.items()])
    return {**amendment.more, **{number: one.quantity for number, one in added.items()}}


def take_off_pieces(tx: Tx, order_id: int, amendment: Amendment) -> None:
    """What was taken back is no longer ordered at all; a line that goes leaves only what was canceled of it before."""
    _change(tx, order_id, {number: -pieces for number, pieces in amendment.fewer.items()}, canceled=1)
    tx.execute(
        text("DELETE FROM order_line WHERE order_id = :id AND number = ANY(CAST(:numbers AS int[])) AND canceled = 0"),
        {"id": order_id, "numbers": sorted(amendment.removed)},
    )


def _change(tx: Tx, order_id: int, pieces: Mapping[int, int], *, canceled: int) -> None:
    if pieces:
        tx.execute(
            text("""UPDATE order_line l SET quantity = l.quantity + u.pieces, canceled = l.canceled + :canceled * u.pieces
                FROM unnest(CAST(:numbers AS int[]), CAST(:pieces AS int[])) AS u (number, pieces)
                WHERE l.order_id = :id AND l.number = u.number"""),
            {"id": order_id, "numbers": list(pieces), "pieces": list(pieces.values()), "canceled": canceled},
        )


def _last_number(tx: Tx, order_id: int) -> int:
    """The highest line number ever given out, lines that are gone included as far as a fulfillment remembers them."""
    return int(tx.execute(
        text("""SELECT greatest(coalesce((SELECT max(number) FROM order_line WHERE order_id = :id), 0),
            coalesce((SELECT max(l.number) FROM fulfillment f JOIN fulfillment_line l ON l.fulfillment_id = f.id
                WHERE f.order_id = :id), 0))"""),
        {"id": order_id},
    ).scalar_one())


def no_longer_confirmed(tx: Tx, order_id: int, fields: Collection[str]) -> None:
    """What somebody confirmed about these fields (JSON pointers) was about other values."""
    tx.execute(
        text("""UPDATE finding SET cleared_how = 'outdated' WHERE order_id = :id AND cleared_how = 'confirmed' AND field = ANY(:fields)"""),
        {"id": order_id, "fields": sorted(fields)},
    )


@dataclass(frozen=True, slots=True)
class Room:
    """A fulfillment that pieces may still be put into: a parcel at a location, or (None) an appointment."""

    fulfillment_id: int
    location_id: int | None


def room_in(tx: Tx, order_id: int, states: Collection[FulfillmentState]) -> list[Room]:
    """The order's fulfillments in these states whose stock is set aside, those farthest from leaving first."""
    rows = tx.execute(
        text("""SELECT id, location_id FROM fulfillment WHERE order_id = :id AND state = ANY(:states)
            AND (reserved OR kind = 'appointment') ORDER BY state <> 'planned', id"""),
        {"id": order_id, "states": list(states)},
    )
    return [Room(*row) for row in rows]


def put_into(tx: Tx, pieces: Sequence[tuple[int, int, str, int]]) -> None:
    """Put pieces into fulfillments: (fulfillment id, line number, SKU, quantity)."""
    if pieces:
        names = ("ids", "numbers", "skus", "quantities")
        tx.execute(
            text("""INSERT INTO fulfillment_line (fulfillment_id, number, sku, quantity)
                SELECT * FROM unnest(CAST(:ids AS bigint[]), CAST(:numbers AS smallint[]), CAST(:skus AS text[]),
                    CAST(:quantities AS int[]))
                ON CONFLICT (fulfillment_id, number) DO UPDATE SET quantity = fulfillment_line.quantity + excluded.quantity"""),
            dict(zip(names, map(list, zip(*pieces, strict=True)), strict=True)),
        )


def live_in(tx: Tx, order_id: int, states: Collection[FulfillmentState]) -> list[int]:
    """The order's fulfillments in these states."""
    rows = tx.execute(
        text("SELECT id FROM fulfillment WHERE order_id = :id AND state = ANY(:states) ORDER BY id"),
        {"id": order_id, "states": list(states)},
    )
    return list(rows.scalars())


def promised_until(tx: Tx, order_id: int) -> datetime | None:
    """The end of what is promised of what is still on its way, by the latest revision of each part."""
    found: datetime | None = tx.execute(
        text("""SELECT max(p.until_at) FROM fulfillment f CROSS JOIN LATERAL (SELECT until_at FROM promise
            WHERE fulfillment_id = f.id ORDER BY revision DESC LIMIT 1) p WHERE f.order_id = :id AND f.ended_at IS NULL"""),
        {"id": order_id},
    ).scalar()
    return found
