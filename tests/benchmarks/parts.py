"""
Parts of a benchmark that measure nothing, for trying out what comes of theirs.
"""

import os

from benchmarks import Skipped


def quick(orders: int | None) -> dict[str, float]:
    """Says with how many orders it was asked to measure."""
    return {"quick_orders": orders or 0}


def other(_: int | None) -> dict[str, float]:
    """Has a figure of its own."""
    return {"other_per_s": 7}


def broken(_: int | None) -> dict[str, float]:
    """Fails."""
    raise ZeroDivisionError("nothing was measured")


def dying(_: int | None) -> dict[str, float]:
    """Takes its process along."""
    os._exit(9)


def impossible(_: int | None) -> dict[str, float]:
    """Cannot be measured here."""
    raise Skipped("there is no RabbitMQ here")
