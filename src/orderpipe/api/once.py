"""
A step taken once per Idempotency-Key: who repeats the request gets the first answer again instead of a second step.

Key, step and answer are one transaction; a refused step uses no key up, so it can be tried again when it fits.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Header, Request
from fastapi.responses import JSONResponse

from orderpipe.api.problems import Problem
from orderpipe.serving.transactions import InWork, Now, Work
from orderpipe.store import idempotency

Document = Mapping[str, Any]


class KeyReused(Problem):
    """The key came with another request before."""

    def __init__(self) -> None:
        super().__init__(422, "key-reused", "This Idempotency-Key was used for another request; use a new one for each request.")


@dataclass(frozen=True, slots=True)
class Once:
    """One request, and its key if it has one."""

    work: Work
    now: datetime
    key: str | None
    request: str

    def do(self, shop_id: int, body: str, step: Callable[[], Document]) -> Any:
        """Take the step and keep its answer, or give the answer that was kept. Raises KeyReused and what the step raises."""
        if self.key is None:
            return step()
        asked = hashlib.sha256(f"{self.request}\n{body}".encode("utf-8", "replace")).digest()
        earlier = idempotency.claim(self.work.tx, {(shop_id, self.key): asked}, self.now).get((shop_id, self.key))
        if earlier is None:
            answer = step()
            idempotency.answer(self.work.tx, {(shop_id, self.key): (200, answer)})
            return answer
        if earlier.request_hash != asked:
            raise KeyReused
        return JSONResponse(earlier.answer, earlier.status, {"Idempotent-Replayed": "true"})


async def _once(
    request: Request, work: InWork, now: Now,
    idempotency_key: Annotated[str | None, Header(
        min_length=1, max_length=255, description="A repeated request gets the first answer again, marked `Idempotent-Replayed: true`.",
    )] = None,
) -> Once:
    return Once(work, now, idempotency_key, f"{request.method} {request.url.path}")


InOnce = Annotated[Once, Depends(_once, scope="function")]
"""Parameter of an endpoint that takes a step: `once.do(shop_id, body, step)`."""
