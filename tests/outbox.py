"""
A shop with a few orders in the database, for tests of what goes out to people.
"""

from datetime import UTC, datetime

from sqlalchemy import Connection, text

from orderpipe.domain.decisions import Audience, Tell
from orderpipe.store import notifications
from orderpipe.store.metadata import as_json

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
MARIA = {"name": "María Müller", "email": "maria@customers.example", "phone": "+442079460123"}
BERLIN = {"line1": "Hauptstraße 1", "city": "Berlin", "postal_code": "10827", "country": "DE"}


def add_shop(tx: Connection, *, code: str = "tea", office_email: str = "office@tea.example", language: str = "en") -> int:
    """A tea shop in Berlin."""
    row = tx.execute(text(
        "INSERT INTO shop (code, name, language, time_zone, currency, mail_from, office_email)"
        " VALUES (:code, 'Tee & Söhne', :language, 'Europe/Berlin', 'EUR', 'orders@tea.example', :office_email) RETURNING id"
    ), {"code": code, "office_email": office_email, "language": language})
    return int(row.scalar_one())


def add_order(tx: Connection, shop_id: int, *, customer: object = MARIA, language: str = "en", reference: str = "A-1") -> int:
    """An order of two lines, just received."""
    row = tx.execute(text(
        "INSERT INTO orders (shop_id, reference, content_hash, type, lane, channel, language, customer, ship_to, payment_method,"
        " prepaid, currency, total, backorder_policy, state, next_at, received_at, stage_entered_at)"
        " VALUES (:shop_id, :reference, '', 'standard', 'standard', 'http', :language, CAST(:customer AS jsonb),"
        " CAST(:ship_to AS jsonb), 'invoice', false, 'EUR', 34.50, 'as-available', 'received', :now, :now, :now) RETURNING id"
    ), {
        "shop_id": shop_id, "reference": reference, "language": language, "customer": as_json(customer),
        "ship_to": as_json(BERLIN), "now": NOON,
    })
    order_id = int(row.scalar_one())
    tx.execute(text(
        "INSERT INTO order_line (order_id, number, sku, kind, description, quantity, unit_price)"
        " VALUES (:id, 1, 'TEA-1', 'goods', 'Darjeeling, 100 g', 2, 12.25), (:id, 2, 'TEA-2', 'goods', 'Tea strainer', 1, 10)"
    ), {"id": order_id})
    return order_id


def shipped(order_id: int, *, dedupe: str = "", to: Audience = Audience.CUSTOMER) -> tuple[int, Tell]:
    """The news that a parcel is on its way."""
    facts = {
        "tracking_number": "JD014600", "carrier": "DHL", "lines": [{"number": 1, "quantity": 2}], "until": "2026-11-06T17:00:00+00:00",
    }
    return order_id, Tell("shipped", facts, dedupe or f"{order_id} shipped", to)


def tell(tx: Connection, *tells: tuple[int, Tell], now: datetime = NOON) -> notifications.Enqueued:
    """Put these into the outbox."""
    return notifications.enqueue(tx, tells, now, office_default="office@orderpipe.example")
