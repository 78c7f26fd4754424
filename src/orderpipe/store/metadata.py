"""
What every table shares: the naming of constraints, the open transaction's type, and rows written as one set.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any

import sqlalchemy
from sqlalchemy import Connection, MetaData, Table, TextClause
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB

Tx = Connection
"""An open transaction. Only the batch runner, the request dependency and the sender open and close one."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


@lru_cache(maxsize=2_000)
def text(statement: str) -> TextClause:
    """SQLAlchemy's `text`; a statement written where it is used is looked through for its parameters once, not at each use."""
    return sqlalchemy.text(statement)


def one_of(column: str, values: type[StrEnum]) -> str:
    """The SQL condition that a column holds one of an enum's values."""
    return f"{column} IN ({', '.join(repr(value.value) for value in values)})"


def insert_rows(
    tx: Tx, table: Table, rows: Sequence[Mapping[str, Any]], *, conflict: str = "", returning: str = ""
) -> list[Any]:
    """
    Write all rows with one INSERT, whatever their number; `conflict` is an ON CONFLICT clause, `returning` a column list.

    One array a column travels, in binary, instead of one parameter a value: as cheap to plan for a thousand rows as for one, and
    less work than one JSON text for all. All rows carry the same columns, in any order. Returns the rows of RETURNING, [] without one.
    """
    if not rows:
        return []
    columns = tuple(rows[0])
    json_columns = {name for name in columns if isinstance(table.c[name].type, JSONB)}
    values = {
        name: [as_json(row[name]) for row in rows] if name in json_columns else [row[name] for row in rows] for name in columns
    }
    result = tx.execute(_insert(table, columns, conflict, returning), values)
    return list(result.all()) if returning else []


def as_json(value: object) -> str | None:
    """A JSON text; None stays NULL; Decimal, instants and bytes become strings that PostgreSQL reads back."""
    return None if value is None else json.dumps(value, default=_plain, ensure_ascii=False, separators=(",", ":"))


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return "\\x" + bytes(value).hex()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Iterable):
        return list(value)
    raise TypeError(f"{type(value).__name__} has no JSON form.")


@lru_cache(maxsize=200)
def _insert(table: Table, columns: tuple[str, ...], conflict: str, returning: str) -> TextClause:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    arrays = ", ".join(f"CAST(:{name} AS {table.c[name].type.compile(dialect)}[])" for name in columns)
    tail = f" {conflict}" if conflict else ""
    tail += f" RETURNING {returning}" if returning else ""
    # SELECT … FROM unnest keeps the rows in the order given, so identities follow arrival
    return text(f"INSERT INTO {table.name} ({', '.join(columns)}) SELECT * FROM unnest({arrays}){tail}")
