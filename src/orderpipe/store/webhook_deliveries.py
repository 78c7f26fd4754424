"""
Events on their way to webhook endpoints: handed out in order, written down with what came of it, listed, sent once more.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orderpipe.domain.webhooks import DOWN, TEST, Attempt, Delivery
from orderpipe.store.metadata import Tx, text
from orderpipe.store.webhook_news import EVENTS_OF


@dataclass(frozen=True, slots=True)
class Kept:
    """A delivery as its shop sees it; instants UTC, `took` in milliseconds."""

    id: int
    endpoint_id: int
    order_id: int | None
    seq: int
    type: str
    at: datetime
    state: str
    attempts: int
    next_at: datetime | None
    status: int | None
    said: str | None
    error: str | None
    took: int | None
    created_at: datetime
    tried_at: datetime | None


@dataclass(frozen=True, slots=True)
class Filter:
    """Which deliveries are wanted; None: whichever."""

    endpoint_id: int | None = None
    order_id: int | None = None
    state: str | None = None
    type: str | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """The journal entry that a message is about."""

    actor: str
    fulfillment_id: int | None
    before: str | None
    after: str | None
    note: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Health:
    """How an endpoint stands after what was sent: whether anything arrived, else failures in a row, and since when (UTC)."""

    endpoint_id: int
    arrived: bool
    failures: int
    failing_since: datetime | None
    shop_id: int
    url: str


_DELIVERY = ", ".join(f"d.{name}" for name in Delivery.__dataclass_fields__)


def due(tx: Tx, endpoint_ids: Collection[int], *, now: datetime, each: int) -> list[Delivery]:
    """Up to `each` deliveries that are due at each of these endpoints, in the order in which they were collected; one where it is down."""
    rows = tx.execute(
        text(f"""SELECT {_DELIVERY} FROM webhook_endpoint e CROSS JOIN LATERAL (
                SELECT * FROM webhook_delivery d WHERE d.endpoint_id = e.id AND d.next_at <= :now ORDER BY d.id
                LIMIT CASE WHEN e.failures < :down THEN CAST(:each AS integer) ELSE 1 END) d
            WHERE e.id = ANY(:ids) ORDER BY d.endpoint_id, d.id"""),
        {"ids": sorted(endpoint_ids), "now": now, "each": each, "down": DOWN},
    )
    return [Delivery(*row) for row in rows]


def told_by(tx: Tx, deliveries: Sequence[Delivery]) -> dict[tuple[int, int], Told]:
    """The journal entries that these are about, by order id and number."""
    about = [(one.order_id, one.seq) for one in deliveries if one.order_id is not None]
    rows = tx.execute(
        text("""SELECT j.order_id, j.seq, j.actor, j.fulfillment_id, j.before, j.after, j.note FROM journal j
            JOIN unnest(CAST(:orders AS bigint[]), CAST(:seqs AS integer[])) AS u (order_id, seq) USING (order_id, seq)"""),
        {"orders": [order_id for order_id, _ in about], "seqs": [seq for _, seq in about]},
    )
    return {(row[0], row[1]): Told(*row[2:]) for row in rows}


def record(tx: Tx, attempts: Sequence[tuple[Attempt, datetime | None]], now: datetime) -> None:
    """Write down what came of sending, each with when it is tried again (UTC; None: never); one that has arrived meanwhile stays so."""
    states = ["sent" if one.arrived else "pending" if again else "dead" for one, again in attempts]
    tx.execute(
        text("""UPDATE webhook_delivery d SET state = u.state, next_at = u.next_at, attempts = d.attempts + u.failed, status = u.status,
                said = u.said, error = u.error, took = u.took, tried_at = :now
            FROM unnest(CAST(:ids AS bigint[]), CAST(:states AS text[]), CAST(:next_ats AS timestamptz[]), CAST(:failed AS integer[]),
                CAST(:statuses AS integer[]), CAST(:said AS text[]), CAST(:errors AS text[]), CAST(:took AS integer[]))
                AS u (id, state, next_at, failed, status, said, error, took)
            WHERE d.id = u.id AND d.state <> 'sent'"""),
        {
            "now": now, "ids": [one.delivery.id for one, _ in attempts], "states": states,
            "next_ats": [None if one.arrived else again for one, again in attempts],
            "failed": [0 if one.arrived else 1 for one, _ in attempts], "statuses": [one.status for one, _ in attempts],
            "said": [one.said or None for one, _ in attempts], "errors": [one.error or None for one, _ in attempts],
            "took": [round(1000 * one.took) for one, _ in attempts],
        },
    )


def note_health(tx: Tx, arrived: Mapping[int, bool], now: datetime) -> list[Health]:
    """Note which endpoints (by id) took at least one message; what one that is up again has missed is due at once."""
    rows = tx.execute(
        text("""WITH held AS MATERIALIZED (SELECT id, failures FROM webhook_endpoint WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE),
            recovered AS (UPDATE webhook_delivery d SET next_at = :now FROM held h JOIN unnest(CAST(:well AS bigint[])) AS w (id) USING (id)
                WHERE h.failures >= :down AND d.endpoint_id = h.id AND d.next_at > :now)
            UPDATE webhook_endpoint e SET failures = CASE WHEN u.arrived THEN 0 ELSE e.failures + 1 END,
                failing_since = CASE WHEN NOT u.arrived THEN coalesce(e.failing_since, :now) END, rests_until = NULL
            FROM held h JOIN unnest(CAST(:ids AS bigint[]), CAST(:arrived AS boolean[])) AS u (id, arrived) ON u.id = h.id
            WHERE e.id = h.id RETURNING e.id, u.arrived, e.failures, e.failing_since, e.shop_id, e.url"""),
        {
            "ids": sorted(arrived), "arrived": [arrived[one] for one in sorted(arrived)], "now": now, "down": DOWN,
            "well": [one for one in sorted(arrived) if arrived[one]],
        },
    )
    return [Health(*row) for row in rows]


def let_rest(tx: Tx, until: Mapping[int, datetime]) -> None:
    """Leave these endpoints in peace until then (UTC)."""
    tx.execute(
        text("""UPDATE webhook_endpoint e SET rests_until = u.until
            FROM unnest(CAST(:ids AS bigint[]), CAST(:untils AS timestamptz[])) AS u (id, until) WHERE e.id = u.id"""),
        {"ids": list(until), "untils": list(until.values())},
    )


_KEPT = ", ".join(Kept.__dataclass_fields__)
_CONDITIONS = {name: f" AND {name} = :{name}" for name in Filter.__dataclass_fields__}


def listed(tx: Tx, shop_id: int, wanted: Filter, *, before: int | None, limit: int) -> list[Kept]:
    """A shop's deliveries that fit, the newest first, from those whose id is lower than `before`."""
    given = {name: value for name in _CONDITIONS if (value := getattr(wanted, name)) is not None}
    conditions = "".join(_CONDITIONS[name] for name in given) + ("" if before is None else " AND id < :before")
    rows = tx.execute(
        text(f"SELECT {_KEPT} FROM webhook_delivery WHERE shop_id = :shop_id{conditions} ORDER BY id DESC LIMIT :limit"),
        {**given, "shop_id": shop_id, "limit": limit, **({} if before is None else {"before": before})},
    )
    return [Kept(*row) for row in rows]


def one(tx: Tx, shop_id: int, delivery_id: int) -> Kept | None:
    """A shop's delivery."""
    row = tx.execute(
        text(f"SELECT {_KEPT} FROM webhook_delivery WHERE id = :id AND shop_id = :shop_id"), {"id": delivery_id, "shop_id": shop_id}
    ).one_or_none()
    return Kept(*row) if row else None


def again(tx: Tx, delivery_id: int, shop_id: int | None, now: datetime) -> Kept | None:
    """Send a delivery once more, whatever became of it, with the id it had; None where the shop has none like it."""
    row = tx.execute(
        text(f"""UPDATE webhook_delivery SET state = 'pending', next_at = :now, attempts = 0
            WHERE id = :id AND (shop_id = :shop_id OR CAST(:shop_id AS bigint) IS NULL) RETURNING {_KEPT}"""),
        {"id": delivery_id, "shop_id": shop_id, "now": now},
    ).one_or_none()
    return Kept(*row) if row else None


def test(tx: Tx, endpoint_id: int, shop_id: int, now: datetime) -> Kept:
    """A message that says only that it is a test goes to the endpoint."""
    row = tx.execute(
        text(f"""INSERT INTO webhook_delivery (endpoint_id, shop_id, type, at, next_at, created_at)
            VALUES (:endpoint_id, :shop_id, :type, :now, :now, :now) RETURNING {_KEPT}"""),
        {"endpoint_id": endpoint_id, "shop_id": shop_id, "type": TEST, "now": now},
    )
    return Kept(*row.one())


def replay(tx: Tx, endpoint_id: int, since: datetime, *, now: datetime, limit: int) -> tuple[int, datetime | None]:
    """
    Send the endpoint again, or for the first time, what happened to the shop's orders since then (UTC).

    At most `limit` events, the oldest first. Returns how many, and from which instant on there is more, None when that was all.
    """
    rows = tx.execute(
        text(f"""WITH chosen AS MATERIALIZED (
                SELECT e.id AS endpoint_id, e.shop_id, j.order_id, j.seq, t.type, j.at
                FROM webhook_endpoint e JOIN orders o ON o.shop_id = e.shop_id JOIN journal j ON j.order_id = o.id {EVENTS_OF}
                WHERE e.id = :id AND j.at >= :since ORDER BY j.at, j.order_id, j.seq LIMIT :limit + 1),
            most AS (SELECT CASE WHEN count(*) > :limit THEN max(at) END AS until FROM chosen),
            written AS (
                INSERT INTO webhook_delivery (endpoint_id, shop_id, order_id, seq, type, at, next_at, created_at)
                SELECT endpoint_id, shop_id, order_id, seq, type, at, CAST(:now AS timestamptz), :now FROM chosen, most
                WHERE most.until IS NULL OR chosen.at < most.until OR (SELECT min(at) FROM chosen) = most.until
                ORDER BY order_id, seq
                ON CONFLICT (endpoint_id, order_id, seq) DO UPDATE SET state = 'pending', next_at = :now, attempts = 0
                RETURNING id)
            SELECT (SELECT count(*) FROM written) AS events, (SELECT until FROM most) AS until"""),
        {"id": endpoint_id, "since": since, "now": now, "limit": limit},
    ).one()
    return int(rows.events), rows.until


def forget(tx: Tx, before: datetime, limit: int) -> int:
    """Remove up to `limit` deliveries collected before this instant that wait for nothing; returns how many."""
    return int(tx.execute(
        text("""DELETE FROM webhook_delivery WHERE id IN (
            SELECT id FROM webhook_delivery WHERE created_at < :before AND next_at IS NULL ORDER BY id LIMIT :limit)"""),
        {"before": before, "limit": limit},
    ).rowcount)
