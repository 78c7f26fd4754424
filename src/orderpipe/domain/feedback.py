"""
One question when an order is done: did everything arrive, and how satisfied was the customer, from 1 to 5.

A low score opens a case for the office to call; something that did not arrive becomes a claim.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

SCORES = range(1, 6)


@dataclass(frozen=True, slots=True)
class Rating:
    """What the customer said; None is what was not said."""

    score: int | None = None
    comment: str = ""
    arrived: bool | None = None


@dataclass(frozen=True, slots=True)
class Feedback:
    """What is known of a customer's satisfaction with an order; instants UTC."""

    order_id: int
    shop_id: int
    score: int | None
    comment: str
    arrived: bool | None
    first_at: datetime | None

    def has(self, rating: Rating) -> bool:
        """Whether this was said before, to the last word."""
        said = rating.score in (None, self.score) and rating.arrived in (None, self.arrived)
        return said and (rating.score is None or rating.comment == self.comment)


class RatingClosed(Exception):
    """The rating was given some days ago and is no longer changed."""


def may_still_rate(given: Feedback | None, change_days: int, now: datetime) -> bool:
    """Whether a rating may be given or changed."""
    return given is None or given.first_at is None or now < given.first_at + timedelta(days=change_days)


def is_low(score: int | None, low_score: int) -> bool:
    """Whether a score opens a case."""
    return score is not None and score <= low_score
