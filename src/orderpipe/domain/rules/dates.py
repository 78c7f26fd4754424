"""
Dates: the day on which the customer wants the goods is one on which they can come.
"""

from collections.abc import Iterator
from datetime import date

from orderpipe.domain.calendars import NoWorkingTime, WorkingCalendar, add_working_days, is_working_day
from orderpipe.domain.rules.findings import Doubt
from orderpipe.domain.rules.limits import Limits, number
from orderpipe.domain.rules.subject import GOODS, OrderToCheck


def requested_date_impossible(order: OrderToCheck, limits: Limits) -> Iterator[Doubt]:
    """The requested day is over, nobody delivers on it, or nothing can be there by then."""
    wanted, today, deliveries = order.requested_on, order.ordered_on, order.deliveries
    if wanted is None or today is None:
        return
    if wanted < today:
        yield _doubt(wanted, "past", _first(deliveries, today, int(number(limits, "days"))))
    elif deliveries is not None and any(line.kind == GOODS for line in order.lines):
        earliest = _first(deliveries, today, int(number(limits, "days")))
        if earliest and wanted < earliest:
            yield _doubt(wanted, "too-soon", earliest)
        elif not is_working_day(deliveries, wanted):
            yield _doubt(wanted, "no-delivery", _first(deliveries, wanted, 0))


def _doubt(wanted: date, why: str, instead: date | None) -> Doubt:
    return Doubt("/requested_on", wanted.isoformat(), (instead.isoformat(),) if instead else (), {"why": why})


def _first(deliveries: WorkingCalendar | None, day: date, days: int) -> date | None:
    """The day on which something can be there that many delivery days after this one."""
    try:
        return add_working_days(deliveries, day, days) if deliveries else None
    except NoWorkingTime:
        return None
