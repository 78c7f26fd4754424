"""
Calendars, order types, desks and locations' calendars, read and written one by one, as a configuration file does it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.dialects.postgresql import insert

from orderpipe.store.metadata import Tx, text
from orderpipe.store.policies import calendar, desk, order_type

Row = Mapping[str, Any]


def calendars(tx: Tx) -> list[Row]:
    """Every calendar."""
    return _all(tx, calendar)


def order_types(tx: Tx) -> list[Row]:
    """Every type of order."""
    return _all(tx, order_type)


def desks(tx: Tx) -> list[Row]:
    """Every desk."""
    return _all(tx, desk)


def locations(tx: Tx) -> list[Row]:
    """Every location (shop_id, code, calendar)."""
    rows = tx.execute(text("SELECT shop_id, code, calendar FROM location ORDER BY shop_id, code"))
    return [dict(row) for row in rows.mappings()]


def _all(tx: Tx, table: Table) -> list[Row]:
    return [dict(row) for row in tx.execute(select(table).order_by(table.c.shop_id, table.c.code)).mappings()]


def write_calendars(tx: Tx, rows: Sequence[Row]) -> None:
    """Write these calendars, in place of those of the same code."""
    _write(tx, calendar, rows)


def write_order_types(tx: Tx, rows: Sequence[Row]) -> None:
    """Write these types of order, in place of those of the same code."""
    _write(tx, order_type, rows)


def write_desks(tx: Tx, rows: Sequence[Row]) -> None:
    """Write these desks, in place of those of the same code."""
    _write(tx, desk, rows)


def write_locations(tx: Tx, rows: Sequence[Row]) -> None:
    """Let these locations work by other calendars."""
    if rows:
        tx.execute(
            text("""UPDATE location l SET calendar = u.calendar
                FROM unnest(CAST(:shops AS bigint[]), CAST(:codes AS text[]), CAST(:calendars AS text[])) AS u (shop_id, code, calendar)
                WHERE l.shop_id = u.shop_id AND l.code = u.code"""),
            {
                "shops": [row["shop_id"] for row in rows], "codes": [row["code"] for row in rows],
                "calendars": [row["calendar"] for row in rows],
            },
        )


def _write(tx: Tx, table: Table, rows: Sequence[Row]) -> None:
    if rows:
        new = insert(table).values([dict(row) for row in rows])
        replaced = {name: new.excluded[name] for name in rows[0] if name not in ("shop_id", "code")}
        tx.execute(new.on_conflict_do_update(index_elements=["shop_id", "code"], set_=replaced))
