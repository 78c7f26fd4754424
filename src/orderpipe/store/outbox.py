"""
The outbox as operators look through it: what went out, to whom, and as what; and what they send again or take back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orderpipe.domain.quiet_hours import NIGHT
from orderpipe.store.metadata import Tx, text
from orderpipe.store.notifications import Notification

_COLUMNS = ", ".join(f"n.{name}" for name in Notification.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Search:
    """Which notifications: a part of the recipient, the kind, the state, and only those with a higher id than `after`."""

    to: str = ""
    kind: str = ""
    state: str = ""
    after: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """A notification, and what was sent, as it was kept; None where nothing went out yet."""

    notification: Notification
    sent: bytes | None


def find(tx: Tx, wanted: Search, limit: int) -> list[Found]:
    """The newest notifications that fit, the oldest of them first."""
    rows = tx.execute(
        text(f"""SELECT {_COLUMNS}, n.sent FROM notification n
            WHERE n.id > :after AND position(lower(:to) IN lower(n.recipient)) > 0
                AND (:kind = '' OR n.kind = :kind) AND (:state = '' OR n.state = :state)
            ORDER BY n.id DESC LIMIT :limit"""),
        {"after": wanted.after, "to": wanted.to, "kind": wanted.kind, "state": wanted.state, "limit": limit},
    ).all()
    return [_found(row) for row in reversed(rows)]


def one(tx: Tx, notification_id: int) -> Found | None:
    """The notification of this id."""
    statement = text(f"SELECT {_COLUMNS}, n.sent FROM notification n WHERE n.id = :id")
    row = tx.execute(statement, {"id": notification_id}).one_or_none()
    return _found(row) if row else None


def _found(row: Sequence[Any]) -> Found:
    return Found(Notification(*row[:-1]), bytes(row[-1]) if row[-1] is not None else None)


# what is dead and goes where it should have gone comes alive again; anything else that has ended is told once more under a key of its own
_RESEND = text("""
    WITH revived AS (
        UPDATE notification SET state = 'pending', next_at = :now, attempts = 0, created_at = :now, bounced_at = NULL,
            bounce = NULL, fell_back_at = NULL
        WHERE id = :id AND state = 'dead' AND channel = coalesce(:channel, channel) AND recipient = coalesce(:recipient, recipient)
        RETURNING id
    ), repeated AS (
        INSERT INTO notification (order_id, audience, channel, recipient, kind, language, facts, dedupe_key, next_at, created_at)
        SELECT order_id, audience, coalesce(:channel, channel), coalesce(:recipient, recipient), kind, language, facts,
            dedupe_key || ' again ' || gen_random_uuid(), :now, :now
        FROM notification WHERE id = :id AND next_at IS NULL AND NOT EXISTS (SELECT FROM revived)
        RETURNING id
    )
    SELECT id FROM revived UNION ALL SELECT id FROM repeated
""")


def resend(tx: Tx, notification_id: int, now: datetime, *, channel: str | None = None, recipient: str | None = None) -> int | None:
    """
    Send a dead notification after all, or one that has ended otherwise once more, by another way or to another address if they are given.

    Returns the id of the row that goes out now, None where there is nothing to do: it is unknown or still under way.
    """
    return tx.execute(_RESEND, {"id": notification_id, "now": now, "channel": channel, "recipient": recipient}).scalar()


@dataclass(frozen=True, slots=True)
class Waiting:
    """Which letters are to be taken back: those written before an instant (UTC), of one shop or kind where they are named."""

    before: datetime
    shop_id: int | None = None
    kind: str = ""


_WAITING = """FROM notification n JOIN orders o ON o.id = n.order_id
    WHERE n.next_at IS NOT NULL AND n.created_at < :before AND (:kind = '' OR n.kind = :kind)
        AND (CAST(:shop_id AS bigint) IS NULL OR o.shop_id = :shop_id)"""


def waiting(tx: Tx, which: Waiting) -> dict[str, int]:
    """How many of each kind wait to go out."""
    rows = tx.execute(text(f"SELECT n.kind, count(*) AS letters {_WAITING} GROUP BY n.kind ORDER BY n.kind"), _given(which))
    return {row.kind: row.letters for row in rows}


def orders_waiting(tx: Tx, which: Waiting) -> list[int]:
    """The orders that these letters are about."""
    return list(tx.execute(text(f"SELECT DISTINCT n.order_id {_WAITING}"), _given(which)).scalars())


def take_back(tx: Tx, which: Waiting, *, reason: str) -> dict[int, int]:
    """
    Let these never go out; returns how many of each order.

    Those that a sender was given and never reported on are among them; should one go out yet, it is recorded as sent.
    """
    rows = tx.execute(
        text(f"""WITH chosen AS (SELECT n.id {_WAITING} ORDER BY n.id FOR UPDATE OF n), taken AS (
                UPDATE notification SET state = 'withdrawn', next_at = NULL, last_error = :reason
                WHERE id IN (SELECT id FROM chosen) RETURNING order_id)
            SELECT order_id, count(*) AS letters FROM taken GROUP BY order_id ORDER BY order_id"""),
        _given(which) | {"reason": reason},
    )
    return {row.order_id: row.letters for row in rows}


def _given(which: Waiting) -> dict[str, Any]:
    return {"before": which.before, "shop_id": which.shop_id, "kind": which.kind}


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits to go out on one channel for one reason ('' where nothing went wrong yet)."""

    channel: str
    reason: str
    count: int
    oldest_at: datetime


def backlog(tx: Tx) -> list[Backlog]:
    """What waits to go out, by channel and reason: shows at once when a mail server refuses us."""
    rows = tx.execute(text(
        "SELECT channel, coalesce(last_error, ''), count(*), min(created_at) FROM notification WHERE next_at IS NOT NULL"
        " GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 50"
    ))
    return [Backlog(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Untold:
    """A confirmed order whose customer has not been told: the letter is `dead`, `pending` or `missing`, or nobody is `unreachable`."""

    order_id: int
    shop_id: int
    reason: str


def untold(tx: Tx, *, since: datetime, until: datetime) -> list[Untold]:
    """
    Orders confirmed after `since` and not after `until` (UTC) whose letter with the delivery date has not gone out, by id.

    Costs what was written into the journal in that time. A text message that waits for the morning is in order.
    """
    rows = tx.execute(
        text("""SELECT j.order_id, o.shop_id, CASE WHEN n.state = 'dead' THEN 'dead' WHEN n.id IS NOT NULL THEN 'pending'
                WHEN EXISTS (SELECT FROM journal u WHERE u.order_id = j.order_id AND u.what = 'unreachable.delivery-date')
                THEN 'unreachable' ELSE 'missing' END AS reason
            FROM journal j JOIN orders o ON o.id = j.order_id LEFT JOIN notification n ON n.dedupe_key = 'delivery-date:' || j.order_id
            WHERE j.at > :since AND j.at <= :until AND j.what = 'order.promised' AND o.state <> 'canceled'
                AND (n.id IS NULL OR n.state = 'dead' OR n.next_at IS NOT NULL AND n.last_error IS DISTINCT FROM :night)
                AND NOT EXISTS (SELECT FROM notification a
                    WHERE a.order_id = j.order_id AND a.kind = 'delivery-date' AND a.state = 'sent') ORDER BY j.order_id"""),
        {"since": since, "until": until, "night": NIGHT},
    )
    return [Untold(*row) for row in rows]
