"""
How each shop follows its questions up: when it reminds, by what, when it calls, and what silence means; by type of order.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, Integer, Table, Text

from orderpipe.domain.ladder import OnSilence, QueryPolicy
from orderpipe.domain.targets import EVERYBODY
from orderpipe.store.metadata import Tx, insert_rows, metadata, one_of, text

EVERY_TYPE = ""
"""The order type whose policy holds for all that have none of their own."""

query_policy = Table(
    "query_policy",
    metadata,
    Column("shop_id", BigInteger, primary_key=True, autoincrement=False),
    Column("order_type", Text, primary_key=True),
    Column("remind_after", Integer, nullable=False),
    Column("other_channel_after", Integer, nullable=False),
    Column("call_after", Integer, nullable=False),
    Column("silence_after", Integer, nullable=False),
    Column("on_silence", Text, nullable=False),
    Column("link_days", Integer, nullable=False),
    CheckConstraint(one_of("on_silence", OnSilence), name="on_silence"),
)
"""Working minutes from rung to rung. Shop 0 is everyone's default; a shop's own row, even for every type, goes before it."""

COLUMNS = tuple(QueryPolicy.__dataclass_fields__)

CHOSEN = f"""LEFT JOIN LATERAL (SELECT {", ".join(COLUMNS)} FROM query_policy p
    WHERE p.shop_id IN (o.shop_id, {EVERYBODY}) AND p.order_type IN (o.type, '{EVERY_TYPE}')
    ORDER BY p.shop_id DESC, p.order_type DESC LIMIT 1) policy ON true"""
"""Joins to an order `o` the policy that holds for it."""

_DEFAULTS = {
    EVERY_TYPE: QueryPolicy(),
    "express": QueryPolicy(remind_after=60, other_channel_after=60, call_after=60, silence_after=960),
}


def policy_of(row: Mapping[str, Any]) -> QueryPolicy:
    """The policy in a row's columns; the built-in one where there is none."""
    if row["remind_after"] is None:
        return QueryPolicy()
    return QueryPolicy(**{name: row[name] for name in COLUMNS} | {"on_silence": OnSilence(row["on_silence"])})


def effective(tx: Tx, shop_id: int, order_type: str) -> QueryPolicy:
    """The policy for the shop's orders of this type; of EVERY_TYPE for those of which the type says nothing."""
    row = tx.execute(
        text(f"SELECT policy.* FROM (SELECT CAST(:shop_id AS bigint) AS shop_id, CAST(:type AS text) AS type) o {CHOSEN}"),
        {"shop_id": shop_id, "type": order_type},
    ).mappings().one()
    return policy_of(dict(row))


def keep(tx: Tx, shop_id: int, order_type: str, policy: QueryPolicy) -> None:
    """Set the shop's policy for this type of order."""
    replaced = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS)
    conflict = f"ON CONFLICT (shop_id, order_type) DO UPDATE SET {replaced}"
    insert_rows(tx, query_policy, [_row(shop_id, order_type, policy)], conflict=conflict)


def ensure_defaults(tx: Tx) -> None:
    """Write everybody's policies where they are missing."""
    insert_rows(tx, query_policy, [_row(EVERYBODY, *one) for one in _DEFAULTS.items()], conflict="ON CONFLICT DO NOTHING")


def _row(shop_id: int, order_type: str, policy: QueryPolicy) -> dict[str, Any]:
    return {"shop_id": shop_id, "order_type": order_type, **asdict(policy), "on_silence": policy.on_silence.value}
