"""
Shops, and the keys with which shops, warehouses, carriers and the office come in over HTTP.
"""

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    DateTime,
    Engine,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    Time,
    func,
)
from sqlalchemy.exc import IntegrityError

from orderpipe.store.metadata import Tx, metadata, text

shop = Table(
    "shop",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("code", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("language", Text, nullable=False, server_default="en"),
    Column("time_zone", Text, nullable=False, server_default="UTC"),
    Column("country", Text, nullable=False, server_default="GB"),
    Column("currency", Text, nullable=False, server_default="GBP"),
    Column("mail_from", Text, nullable=False, server_default=""),
    Column("office_email", Text, nullable=False, server_default=""),
    Column("backorder_policy", Text, nullable=False, server_default="as-available"),
    Column("withdrawal_days", SmallInteger, nullable=False, server_default="14"),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("pause_seconds", Integer, nullable=False, server_default="60"),
    Column("quiet_from", Time, nullable=False, server_default="21:00"),
    Column("quiet_until", Time, nullable=False, server_default="08:00"),
    Column("wakes", ARRAY(Text), nullable=False, server_default="{}"),
)
"""`withdrawal_days`: so long after the last delivery a customer may withdraw from the contract; the law of the European Union says 14."""

api_key = Table(
    "api_key",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("shop_id", BigInteger, ForeignKey("shop.id"), nullable=False),
    Column("role", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False, unique=True),
    Column("hint", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("revoked_at", DateTime(timezone=True)),
    Index("ix_api_key_shop_id", "shop_id"),
)


class Role(StrEnum):
    """Whom a key is for, which decides what it opens."""

    SHOP = "shop"
    WAREHOUSE = "warehouse"
    CARRIER = "carrier"
    OFFICE = "office"


@dataclass(frozen=True, slots=True)
class NewShop:
    """
    A shop as it is set up: `code` is unique, `language` BCP 47, `country` ISO 3166-1, `currency` ISO 4217.

    `backorder_policy` is what holds for orders that state none: `as-available` or `all-at-once`.
    """

    code: str
    name: str
    language: str = "en"
    time_zone: str = "UTC"
    country: str = "GB"
    currency: str = "GBP"
    mail_from: str = ""
    office_email: str = ""
    backorder_policy: str = "as-available"


@dataclass(frozen=True, slots=True)
class Shop(NewShop):
    """A shop with its id."""

    id: int = 0


@dataclass(frozen=True, slots=True)
class Signing:
    """A shop, and one of the live keys it signs with; no key, no hint and no hash where it has none."""

    shop_id: int
    code: str
    hint: str | None
    hash: bytes | None


@dataclass(frozen=True, slots=True)
class Key:
    """An API key without its secret, of which only `hint`, the last four characters, is kept."""

    id: int
    shop_id: int
    role: Role
    hint: str
    created_at: datetime
    revoked_at: datetime | None = None


class ShopTaken(Exception):
    """There is a shop of this code already."""


class UnknownKey(Exception):
    """There is no such key, or it is revoked already."""


_SHOP = ", ".join(NewShop.__dataclass_fields__)


def add_shop(tx: Tx, new: NewShop) -> int:
    """Set a shop up; returns its id. Raises ShopTaken, after which the transaction is of no more use."""
    names = ", ".join(f":{name}" for name in NewShop.__dataclass_fields__)
    try:
        return int(tx.execute(text(f"INSERT INTO shop ({_SHOP}) VALUES ({names}) RETURNING id"), asdict(new)).scalar_one())
    except IntegrityError as error:
        raise ShopTaken(f"There is a shop {new.code} already.") from error


def list_shops(tx: Tx) -> list[Shop]:
    """All shops by code."""
    return [Shop(*row) for row in tx.execute(text(f"SELECT {_SHOP}, id FROM shop ORDER BY code"))]


def by_ids(tx: Tx, shop_ids: Collection[int]) -> dict[int, Shop]:
    """These shops by id."""
    rows = tx.execute(text(f"SELECT {_SHOP}, id FROM shop WHERE id = ANY(:ids)"), {"ids": list(shop_ids)})
    return {row.id: Shop(*row) for row in rows}


def known(tx: Tx, shop_ids: Collection[int], now: datetime) -> dict[int, Shop]:
    """As `by_ids`, but what this process has read within 10 s is not read again."""
    kept = _kept.setdefault(tx.engine, {})
    if not all(one in kept and kept[one][0] <= now < kept[one][0] + _LIFETIME for one in shop_ids):
        kept.update({one: (now, shop) for one, shop in by_ids(tx, shop_ids).items()})
    return {one: kept[one][1] for one in shop_ids}


_LIFETIME = timedelta(seconds=10)
_kept: WeakKeyDictionary[Engine, dict[int, tuple[datetime, Shop]]] = WeakKeyDictionary()


def shop_by_code(tx: Tx, code: str) -> Shop | None:
    """The shop of this code."""
    row = tx.execute(text(f"SELECT {_SHOP}, id FROM shop WHERE code = :code"), {"code": code}).one_or_none()
    return Shop(*row) if row else None


def create_key(tx: Tx, shop_id: int, role: Role | str) -> str:
    """Make a key and return it; this is the only time it can be seen, kept is its SHA-256."""
    secret = f"op_{secrets.token_urlsafe(32)}"
    tx.execute(
        text("INSERT INTO api_key (shop_id, role, hash, hint) VALUES (:shop_id, :role, :hash, :hint)"),
        {"shop_id": shop_id, "role": Role(role).value, "hash": hash_of(secret), "hint": secret[-4:]},
    )
    return secret


_KEY = "id, shop_id, role, hint, created_at, revoked_at"


def find_key(tx: Tx, secret: str) -> Key | None:
    """The live key with this secret."""
    row = tx.execute(
        text(f"SELECT {_KEY} FROM api_key WHERE hash = :hash AND revoked_at IS NULL"), {"hash": hash_of(secret)}
    ).one_or_none()
    return _key(row) if row else None


def keys_of(tx: Tx, shop_id: int) -> list[Key]:
    """A shop's keys, revoked ones included, the oldest first."""
    return [_key(row) for row in tx.execute(text(f"SELECT {_KEY} FROM api_key WHERE shop_id = :id ORDER BY id"), {"id": shop_id})]


def signing_keys(tx: Tx) -> list[Signing]:
    """Every shop with each of its own live keys, by code."""
    return [Signing(*row) for row in tx.execute(text(
        """SELECT s.id, s.code, k.hint, k.hash FROM shop s
            LEFT JOIN api_key k ON k.shop_id = s.id AND k.role = 'shop' AND k.revoked_at IS NULL ORDER BY s.code, k.id"""
    ))]


def revoke(tx: Tx, key_id: int, now: datetime) -> Key:
    """Let a key open nothing any more; processes that remember it follow within seconds. Raises UnknownKey."""
    row = tx.execute(
        text(f"UPDATE api_key SET revoked_at = :now WHERE id = :id AND revoked_at IS NULL RETURNING {_KEY}"), {"id": key_id, "now": now}
    ).one_or_none()
    if row is None:
        raise UnknownKey(f"There is no key {key_id}, or it is revoked already.")
    return _key(row)


def rotate(tx: Tx, key_id: int, now: datetime) -> str:
    """Revoke a key and make another of the same shop and role, which is returned. Raises UnknownKey."""
    old = revoke(tx, key_id, now)
    return create_key(tx, old.shop_id, old.role)


def _key(row: Any) -> Key:
    return Key(row.id, row.shop_id, Role(row.role), row.hint, row.created_at, row.revoked_at)


def hash_of(secret: str) -> bytes:
    """What is kept of a key: its SHA-256."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()
