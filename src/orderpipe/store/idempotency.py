"""
Idempotency keys: the first request with a key claims it, and every later one gets the answer that the first was given.

Key, order and answer are one transaction, so a key without an answer is never seen by anybody else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orderpipe.store.intakes import idempotency
from orderpipe.store.metadata import Tx, as_json, insert_rows, text

ShopKey = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Answered:
    """What a key stands for: the request's hash and the answer it got."""

    request_hash: bytes
    status: int
    answer: Mapping[str, Any]


def claim(tx: Tx, requests: Mapping[ShopKey, bytes], now: datetime) -> dict[ShopKey, Answered]:
    """
    Claim those keys (with the hash of their request) that are free; returns the others with the answer given to them.

    Waits for a transaction that holds the same key. In key order, so that two groups cannot wait for each other.
    """
    rows = [
        {"shop_id": shop_id, "key": key, "request_hash": requests[shop_id, key], "status": 0, "answer": {}, "at": now}
        for shop_id, key in sorted(requests)
    ]
    new = insert_rows(tx, idempotency, rows, conflict="ON CONFLICT DO NOTHING", returning="shop_id, key")
    mine = {(row.shop_id, row.key) for row in new}
    taken = [one for one in requests if one not in mine]
    return _answers(tx, taken) if taken else {}


def _answers(tx: Tx, keys: Sequence[ShopKey]) -> dict[ShopKey, Answered]:
    rows = tx.execute(
        text("""SELECT i.shop_id, i.key, i.request_hash, i.status, i.answer
            FROM unnest(CAST(:shop_ids AS bigint[]), CAST(:keys AS text[])) AS u (shop_id, key)
            JOIN idempotency i ON i.shop_id = u.shop_id AND i.key = u.key"""),
        {"shop_ids": [shop_id for shop_id, _ in keys], "keys": [key for _, key in keys]},
    )
    return {(row.shop_id, row.key): Answered(bytes(row.request_hash), row.status, row.answer) for row in rows}


def answer(tx: Tx, answers: Mapping[ShopKey, tuple[int, Mapping[str, Any]]]) -> None:
    """Keep the answers (status, document) to keys claimed in this transaction."""
    if not answers:
        return
    tx.execute(
        text("""UPDATE idempotency i SET status = u.status, answer = CAST(u.answer AS jsonb)
            FROM unnest(CAST(:shop_ids AS bigint[]), CAST(:keys AS text[]), CAST(:statuses AS integer[]), CAST(:answers AS text[]))
                AS u (shop_id, key, status, answer)
            WHERE i.shop_id = u.shop_id AND i.key = u.key"""),
        {
            "shop_ids": [shop_id for shop_id, _ in answers], "keys": [key for _, key in answers],
            "statuses": [status for status, _ in answers.values()],
            "answers": [as_json(document) for _, document in answers.values()],
        },
    )


def forget(tx: Tx, before: datetime) -> int:
    """Remove keys claimed before this instant; returns how many. The order's reference stays unique without them."""
    return int(tx.execute(text("DELETE FROM idempotency WHERE at < :before"), {"before": before}).rowcount)
