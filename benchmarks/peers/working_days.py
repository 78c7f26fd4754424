"""
Dates as simple arithmetic: so many working days on, at an hour, weekends and public holidays left out.
"""

from datetime import datetime, timedelta
from functools import lru_cache

import holidays


@lru_cache(maxsize=1000)
def _day_after(day: int, days: int) -> int:
    """The proleptic ordinal of the day that many working days later."""
    closed = holidays.country_holidays("GB", subdiv="ENG")
    while days:
        day += 1
        one = datetime.fromordinal(day)
        days -= one.weekday() < 5 and one.date() not in closed
    return day


def after_working_days(start: datetime, days: int, *, hour: int = 17) -> datetime:
    """That hour (UTC) of the day that many working days after `start`."""
    ahead = _day_after(start.toordinal(), days) - start.toordinal()
    return (start + timedelta(days=ahead)).replace(hour=hour, minute=0, second=0, microsecond=0)
