"""
Letters that never arrived, and the addresses that none arrives at: later letters avoid these until the customer is heard from there.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Table, Text

from orderpipe.store.metadata import Tx, metadata, text

address_flag = Table(
    "address_flag",
    metadata,
    Column("shop_id", BigInteger, primary_key=True, autoincrement=False),
    Column("channel", Text, primary_key=True),
    Column("address", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("since", DateTime(timezone=True), nullable=False),
    Column("cleared_at", DateTime(timezone=True)),
    CheckConstraint("channel IN ('email', 'sms')", name="channel"),
)
"""`address` in small letters; empty nearly always, so looking into it with every letter costs nothing."""

AGAIN = " by "
"""Stands in the dedupe key of a letter that took another way, before the way."""


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A letter that did not arrive, why, and whether no other letter would arrive there."""

    notification_id: int
    reason: str
    condemns: bool


@dataclass(frozen=True, slots=True)
class Stranded:
    """
    A letter to a customer that did not arrive and for which nothing has been done. `usable` are the customer's addresses by channel that
    are not flagged; `country` (ISO 3166-1 alpha-2) is for numbers without one; `again`: it already was another way's attempt.
    """

    id: int
    order_id: int
    channel: str
    recipient: str
    kind: str
    reason: str
    email: str
    phone: str
    country: str
    again: bool


def note(tx: Tx, undelivered: Sequence[Undelivered], now: datetime) -> int:
    """Note that these letters did not arrive, and flag the addresses that nothing arrives at; returns how many letters are new to it."""
    if not undelivered:
        return 0
    noted = tx.execute(
        text("""UPDATE notification SET bounced_at = :now, bounce = u.reason
            FROM unnest(CAST(:ids AS bigint[]), CAST(:reasons AS text[])) AS u (id, reason)
            WHERE notification.id = u.id AND bounced_at IS NULL RETURNING notification.id"""),
        {"ids": [one.notification_id for one in undelivered], "reasons": [one.reason for one in undelivered], "now": now},
    ).all()
    _flag(tx, [one.notification_id for one in undelivered if one.condemns], now)
    return len(noted)


def _flag(tx: Tx, notification_ids: Collection[int], now: datetime) -> None:
    if not notification_ids:
        return
    tx.execute(
        text("""INSERT INTO address_flag (shop_id, channel, address, reason, since)
            SELECT DISTINCT ON (1, 2, 3) o.shop_id, n.channel, lower(btrim(n.recipient)), coalesce(n.bounce, ''), CAST(:now AS timestamptz)
            FROM notification n JOIN orders o ON o.id = n.order_id
            WHERE n.id = ANY(:ids) AND n.audience = 'customer' ORDER BY 1, 2, 3
            ON CONFLICT (shop_id, channel, address) DO UPDATE SET reason = excluded.reason, since = excluded.since, cleared_at = NULL
            WHERE address_flag.cleared_at IS NOT NULL"""),
        {"ids": list(notification_ids), "now": now},
    )


def clear(tx: Tx, shop_id: int, addresses: Collection[str], now: datetime) -> None:
    """The customer is there after all: they wrote from this address, or gave it anew."""
    if not addresses:
        return
    tx.execute(
        text("UPDATE address_flag SET cleared_at = :now WHERE shop_id = :shop_id AND address = ANY(:addresses) AND cleared_at IS NULL"),
        {"shop_id": shop_id, "addresses": sorted(one.strip().lower() for one in addresses), "now": now},
    )


def to_look_after(tx: Tx, limit: int) -> list[int]:
    """The orders of letters that did not arrive and for which nothing has been done, the oldest letters first."""
    rows = tx.execute(
        text("""SELECT DISTINCT order_id FROM (SELECT order_id FROM notification
            WHERE bounced_at IS NOT NULL AND fell_back_at IS NULL AND order_id IS NOT NULL ORDER BY id LIMIT :limit) AS first"""),
        {"limit": limit},
    )
    return sorted(row.order_id for row in rows)


def stranded(tx: Tx, order_ids: Collection[int], now: datetime) -> list[Stranded]:
    """Those letters of these orders, taken once: whoever asks again gets none of them. The caller holds the orders' locks."""
    rows = tx.execute(
        text(f"""WITH taken AS (UPDATE notification SET fell_back_at = :now
                WHERE bounced_at IS NOT NULL AND fell_back_at IS NULL AND order_id = ANY(:ids)
                RETURNING id, order_id, audience, channel, recipient, kind, bounce, dedupe_key)
            SELECT t.id, t.order_id, t.channel, t.recipient, t.kind, t.bounce, {_usable("email")} AS email, {_usable("phone")} AS phone,
                coalesce(nullif(o.ship_to ->> 'country', ''), s.country) AS country, t.dedupe_key LIKE '%{AGAIN}' || t.channel AS again
            FROM taken t JOIN orders o ON o.id = t.order_id JOIN shop s ON s.id = o.shop_id
            WHERE t.audience = 'customer' ORDER BY t.id"""),
        {"ids": list(order_ids), "now": now},
    )
    return [Stranded(*row) for row in rows]


def _usable(part: str) -> str:
    """The customer's address of this kind, '' where nothing arrives there."""
    return f"""CASE WHEN EXISTS (SELECT FROM address_flag a WHERE a.shop_id = o.shop_id AND a.cleared_at IS NULL
        AND a.channel = '{"email" if part == "email" else "sms"}' AND a.address = lower(btrim(o.customer ->> '{part}')))
        THEN '' ELSE coalesce(btrim(o.customer ->> '{part}'), '') END"""


def write_anew(tx: Tx, ways: Sequence[tuple[int, str, str]], now: datetime) -> None:
    """Send these letters (id, channel, recipient) another way, each under a key of its own, so once."""
    if not ways:
        return
    given: Mapping[str, Any] = {
        "ids": [one[0] for one in ways], "channels": [one[1] for one in ways], "recipients": [one[2] for one in ways], "now": now,
    }
    tx.execute(
        text(f"""INSERT INTO notification (order_id, audience, channel, recipient, kind, language, facts, dedupe_key, next_at, created_at)
            SELECT n.order_id, n.audience, u.channel, u.recipient, n.kind, n.language, n.facts,
                n.dedupe_key || '{AGAIN}' || u.channel, :now, :now
            FROM unnest(CAST(:ids AS bigint[]), CAST(:channels AS text[]), CAST(:recipients AS text[])) AS u (id, channel, recipient)
            JOIN notification n ON n.id = u.id ON CONFLICT (dedupe_key) DO NOTHING"""),
        given,
    )
