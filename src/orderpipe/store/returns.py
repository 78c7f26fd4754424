"""
Returns: what may come back under which number, what the scans of it said, and what became of each piece.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
)

from orderpipe.domain.cases import Pieces
from orderpipe.domain.returns import Item, Return, ReturnScan, ReturnState, Scanned
from orderpipe.store.metadata import Tx, insert_rows, metadata, one_of, text

return_authorisation = Table(
    "return_authorisation",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("case_id", BigInteger, ForeignKey("case_file.id"), nullable=False),
    Column("order_id", BigInteger, ForeignKey("orders.id"), nullable=False),
    Column("shop_id", BigInteger, nullable=False),
    Column("location_id", BigInteger, ForeignKey("location.id"), nullable=False),
    Column("state", Text, nullable=False),
    Column("authorised_at", DateTime(timezone=True), nullable=False),
    Column("authorised_by", Text, nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    CheckConstraint(one_of("state", ReturnState), name="state"),
    Index("ix_return_authorisation_order_id", "order_id"),
    Index("ix_return_authorisation_expires_at", "expires_at", postgresql_where=text("state = 'authorised'")),
)

return_item = Table(
    "return_item",
    metadata,
    Column("return_id", BigInteger, ForeignKey("return_authorisation.id"), primary_key=True),
    Column("number", SmallInteger, primary_key=True),
    Column("sku", Text, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("received", Integer, nullable=False, server_default="0"),
    Column("restocked", Integer, nullable=False, server_default="0"),
    Column("written_off", Integer, nullable=False, server_default="0"),
    CheckConstraint("0 < quantity AND received BETWEEN 0 AND quantity", name="received_within_quantity"),
    CheckConstraint("0 <= restocked AND 0 <= written_off AND restocked + written_off <= received", name="inspected_within_received"),
)

return_scan = Table(
    "return_scan",
    metadata,
    Column("return_id", BigInteger, ForeignKey("return_authorisation.id"), primary_key=True),
    Column("client_id", Text, primary_key=True),
    Column("barcode", Text, nullable=False),
    Column("sku", Text),
    Column("quantity", Integer, nullable=False),
    Column("accepted", Boolean, nullable=False),
    Column("code", Text),
    Column("reason", Text, nullable=False),
    Column("operator", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
)


def returnable(tx: Tx, order_id: int, *, delivered_since: datetime | None = None) -> dict[int, int]:
    """Pieces by order line that were delivered (since an instant) and neither came back nor are authorised to; only lines with any."""
    rows = tx.execute(
        text("""SELECT d.number, d.quantity - coalesce(b.quantity, 0) AS quantity
            FROM (SELECT l.number, sum(l.quantity) AS quantity FROM fulfillment f JOIN fulfillment_line l ON l.fulfillment_id = f.id
                WHERE f.order_id = :id AND f.state = 'delivered' AND f.kind = 'parcel'
                    AND f.ended_at > coalesce(CAST(:since AS timestamptz), '-infinity') GROUP BY l.number) d
            LEFT JOIN (SELECT i.number, sum(CASE r.state WHEN 'expired' THEN i.received ELSE i.quantity END) AS quantity
                FROM return_authorisation r JOIN return_item i ON i.return_id = r.id WHERE r.order_id = :id GROUP BY i.number) b
                USING (number)
            WHERE d.quantity > coalesce(b.quantity, 0) ORDER BY d.number"""),
        {"id": order_id, "since": delivered_since},
    )
    return {row.number: int(row.quantity) for row in rows}


def authorise(
    tx: Tx, case_id: int, order_id: int, lines: Sequence[Pieces], *, by: str, now: datetime, expires_at: datetime
) -> int:
    """Write an authorisation for these pieces of the order; they go back to where the first of them came from. Returns its id."""
    return_id = int(tx.execute(
        text("""INSERT INTO return_authorisation
                (case_id, order_id, shop_id, location_id, state, authorised_at, authorised_by, expires_at)
            SELECT :case_id, f.order_id, f.shop_id, f.location_id, 'authorised', :now, :by, :expires_at
            FROM fulfillment f JOIN fulfillment_line l ON l.fulfillment_id = f.id
            WHERE f.order_id = :order_id AND f.state = 'delivered' AND f.kind = 'parcel' AND l.number = ANY(:numbers)
            ORDER BY f.id LIMIT 1 RETURNING id"""),
        {
            "case_id": case_id, "order_id": order_id, "now": now, "by": by, "expires_at": expires_at,
            "numbers": [one.number for one in lines],
        },
    ).scalar_one())
    tx.execute(
        text("""INSERT INTO return_item (return_id, number, sku, quantity)
            SELECT :id, l.number, l.sku, u.quantity FROM unnest(CAST(:numbers AS smallint[]), CAST(:quantities AS int[]))
                AS u (number, quantity) JOIN order_line l ON l.order_id = :order_id AND l.number = u.number"""),
        {
            "id": return_id, "order_id": order_id, "numbers": [one.number for one in lines],
            "quantities": [one.quantity for one in lines],
        },
    )
    return return_id


def order_of(tx: Tx, return_id: int) -> tuple[int, int] | None:
    """The (shop, order) of a return, which never change; None when there is no such return."""
    row = tx.execute(
        text("SELECT shop_id, order_id FROM return_authorisation WHERE id = :id"), {"id": return_id}
    ).one_or_none()
    return (row.shop_id, row.order_id) if row else None


_RETURN = """SELECT r.id, r.case_id, r.order_id, r.shop_id, r.state, p.code AS location, r.authorised_at, r.expires_at,
        jsonb_agg(jsonb_build_object('number', i.number, 'sku', i.sku, 'quantity', i.quantity, 'received', i.received,
            'restocked', i.restocked, 'written_off', i.written_off) ORDER BY i.number) AS items
    FROM return_authorisation r JOIN return_item i ON i.return_id = r.id JOIN location p ON p.id = r.location_id"""


def of_ids(tx: Tx, return_ids: Collection[int]) -> dict[int, Return]:
    """These returns by id, with their pieces."""
    rows = tx.execute(text(f"{_RETURN} WHERE r.id = ANY(:ids) GROUP BY r.id, p.code ORDER BY r.id"), {"ids": list(return_ids)})
    return {row.id: _return(row) for row in rows}


def of_order(tx: Tx, order_id: int) -> list[Return]:
    """The order's returns, the oldest first."""
    rows = tx.execute(text(f"{_RETURN} WHERE r.order_id = :id GROUP BY r.id, p.code ORDER BY r.id"), {"id": order_id})
    return [_return(row) for row in rows]


def _return(row: Any) -> Return:
    return Return(
        row.id, row.case_id, row.order_id, row.shop_id, ReturnState(row.state), row.location, row.authorised_at, row.expires_at,
        tuple(Item(**item) for item in row.items),
    )


def known_scans(tx: Tx, return_id: int, client_ids: Collection[str]) -> dict[str, Scanned]:
    """What became of those of the scans that were sent before."""
    rows = tx.execute(
        text("""SELECT barcode, client_id, operator, quantity, reason, code, sku FROM return_scan
            WHERE return_id = :id AND client_id = ANY(:clients)"""),
        {"id": return_id, "clients": list(client_ids)},
    )
    return {
        row.client_id: Scanned(ReturnScan(row.barcode, row.client_id, row.operator), row.reason, row.code, row.sku, row.quantity)
        for row in rows
    }


def keep_scans(tx: Tx, return_id: int, outcomes: Sequence[Scanned], now: datetime) -> None:
    """Write the scans down, those that were refused too."""
    insert_rows(tx, return_scan, [
        {
            "return_id": return_id, "client_id": one.scan.client_id, "barcode": one.scan.barcode, "sku": one.sku,
            "quantity": one.pieces, "accepted": one.code is None, "code": one.code, "reason": one.sentence,
            "operator": one.scan.operator, "at": now,
        }
        for one in outcomes
    ])


def save(tx: Tx, return_id: int, state: ReturnState, items: Sequence[Item]) -> None:
    """Bring the return to what it is now; the caller holds the order's lock."""
    tx.execute(text("UPDATE return_authorisation SET state = :state WHERE id = :id"), {"id": return_id, "state": state})
    counted: Mapping[str, list[int]] = {
        name: [getattr(one, name) for one in items] for name in ("number", "received", "restocked", "written_off")
    }
    tx.execute(
        text("""UPDATE return_item i SET received = u.received, restocked = u.restocked, written_off = u.written_off
            FROM unnest(CAST(:number AS smallint[]), CAST(:received AS int[]), CAST(:restocked AS int[]), CAST(:written_off AS int[]))
                AS u (number, received, restocked, written_off)
            WHERE i.return_id = :id AND i.number = u.number"""),
        {"id": return_id, **counted},
    )


def overdue(tx: Tx, *, now: datetime, limit: int) -> dict[int, int]:
    """The order by return of up to so many of which nothing came in time."""
    rows = tx.execute(
        text("""SELECT id, order_id FROM return_authorisation WHERE state = 'authorised' AND expires_at <= :now
            ORDER BY expires_at, id LIMIT :limit"""),
        {"now": now, "limit": limit},
    )
    return {row.id: row.order_id for row in rows}


def expire(tx: Tx, return_ids: Collection[int]) -> list[int]:
    """Let those of the returns of which nothing came expire; returns which."""
    rows = tx.execute(
        text("UPDATE return_authorisation SET state = 'expired' WHERE id = ANY(:ids) AND state = 'authorised' RETURNING id"),
        {"ids": list(return_ids)},
    )
    return sorted(row.id for row in rows)
