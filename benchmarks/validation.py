"""
What the memory adds: 500 orders of known customers checked in one batch, with everything earlier orders say and without any of it.

Both read the same orders in the same transaction, by turns; what is learned from them afterwards is counted as well. It is set against
an order's whole way through the pipeline, as processor time in the same run.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from statistics import fmean

from benchmarks import contenders, pipeline
from benchmarks.bench_shop import received
from benchmarks.ground import Side, ground
from benchmarks.ledger import processor_seconds
from orderpipe.domain.rules import RULES, LineToCheck, OrderToCheck, RuleSetting, check
from orderpipe.intake.outcomes import Recorded
from orderpipe.intake.record import record
from orderpipe.store import checks, memory, policies, rule_settings
from orderpipe.store.metadata import Tx, text
from workers.run import Run, run_stage

BATCH, PAST, ROUNDS = 500, 4, 15
THROUGH, WARM_UP = 2_000, 500
"""Orders that go the whole way, and those before them."""

OF_HISTORY = frozenset({
    "quantity-unusual", "price-differs", "currency-unusual", "address-slip", "address-new", "phone-new", "email-new", "duplicate-order",
    "purchase-order-again",
})  # fmt: skip
PLAIN = tuple(rule for rule in RULES if rule.name not in OF_HISTORY)


def measure(orders: int | None = None) -> dict[str, float]:
    """`validation_history_cost`: what checking by history and learning add to an order, as a share of its way through the pipeline."""
    with ground() as here:
        with here.side("validation", lambda _: []) as side:
            with_memory, without, learning, stage = _measure(side)
        whole = pipeline.measure_side(here, contenders.orderpipe(), min(orders or THROUGH, THROUGH), min(orders or WARM_UP, WARM_UP))
    added = with_memory - without + learning
    print(
        f"validation: an order in a batch of {BATCH}: checked with memory {with_memory:.3f} ms, without {without:.3f} ms, learned from"
        f" {learning:.3f} ms; the whole stage {stage:.3f} ms; through the pipeline {whole.processor_ms:.2f} ms of processor", flush=True,
    )
    return {
        "validation_history_cost": round(added / (whole.processor_ms - added), 3), "validation_history_ms": round(with_memory - without, 3),
        "validation_learning_ms": round(learning, 3), "validation_stage_ms": round(stage, 3),
    }


def _measure(side: Side) -> tuple[float, float, float, float]:
    """Milliseconds an order: checked with memory, checked without, learned from, and the whole stage; means of the rounds."""
    with side.engine.begin() as tx:  # every order has twins, and none is like enough
        rule_settings.write(tx, side.shop_id, rule_settings.EVERY_TYPE, "duplicate-order", RuleSetting(limits={"likeness": 2}))
    for number in range(PAST):
        ids = _taken_down(side, f"past-{number}")
        run_stage(Run(side.engine, _now), "validate", ids)
        with side.engine.begin() as tx:
            memory.learn_from(tx, ids)
    with side.engine.begin() as tx:
        tx.execute(text("ANALYZE"))
    rounds = [_round(side, number) for number in range(ROUNDS)]
    return tuple(fmean(one) for one in zip(*rounds, strict=True))  # type: ignore[return-value]


def _round(side: Side, number: int) -> tuple[float, float, float, float]:
    ids = _taken_down(side, f"round-{number}")
    with side.engine.begin() as tx:
        rules = policies.policies(tx, _now())
        with_memory = _ms(lambda: [one.findings() for one in checks.subjects(tx, ids, rules)])
        without = _ms(lambda: [check(one, PLAIN) for one in _plain(tx, ids)])
    stage = _ms(lambda: run_stage(Run(side.engine, _now), "validate", ids))
    with side.engine.begin() as tx:
        learning = _ms(lambda: memory.learn_from(tx, ids))
    return with_memory, without, learning, stage


def _ms(work: Callable[[], object]) -> float:
    """Milliseconds of processor time for one order, the server's included."""
    begun = processor_seconds()
    work()
    return (processor_seconds() - begun) / BATCH * 1_000


def _taken_down(side: Side, prefix: str) -> list[int]:
    with side.engine.begin() as tx:
        outcomes = record(tx, [received(side.shop_id, number, prefix) for number in range(BATCH)], _now())
    return [one.order_id for one in outcomes if isinstance(one, Recorded)]


_ORDERS = text("""SELECT o.id, o.customer, o.ship_to, o.payment_method, o.currency, o.total, s.country, s.currency AS shop_currency
    FROM orders o JOIN shop s ON s.id = o.shop_id WHERE o.id = ANY(:ids) ORDER BY o.id""")
_LINES = text("""SELECT l.order_id, l.number, l.sku, l.kind, l.description, l.quantity, l.unit_price, p.sku IS NOT NULL,
        coalesce(p.discontinued, false), p.price
    FROM order_line l JOIN orders o ON o.id = l.order_id LEFT JOIN product p ON p.shop_id = o.shop_id AND p.sku = l.sku
    WHERE l.order_id = ANY(:ids) ORDER BY l.order_id, l.number""")


def _plain(tx: Tx, ids: Sequence[int]) -> list[OrderToCheck]:
    """The orders with nothing but what stands in them and in the catalogue."""
    lines: dict[int, list[LineToCheck]] = {}
    for order_id, *line in tx.execute(_LINES, {"ids": list(ids)}):
        lines.setdefault(order_id, []).append(LineToCheck(*line))
    return [
        OrderToCheck(
            row.customer, row.ship_to, row.payment_method, row.currency, row.total, tuple(lines[row.id]), row.country,
            shop_currency=row.shop_currency,
        )
        for row in tx.execute(_ORDERS, {"ids": list(ids)})
    ]


def _now() -> datetime:
    return datetime.now(UTC)
