"""
Two shops before a broker door, with a real Redis and a real database behind it.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import redis
from sqlalchemy import Engine, text

from orderpipe.assembly import Assembly
from orderpipe.settings import Settings
from orderpipe.store import intakes, policies, shops
from orderpipe.store.intakes import Filter, Intake
from tests import builders
from tests.shop_system import ShopSystem
from workers import mailbox_redis
from workers.door import Door
from workers.mailbox_redis import RedisMailbox

LEASE = timedelta(seconds=100)


class House:
    """The shops `corner` and `other`, the door they share, and what the door hinted at."""

    def __init__(self, engine: Engine, url: str) -> None:
        self.engine = engine
        self.hints: list[tuple[str, list[int], str]] = []
        with engine.begin() as tx:
            policies.ensure_defaults(tx)
            self.shop_id, self.other_id = builders.shop(tx, "corner"), builders.shop(tx, "other")
            self.key = shops.create_key(tx, self.shop_id, "shop")
            other = shops.create_key(tx, self.other_id, "shop")
        self.corner, self.other = ShopSystem(url, "corner", self.key), ShopSystem(url, "other", other)
        self.redis = redis.Redis.from_url(url)
        self.mailbox = RedisMailbox(url, LEASE)
        self.door = self.another_door(self.mailbox)

    def another_door(self, mailbox: RedisMailbox) -> Door:
        parts = Assembly(Settings(), self.engine, lambda: datetime.now(UTC), lambda *_: None)
        return Door(mailbox, parts, lambda step, ids, lane: self.hints.append((step, list(ids), lane)))

    def work(self) -> None:
        while self.door.round():
            pass

    def intakes(self, shop_id: int | None = None, **which: Any) -> list[Intake]:
        with self.engine.begin() as tx:
            return list(reversed(intakes.listed(tx, shop_id or self.shop_id, Filter(**which), before=None, limit=10_000)))

    def refusal(self) -> dict[str, Any]:
        """The one problem that there is."""
        one, = self.intakes(state="refused")
        assert one.result is not None
        return dict(one.result)

    def references(self, shop_id: int | None = None) -> list[str]:
        with self.engine.begin() as tx:
            found = tx.execute(text("SELECT reference FROM orders WHERE shop_id = :id ORDER BY id"), {"id": shop_id or self.shop_id})
            return [row.reference for row in found]

    def is_empty(self) -> bool:
        return not any(self.redis.exists(name) for name in ("submit.corner", "submit.other", mailbox_redis.HELD, mailbox_redis.DUE))

    def close(self) -> None:
        for one in (self.corner, self.other, self.redis, self.mailbox):
            one.close()
