"""
How the installation is: the database's version, when the clock last ticked, and what stands still because of an error.
"""

from dataclasses import dataclass
from datetime import datetime

from orderpipe.store.metadata import Tx, text


@dataclass(frozen=True, slots=True)
class Parked:
    """An order that waits for the office because a stage failed on it or on one of its fulfillments."""

    order_id: int
    state: str
    error: str


def server_version(tx: Tx) -> str:
    """PostgreSQL's version, such as 18.1."""
    return str(tx.execute(text("SHOW server_version")).scalar_one()).partition(" ")[0]


def ticks(tx: Tx) -> dict[str, datetime]:
    """When each job of the clock is due next (UTC), as its last tick has said; jobs that never ran are left out."""
    return {row.name: row.due for row in tx.execute(text("SELECT name, due FROM job_clock"))}


def parked(tx: Tx, limit: int = 20) -> list[Parked]:
    """What a stage has failed on, the oldest order first."""
    rows = tx.execute(
        text("""SELECT id, state, last_error FROM orders
            WHERE next_at IS NOT NULL AND waiting_for = 'office' AND last_error IS NOT NULL
            UNION ALL SELECT order_id, state, last_error FROM fulfillment
            WHERE next_at IS NOT NULL AND waiting_for = 'office' AND last_error IS NOT NULL
            ORDER BY 1 LIMIT :limit"""),
        {"limit": limit},
    )
    return [Parked(*row) for row in rows]


def unread(tx: Tx, limit: int = 20) -> list[tuple[int, str]]:
    """What was received and our own code failed to take down, the oldest first: intake id and error."""
    rows = tx.execute(
        text("SELECT id, last_error FROM intake WHERE next_at IS NOT NULL AND last_error IS NOT NULL ORDER BY id LIMIT :limit"),
        {"limit": limit},
    )
    return [(row.id, row.last_error) for row in rows]


def refused(tx: Tx, channel: str, since: datetime) -> dict[str, int]:
    """How many orders and messages each shop, by code, had refused at a door since this instant (UTC)."""
    rows = tx.execute(
        text("""SELECT s.code, count(*) AS refused FROM intake i JOIN shop s ON s.id = i.shop_id
            WHERE i.state = 'refused' AND i.channel = :channel AND i.received_at >= :since GROUP BY s.code ORDER BY s.code"""),
        {"channel": channel, "since": since},
    )
    return {row.code: row.refused for row in rows}


def dead_letters(tx: Tx) -> int:
    """How many notifications could not be delivered; those to nobody, whose customer was erased, do not count."""
    return int(tx.execute(text("SELECT count(*) FROM notification WHERE state = 'dead' AND recipient <> ''")).scalar_one())
