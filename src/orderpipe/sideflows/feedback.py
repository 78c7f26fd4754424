"""
Feedback: whether everything arrived, and how satisfied the customer is; a low score opens a case and asks the office to call.

Who has said nothing is asked once more, some days later.
"""

from dataclasses import dataclass
from datetime import datetime

from orderpipe.domain.cases import Channel, Kind, storable
from orderpipe.domain.decisions import Tell
from orderpipe.domain.feedback import Rating, RatingClosed, is_low, may_still_rate
from orderpipe.domain.links import page_link
from orderpipe.settings import settings
from orderpipe.sideflows import cases
from orderpipe.store import case_terms, feedback, journal, link_keys, notifications, standing, units
from orderpipe.store.case_opening import Opened, Opening
from orderpipe.store.journal import Entry
from orderpipe.store.metadata import Tx

MOST = 1_000
"""Customers asked once more in one transaction."""


@dataclass(frozen=True, slots=True)
class Rated:
    """What the customer said, and the case that it opened, if it did."""

    rating: Rating
    case: Opened | None = None


def rate(tx: Tx, order_id: int, given: Rating, *, channel: Channel, now: datetime) -> Rated:
    """Write down what the customer says; it may be changed for some days. Raises RatingClosed, UnknownOrder."""
    units.lock_orders(tx, [order_id])
    terms = case_terms.terms_of(tx, standing.shop_of(tx, order_id))
    before = feedback.of_order(tx, order_id)
    if not may_still_rate(before, terms.change_days, now):
        raise RatingClosed("This rating was given some days ago; it is no longer changed.")
    rating = Rating(given.score, storable(given.comment), given.arrived)
    if before is None or not before.has(rating):  # else the form was sent twice
        feedback.keep(tx, order_id, rating, channel=channel, now=now)
        note = {"score": rating.score, "arrived": rating.arrived}
        journal.write(tx, [Entry(order_id, "feedback.given", note=note)], now=now, actor="customer")
    if not is_low(rating.score, terms.low_score):
        return Rated(rating)
    opening = Opening(order_id, Kind.COMPLAINT, rating.comment, f"low-score:{order_id}", channel=channel, score=rating.score)
    return Rated(rating, cases.open_case(tx, opening, now=now))


def remind(tx: Tx, *, now: datetime) -> int:
    """Ask once more who has not rated; returns how many were looked at."""
    silent = feedback.take_silent(tx, now=now, limit=MOST)
    signer, public_url = link_keys.signer(tx, now), settings().public_url
    tells = [
        (one.order_id, Tell(
            "rating-reminder", {"page_link": page_link(signer, public_url, one.order_id, now), "completed_on": one.completed_at},
            f"rating-reminder:{one.order_id}",
        ))
        for one in silent if one.still
    ]
    notifications.enqueue(tx, tells, now, office_default="")
    return len(silent)
