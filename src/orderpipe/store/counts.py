"""
How many of a shop's orders, fulfillments and letters stand where, and how long orders took: figures for whoever watches the flow.

Without a first order only what is live is counted, which the partial indexes make cheap however many orders have ended.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from orderpipe.flow import FulfillmentState, OrderState
from orderpipe.store.metadata import Tx, text


@dataclass(frozen=True, slots=True)
class Standing:
    """So many units in this state waiting for this, the oldest since then; `parked` of them stopped with an error."""

    state: str
    waiting_for: str | None
    count: int
    since: datetime
    parked: int


@dataclass(frozen=True, slots=True)
class Letters:
    """So many letters or messages of a kind, by channel and state."""

    kind: str
    audience: str
    channel: str
    state: str
    count: int


@dataclass(frozen=True, slots=True)
class Duration:
    """How long orders took from arrival until their first part, or they themselves, came to this state, in seconds."""

    until: str
    count: int
    median_seconds: float
    p95_seconds: float


def _counted(table: str, first: str) -> str:
    return f"""SELECT state, waiting_for, count(*), min(stage_entered_at),
            count(*) FILTER (WHERE last_error IS NOT NULL AND waiting_for = 'office')
        FROM {table} WHERE shop_id = :shop_id AND {first} GROUP BY state, waiting_for ORDER BY state, waiting_for"""


def orders(tx: Tx, shop_id: int, first: int | None) -> list[Standing]:
    """The live orders, or those from the order `first` on with the ended ones among them."""
    return _standings(tx, _counted("orders", "next_at IS NOT NULL" if first is None else "id >= :first"), shop_id, first)


def fulfillments(tx: Tx, shop_id: int, first: int | None) -> list[Standing]:
    """The fulfillments of the same."""
    return _standings(tx, _counted("fulfillment", "next_at IS NOT NULL" if first is None else "id >= :first * 1000"), shop_id, first)


def _standings(tx: Tx, statement: str, shop_id: int, first: int | None) -> list[Standing]:
    return [Standing(*row) for row in tx.execute(text(statement), {"shop_id": shop_id, "first": first} if first else {"shop_id": shop_id})]


def letters(tx: Tx, shop_id: int, first: int | None) -> list[Letters]:
    """The letters and messages about the same orders."""
    some = "o.next_at IS NOT NULL" if first is None else "o.id >= :first AND n.order_id >= :first"
    rows = tx.execute(
        text(f"""SELECT n.kind, n.audience, n.channel, n.state, count(*) FROM orders o JOIN notification n ON n.order_id = o.id
            WHERE o.shop_id = :shop_id AND {some} GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"""),
        {"shop_id": shop_id, "first": first} if first else {"shop_id": shop_id},
    )
    return [Letters(*row) for row in rows]


def durations(tx: Tx, shop_id: int, first: int, states: Sequence[OrderState | FulfillmentState]) -> list[Duration]:
    """How long the orders from `first` on took until each of these states; one that was never reached is left out."""
    rows = tx.execute(
        text("""WITH reached AS (
                SELECT j.order_id, j.after, min(j.at) AS at FROM journal j
                WHERE j.order_id >= :first AND j.after = ANY(:states) GROUP BY 1, 2
            ), took AS (
                SELECT r.after, extract(epoch FROM r.at - o.received_at) AS seconds
                FROM reached r JOIN orders o ON o.id = r.order_id WHERE o.shop_id = :shop_id
            )
            SELECT after, count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds),
                percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds)
            FROM took GROUP BY after"""),
        {"shop_id": shop_id, "first": first, "states": [state.value for state in states]},
    )
    found = {row.after: Duration(*row) for row in rows}
    return [found[state] for state in states if state in found]
