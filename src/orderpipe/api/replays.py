"""
Idempotency keys of requests that change something without an id of their own: a repetition gets the first answer again.

Key and answer are part of the request's transaction, so whoever comes with the same key at the same time waits for the answer.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import Header
from starlette.responses import Response

from orderpipe.api.problems import MEDIA_TYPE, Problem
from orderpipe.store import idempotency
from orderpipe.store.metadata import Tx

IdempotencyKey = Annotated[str | None, Header(
    alias="Idempotency-Key", max_length=255, min_length=1,
    description="A repeated request with the same key gets the first answer again, marked `Idempotent-Replayed: true`.",
)]


class KeyUsedOtherwise(Problem):
    """The key belongs to another request."""

    def __init__(self) -> None:
        super().__init__(422, "idempotency-key-reused", "This Idempotency-Key came with another request before; take a new one.")


def claim(tx: Tx, shop_id: int, key: str | None, *, request: bytes, now: datetime) -> Response | None:
    """Claim the key; returns the answer that was given when it was claimed before. Raises KeyUsedOtherwise."""
    if key is None:
        return None
    mine = hashlib.sha256(request).digest()
    answered = idempotency.claim(tx, {(shop_id, key): mine}, now).get((shop_id, key))
    if answered is None:
        return None
    if answered.request_hash != mine:
        raise KeyUsedOtherwise
    return _response(answered.status, answered.answer)


def keep(tx: Tx, shop_id: int, key: str | None, response: Response) -> None:
    """Keep the answer for those who repeat the request."""
    if key is not None:
        idempotency.answer(tx, {(shop_id, key): (response.status_code, json.loads(bytes(response.body)))})


def _response(status: int, document: Mapping[str, Any]) -> Response:
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return Response(body, status, {"Idempotent-Replayed": "true"}, MEDIA_TYPE if status >= 400 else "application/json")
