"""
Made-up histories: orders whose times have a middle per region, spread like those of real parcels, and may drift.
"""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from orderpipe.domain.lead_times.facts import Known, Measured

FIRST = datetime(2026, 1, 5, tzinfo=UTC)
REGIONS = {"near": 4.0, "far": 12.0}


def known(at: datetime, region: str = "near", seller: str = "S1", **more: object) -> Known:
    """An order bought at this instant."""
    return Known(bought_at=at, region=region, seller=seller, **more)  # type: ignore[arg-type]


def history(
    count: int, days: int, seed: int = 1, slower: Callable[[float], float] = lambda _: 1.0, lost: float = 0.03,
) -> list[Measured]:
    """So many orders over so many days; `slower` stretches the times of those bought on a day; some are never delivered."""
    chance = random.Random(seed)
    return [_measured(at, chance, slower, lost) for at in sorted(days * chance.random() for _ in range(count))]


def _measured(at: float, chance: random.Random, slower: Callable[[float], float], lost: float) -> Measured:
    bought = FIRST + timedelta(days=at)
    region, seller = chance.choice(list(REGIONS)), f"S{chance.randrange(20)}"
    took = REGIONS[region] * slower(at) * chance.lognormvariate(0, 0.4)
    handed = bought + timedelta(days=took * 0.3)
    return Measured(known(bought, region, seller), handed, None if chance.random() < lost else bought + timedelta(days=took))


def day(number: int) -> datetime:
    """The day so many days after the first."""
    return FIRST + timedelta(days=number)
