"""
Webhook endpoints: where a shop's own system wants to be told what happens to its orders, and how well it listens.

Who sends to an endpoint leases it whole, so that its messages go out in order and a slow one holds up nobody else.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, DateTime, ForeignKey, Identity, Index, Integer, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from orderpipe.domain.webhooks import Endpoint
from orderpipe.store.metadata import Tx, as_json, metadata, text
from orderpipe.store.personal import IMPERSONAL, personal

webhook_endpoint = Table(
    "webhook_endpoint",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("shop_id", BigInteger, ForeignKey("shop.id"), nullable=False),
    Column("url", Text, nullable=False),
    Column("events", JSONB, nullable=False),
    Column("description", Text, nullable=False, server_default=""),
    Column("enabled", Boolean, nullable=False, server_default="true"),
    Column("secret", Text, nullable=False),
    Column("old_secret", Text),
    Column("old_secret_until", DateTime(timezone=True)),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("active_since", DateTime(timezone=True), nullable=False),
    Column("failing_since", DateTime(timezone=True)),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("rests_until", DateTime(timezone=True)),
    Column("busy_until", DateTime(timezone=True)),
    Column("served_at", DateTime(timezone=True)),
    Column("disabled_at", DateTime(timezone=True)),
    Column("disabled_why", Text),
    CheckConstraint("enabled = (disabled_at IS NULL)", name="disabled_at"),
    Index("ix_webhook_endpoint_shop_id", "shop_id"),
    postgresql_with={"fillfactor": 50},
    info=IMPERSONAL,
)
"""
What happens from `active_since` on is sent. `failures` in a row since `failing_since`, after which it `rests_until`; a sender has it
until `busy_until`.
"""

webhook_delivery = Table(
    "webhook_delivery",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("endpoint_id", BigInteger, nullable=False),
    Column("shop_id", BigInteger, nullable=False),
    Column("order_id", BigInteger),
    Column("seq", Integer, nullable=False, server_default="0"),
    Column("type", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("state", Text, nullable=False, server_default="pending"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_at", DateTime(timezone=True)),
    Column("status", Integer),
    Column("said", Text),
    Column("error", Text),
    Column("took", Integer),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("tried_at", DateTime(timezone=True)),
    CheckConstraint("state IN ('pending', 'sent', 'dead')", name="state"),
    CheckConstraint("(state = 'pending') = (next_at IS NOT NULL)", name="pending_has_next_at"),
    Index("ix_webhook_delivery_event", "endpoint_id", "order_id", "seq", unique=True),
    Index("ix_webhook_delivery_waiting", "endpoint_id", "id", postgresql_where=text("next_at IS NOT NULL")),
    Index("ix_webhook_delivery_shop_id", "shop_id", "id"),
    postgresql_with={"fillfactor": 70},
    info=personal(
        "endpoint_id IN (SELECT id FROM webhook_endpoint) AND order_id = ANY(:orders)",  # as the index has it
        said="NULL", harmless="type state error",
    ),
)
"""A journal entry on its way to an endpoint; of the answer `said` keeps the beginning, `took` counts milliseconds. No order: a test."""

webhook_progress = Table(
    "webhook_progress",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("collected_until", DateTime(timezone=True), nullable=False),
    Column("looked_back_at", DateTime(timezone=True), nullable=False),
    info=IMPERSONAL,
)
"""One row: whatever is older than `collected_until` has been collected; newer entries may still come late."""


@dataclass(frozen=True, slots=True)
class Registered:
    """An endpoint as its shop sees it, without the secret; instants UTC."""

    id: int
    shop_id: int
    url: str
    events: Sequence[str]
    description: str
    enabled: bool
    created_at: datetime
    active_since: datetime
    failing_since: datetime | None
    failures: int
    disabled_at: datetime | None
    disabled_why: str | None
    old_secret_until: datetime | None


_COLUMNS = ", ".join(Registered.__dataclass_fields__)


def add(tx: Tx, shop_id: int, row: Mapping[str, Any], secret: str, now: datetime) -> Registered:
    """Register an endpoint (`url`, `events`, `description`); it is told what happens from now on."""
    found = tx.execute(
        text(f"""INSERT INTO webhook_endpoint (shop_id, url, events, description, secret, created_at, active_since)
            VALUES (:shop_id, :url, CAST(:events AS jsonb), :description, :secret, :now, :now) RETURNING {_COLUMNS}"""),
        {**row, "events": as_json(row["events"]), "shop_id": shop_id, "secret": secret, "now": now},
    )
    return Registered(*found.one())


def listed(tx: Tx, shop_id: int | None = None) -> list[Registered]:
    """A shop's endpoints, or everybody's, the oldest first."""
    rows = tx.execute(
        text(f"SELECT {_COLUMNS} FROM webhook_endpoint WHERE shop_id = :shop_id OR CAST(:shop_id AS bigint) IS NULL ORDER BY id"),
        {"shop_id": shop_id},
    )
    return [Registered(*row) for row in rows]


def read(tx: Tx, endpoint_id: int, shop_id: int | None = None) -> Registered | None:
    """The endpoint of this id, if it is this shop's."""
    row = tx.execute(
        text(f"""SELECT {_COLUMNS} FROM webhook_endpoint
            WHERE id = :id AND (shop_id = :shop_id OR CAST(:shop_id AS bigint) IS NULL) FOR NO KEY UPDATE"""),
        {"id": endpoint_id, "shop_id": shop_id},
    ).one_or_none()
    return Registered(*row) if row else None


def change(tx: Tx, endpoint_id: int, changed: Mapping[str, Any]) -> None:
    """Set `url`, `events` or `description` anew."""
    values = {name: as_json(value) if name == "events" else value for name, value in changed.items()}
    settings = ", ".join(f"{name} = {'CAST(:events AS jsonb)' if name == 'events' else ':' + name}" for name in changed)
    if changed:
        tx.execute(text(f"UPDATE webhook_endpoint SET {settings} WHERE id = :id"), {**values, "id": endpoint_id})


def enable(tx: Tx, endpoint_id: int, now: datetime) -> bool:
    """Let it be told again what happens from now on, and at once what still waits for it; whether it was disabled."""
    row = tx.execute(
        text("""WITH enabled AS (
                UPDATE webhook_endpoint SET enabled = true, active_since = :now, disabled_at = NULL, disabled_why = NULL,
                    failing_since = NULL, failures = 0, rests_until = NULL WHERE id = :id AND NOT enabled RETURNING id)
            , woken AS (UPDATE webhook_delivery d SET next_at = :now FROM enabled e WHERE d.endpoint_id = e.id AND d.next_at IS NOT NULL)
            SELECT id FROM enabled"""),
        {"id": endpoint_id, "now": now},
    )
    return row.one_or_none() is not None


def disable(tx: Tx, why: Mapping[int, str], now: datetime) -> list[int]:
    """Tell these endpoints (by id, with the reason) nothing any more; what waits for them goes on waiting. Those that were enabled."""
    rows = tx.execute(
        text("""UPDATE webhook_endpoint e SET enabled = false, disabled_at = :now, disabled_why = u.why
            FROM unnest(CAST(:ids AS bigint[]), CAST(:whys AS text[])) AS u (id, why) WHERE e.id = u.id AND e.enabled RETURNING e.id"""),
        {"ids": list(why), "whys": [one[:500] for one in why.values()], "now": now},
    )
    return sorted(row.id for row in rows)


def remove(tx: Tx, endpoint_id: int) -> None:
    """Forget an endpoint and everything that went there."""
    tx.execute(text("DELETE FROM webhook_delivery WHERE endpoint_id = :id"), {"id": endpoint_id})
    tx.execute(text("DELETE FROM webhook_endpoint WHERE id = :id"), {"id": endpoint_id})


def rotate(tx: Tx, endpoint_id: int, secret: str, both_until: datetime) -> None:
    """Sign with a new secret, and until then (UTC) with the one it had as well."""
    tx.execute(
        text("UPDATE webhook_endpoint SET old_secret = secret, old_secret_until = :until, secret = :secret WHERE id = :id"),
        {"id": endpoint_id, "secret": secret, "until": both_until},
    )


def lease(tx: Tx, *, now: datetime, until: datetime, limit: int, without: Collection[int] = ()) -> list[Endpoint]:
    """
    Hand up to `limit` endpoints for which something is due to this sender alone, until it gives them back or that instant comes.

    Those that were waited for longest come first; `without` are left out.
    """
    rows = tx.execute(
        text("""WITH free AS MATERIALIZED (
                SELECT e.id FROM webhook_endpoint e WHERE e.enabled AND e.id <> ALL(:without)
                    AND coalesce(e.busy_until <= :now, true) AND coalesce(e.rests_until <= :now, true)
                    AND EXISTS (SELECT FROM webhook_delivery d WHERE d.endpoint_id = e.id AND d.next_at <= :now)
                ORDER BY e.served_at NULLS FIRST, e.id LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED)
            UPDATE webhook_endpoint e SET busy_until = :until, served_at = :now FROM free WHERE e.id = free.id
            RETURNING e.id, e.url, e.secret, CASE WHEN e.old_secret_until > :now THEN e.old_secret END AS old"""),
        {"now": now, "until": until, "limit": limit, "without": list(without)},
    )
    return [Endpoint(row.id, row.url, (row.secret, *([row.old] if row.old else ()))) for row in rows]


def give_back(tx: Tx, until: Mapping[int, datetime]) -> None:
    """End the leases of these endpoints, each with the instant until which it was leased."""
    tx.execute(
        text("""UPDATE webhook_endpoint e SET busy_until = NULL
            FROM unnest(CAST(:ids AS bigint[]), CAST(:untils AS timestamptz[])) AS u (id, until)
            WHERE e.id = u.id AND e.busy_until = u.until"""),
        {"ids": list(until), "untils": list(until.values())},
    )


def is_due(tx: Tx, now: datetime) -> bool:
    """Whether a sender would find something to do."""
    return bool(tx.execute(
        text("""SELECT EXISTS (SELECT FROM webhook_endpoint e WHERE e.enabled AND coalesce(e.busy_until <= :now, true)
            AND coalesce(e.rests_until <= :now, true)
            AND EXISTS (SELECT FROM webhook_delivery d WHERE d.endpoint_id = e.id AND d.next_at <= :now))"""),
        {"now": now},
    ).scalar_one())
