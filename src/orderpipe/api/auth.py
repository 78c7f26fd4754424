"""
Who is calling: a key names the shop it belongs to and the role it was given to.

Keys are looked up by their hash and remembered for five seconds, so that a revoked key is refused within that time everywhere.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPBearer
from starlette.concurrency import run_in_threadpool

from orderpipe.api.problems import Problem
from orderpipe.store import shops
from orderpipe.store.database import Database
from orderpipe.store.shops import Role

REMEMBERED_SECONDS = 5.0
_REMEMBERED_AT_MOST = 10_000

_bearer = HTTPBearer(
    scheme_name="Key", auto_error=False,
    description="An API key (`op_…`), shown once by `orderpipe shop add` or `orderpipe shop rotate-key`.",
)


class Unauthorized(Problem):
    """No key, or one that is unknown or revoked."""

    def __init__(self) -> None:
        sentence = "Send a valid API key: Authorization: Bearer op_…"
        super().__init__(401, "unauthorized", sentence, headers={"WWW-Authenticate": "Bearer"})


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: the shop, the role of the key, and what the journal calls them."""

    shop_id: int
    role: Role
    by: str


class Keys:
    """The keys this process has seen in the last seconds."""

    def __init__(self, engine: Database) -> None:
        self._engine = engine
        self._seen: dict[bytes, tuple[float, Caller]] = {}
        self._looking: dict[bytes, asyncio.Future[Caller]] = {}

    async def caller(self, secret: str) -> Caller:
        """Who holds this key. Raises Unauthorized."""
        hashed = shops.hash_of(secret)
        remembered = self._seen.get(hashed)
        if remembered is not None and remembered[0] > time.monotonic():
            return remembered[1]
        if hashed not in self._looking:  # one look serves all who ask meanwhile, so that no herd takes the connections
            self._looking[hashed] = asyncio.ensure_future(run_in_threadpool(self._look_up, secret))
            self._looking[hashed].add_done_callback(lambda _: self._looking.pop(hashed))
        return await asyncio.shield(self._looking[hashed])

    def _look_up(self, secret: str) -> Caller:
        with self._engine.begin() as tx:
            key = shops.find_key(tx, secret)
        if key is None:
            raise Unauthorized
        if len(self._seen) >= _REMEMBERED_AT_MOST:
            self._seen.clear()
        caller = Caller(key.shop_id, key.role, f"{key.role} key …{key.hint}")
        self._seen[shops.hash_of(secret)] = time.monotonic() + REMEMBERED_SECONDS, caller
        return caller


async def identify(request: Request, roles: frozenset[Role]) -> Caller:
    """Who calls. Raises Unauthorized without a valid key, Problem (403) with one of another role."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret:
        raise Unauthorized
    keys: Keys = request.app.state.keys
    found = await keys.caller(secret.strip())
    if found.role not in roles:
        sentence = f"A key of the role {found.role} may not do this; it takes {' or '.join(sorted(roles))}."
        raise Problem(403, "forbidden", sentence)
    return found


def caller_as(*roles: Role) -> Callable[..., Awaitable[Caller]]:
    """The dependency that lets in keys of these roles only."""
    allowed = frozenset(roles)

    async def caller(request: Request, _: Annotated[object, Depends(_bearer)]) -> Caller:  # so that OpenAPI shows the key
        return await identify(request, allowed)

    return caller


ByShop = Annotated[Caller, Depends(caller_as(Role.SHOP, Role.OFFICE))]
ByOffice = Annotated[Caller, Depends(caller_as(Role.OFFICE))]
ByWarehouse = Annotated[Caller, Depends(caller_as(Role.WAREHOUSE, Role.OFFICE))]
ByCarrier = Annotated[Caller, Depends(caller_as(Role.CARRIER, Role.OFFICE))]
ByAnyone = Annotated[Caller, Depends(caller_as(*Role))]
