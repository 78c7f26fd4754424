"""
Orders per second when all of them want the same article, so that every batch wants the same stock row; and meanwhile the express lane.

Compared with the same orders spread over fifty articles, in turns. Meanwhile a customer sends express orders for the same articles, one
at a time, and sees when each is released to the warehouse.
"""

import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import median, quantiles

from sqlalchemy import text

from benchmarks.bench_shop import ARTICLES, open_shop
from benchmarks.facts import Facts
from benchmarks.stack import running_stack
from orderpipe.intake import json_order
from orderpipe.intake.outcomes import Received, Recorded
from orderpipe.intake.record import record
from orderpipe.store.database import Database

ORDERS = 6_000
"""Orders of one turn."""
ROUNDS = 3
GROUP = 200
LONGEST = 600.0
"""Seconds after which a turn is given up."""
BETWEEN = 0.1
"""Seconds between an express order's release and the next one's arrival."""
LOOK = 0.01
"""Seconds between two looks at whether an express order is released: so much too long is a latency at most."""


class TooSlow(Exception):
    """The orders did not get through in time."""


@dataclass(frozen=True)
class Shop:
    """Where the orders go: the shop, and how its stages hear of them."""

    engine: Database
    id: int

    def take(self, numbers: Sequence[int], prefix: str, articles: int, type: str = "standard") -> list[int]:
        """Take these orders down in one transaction and hint at them; returns their ids."""
        from orderpipe import broker  # only now: it reads the settings when it is loaded

        with self.engine.begin() as tx:
            raws = [_order_json(f"{prefix}-{number}", f"SKU-{number % articles}", type) for number in numbers]
            outcomes = record(tx, [Received(self.id, raw, json_order.parse(raw)) for raw in raws], datetime.now(UTC))
        ids = [one.order_id for one in outcomes if isinstance(one, Recorded)]
        broker.send_stage("validate", ids, type)
        return ids


@dataclass(frozen=True, slots=True)
class Turn:
    """Standard orders per second through every stage, and the seconds that express orders meanwhile waited for their release."""

    per_second: float
    waited: list[float]

    def __str__(self) -> str:
        return f"{self.per_second:,.0f}/s with {len(self.waited)} express orders, the middle one released after {median(self.waited):.2f} s"


def measure(orders: int | None = None) -> dict[str, float]:
    """`hot_sku_per_s` through every stage, its ratio to fifty articles, and the express lane's time from arrival to release."""
    most = orders or ORDERS
    with running_stack() as engine:
        with engine.begin() as tx:
            shop = Shop(engine, open_shop(tx))
        with Facts(engine, shop.id):
            _turn(shop, most // 4, "warm-up", ARTICLES)
            rounds = [_round(shop, most, number) for number in range(ROUNDS)]
    hundredths = quantiles([one for hot, _ in rounds for one in hot.waited], n=100, method="inclusive")
    return {
        "hot_sku_per_s": round(median(hot.per_second for hot, _ in rounds)),
        "hot_sku_vs_spread": round(median(hot.per_second / spread.per_second for hot, spread in rounds), 2),
        "hot_sku_express_p50_ms": round(hundredths[49] * 1000),
        "hot_sku_express_p99_ms": round(hundredths[98] * 1000),
        "hot_sku_express_orders": sum(len(hot.waited) for hot, _ in rounds),
    }


def _round(shop: Shop, orders: int, number: int) -> tuple[Turn, Turn]:
    hot, spread = _turn(shop, orders, f"hot-{number}", 1), _turn(shop, orders, f"spread-{number}", ARTICLES)
    print(f"  one article: {hot}; {ARTICLES} articles: {spread}", flush=True)
    return hot, spread


def _turn(shop: Shop, orders: int, prefix: str, articles: int) -> Turn:
    with Express(shop, f"express-{prefix}", articles) as express:
        return Turn(_through(shop, orders, prefix, articles), express.waited)


def _through(shop: Shop, orders: int, prefix: str, articles: int) -> float:
    """Orders per second from the first one's arrival to the last one's end."""
    begun = time.perf_counter()
    ids: list[int] = []
    for start in range(0, orders, GROUP):
        ids += shop.take(range(start, min(start + GROUP, orders)), prefix, articles)
    live = text("SELECT NOT EXISTS (SELECT FROM orders WHERE id BETWEEN :first AND :last AND next_at IS NOT NULL AND lane = 'standard')")
    _until(lambda: _is_so(shop.engine, live, first=min(ids), last=max(ids)), pause=0.1)
    return orders / (time.perf_counter() - begun)


@dataclass
class Express:
    """A customer with express orders, one after the other until the block ends; `waited` has the seconds from arrival to release."""

    shop: Shop
    prefix: str
    articles: int
    waited: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._order_again_and_again)

    def __enter__(self) -> "Express":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _order_again_and_again(self) -> None:
        released = text("SELECT EXISTS (SELECT FROM fulfillment WHERE order_id = :id AND state <> 'planned')")
        while not self._over.wait(BETWEEN):
            begun = time.perf_counter()
            (order_id,) = self.shop.take([len(self.waited)], self.prefix, self.articles, "express")
            _until(lambda: _is_so(self.shop.engine, released, id=order_id), pause=LOOK)  # noqa: B023  # done before the next
            self.waited.append(time.perf_counter() - begun)


def _is_so(engine: Database, question: object, **values: int) -> bool:
    with engine.connect() as tx:
        return bool(tx.execute(question, values).scalar_one())  # type: ignore[call-overload]


def _until(done: Callable[[], bool], *, pause: float) -> None:
    end = time.monotonic() + LONGEST
    while not done():
        if time.monotonic() > end:
            raise TooSlow(f"Orders were still on their way after {LONGEST:.0f} s.")
        time.sleep(pause)


def _order_json(reference: str, sku: str, type: str) -> bytes:
    return json.dumps({
        "reference": reference, "type": type, "payment_method": "invoice", "currency": "GBP", "total": "6.00",
        "lines": [{"sku": sku, "quantity": 3, "description": "As in the catalogue", "unit_price": "2.00"}],
        "customer": {"name": "A Customer", "email": f"{reference}@example.com"},
        "ship_to": {"line1": "1 High Street", "city": "London", "postal_code": "N1 1AA", "country": "GB"},
    }).encode()
