"""
The outbox as operators look through it: what went out, to whom, and as what.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

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
