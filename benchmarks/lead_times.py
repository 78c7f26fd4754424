"""
A learned delivery date for each of a batch of 500 orders, with the model loaded: what the promise stage waits for.

The model is learned from a made-up history with as many sellers and places as a marketplace of middling size has.
"""

import random
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from statistics import median

from orderpipe.domain.lead_times.columns import History
from orderpipe.domain.lead_times.facts import Known, Measured
from orderpipe.domain.lead_times.learner import Learner
from orderpipe.domain.lead_times.model import Model

BATCH, ROUNDS = 500, 50
PAST = 10_000
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = 150
RELIABILITY = 0.95


def measure(orders: int | None = None) -> dict[str, float]:
    """`lead_times_500_ms`: the median of many rounds, of which the processor's `lead_times_500_processor_ms`; `lead_times_learning_s`."""
    chance = random.Random(1)
    bought = sorted(FIRST + timedelta(days=DAYS * chance.random()) for _ in range(orders or PAST))
    past = [_measured(_known(chance, at), chance) for at in bought]
    begun = time.perf_counter()
    model = Learner(History.of(past), "DE").until((FIRST + timedelta(days=DAYS)).date())
    learned = time.perf_counter() - begun
    batches = [[_known(chance, FIRST + timedelta(days=DAYS)) for _ in range(BATCH)] for _ in range(ROUNDS)]
    model.dates(batches[0], RELIABILITY)
    took, busy = (median(times) for times in zip(*(_milliseconds(model, batch) for batch in batches), strict=True))
    print(
        f"lead times: {BATCH} dates in {took:.2f} ms, {busy:.2f} ms of processor; learned from {len(past)} orders in {learned:.1f} s",
        flush=True,
    )
    return {
        "lead_times_500_ms": round(took, 2), "lead_times_500_processor_ms": round(busy, 2), "lead_times_learning_s": round(learned, 2),
    }


def _milliseconds(model: Model, batch: Sequence[Known]) -> tuple[float, float]:
    """Gone by, and of the processor."""
    begun, begun_busy = time.perf_counter(), time.process_time()
    model.dates(batch, RELIABILITY)
    return (time.perf_counter() - begun) * 1000, (time.process_time() - begun_busy) * 1000


def _known(chance: random.Random, at: datetime) -> Known:
    seller, region = chance.randrange(1500), chance.randrange(16)
    return Known(
        bought_at=at, seller=f"S{seller}", seller_region=f"R{seller % 16}", seller_postcode=f"{seller % 90 + 10}115", region=f"R{region}",
        postcode=f"{region + 10}{chance.randrange(1000):03}", carrier="parcel", order_type="standard", payment="card",
        category=f"C{chance.randrange(70)}", pieces=1, grams=chance.lognormvariate(7, 1), litres=chance.lognormvariate(1, 1),
        freight=Decimal("4.90"), value=Decimal("49.00"),
    )


def _measured(known: Known, chance: random.Random) -> Measured:
    handed = known.bought_at + timedelta(days=chance.lognormvariate(0.5, 0.5))
    return Measured(known, handed, handed + timedelta(days=chance.lognormvariate(1.5, 0.5)))
