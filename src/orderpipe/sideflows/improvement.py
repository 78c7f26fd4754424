"""
The weekly improvement letter: on Monday morning each office reads which three causes cost most orders their smooth way, and their trend.

A week in which nothing went wrong has no letter. Each shop's next letter is a row, so a job that comes late or twice writes it once.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import groupby

from orderpipe.domain.decisions import Audience, Tell
from orderpipe.domain.improvement import Cause, last_week, next_letter
from orderpipe.domain.reports import Period, zone_of
from orderpipe.store import improvement_letters as store
from orderpipe.store import notifications, shops
from orderpipe.store.metadata import Tx
from orderpipe.store.shops import Shop

JOB = "report.letter"
MOST = 200
"""Shops that are written to in one transaction."""


def write_letters(tx: Tx, *, office: str, now: datetime) -> int:
    """Write the letters that are due, and plan those of new shops; returns how many shops were due."""
    store.plan(tx, {shop: next_letter(now, zone_of(zone)) for shop, zone in store.unplanned(tx)})
    due = shops.by_ids(tx, store.due(tx, now=now, limit=MOST))
    notifications.enqueue(tx, letters(tx, due.values(), now), now, office_default=office)
    store.plan(tx, {one.id: next_letter(now, zone_of(one.time_zone)) for one in due.values()})
    return len(due)


def letters(tx: Tx, to: Collection[Shop], now: datetime) -> list[tuple[int, Tell]]:
    """The letters about the last week to these shops, each with an order that it happened to."""
    found = []
    for week, its in groupby(sorted(to, key=lambda one: _week(one, now).first), key=lambda one: _week(one, now)):
        named = {one.id: one.code for one in its}
        causes = store.largest(tx, list(named), week, now)
        found += [(some[0].example, _letter(named[shop], week, some)) for shop, some in causes.items()]
    return found


def _week(shop: Shop, now: datetime) -> Period:
    return last_week(now.astimezone(zone_of(shop.time_zone)).date())


def _letter(shop: str, week: Period, causes: Sequence[Cause]) -> Tell:
    facts = {"first": week.first, "last": week.last, "causes": [one.told(shop, week) for one in causes]}
    return Tell("office-improvement", facts, f"office-improvement:{causes[0].shop_id}:{week.first}", Audience.OFFICE)


def want(tx: Tx, shop: Shop, now: datetime, *, wanted: bool) -> None:
    """From now on the shop's office gets the letter, or gets none."""
    store.plan(tx, {shop.id: next_letter(now, zone_of(shop.time_zone)) if wanted else None})
