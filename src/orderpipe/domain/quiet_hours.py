"""
Quiet hours: when a text message would wake somebody, and until when it therefore waits.

They are those of the recipient: of the telephone number's time zone, else of the country the goods go to, else of the shop.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import phonenumbers
from babel.core import get_global
from phonenumbers import timezone

NIGHT = "It is night where the recipient is."
"""Why a text message waits."""

_NOWHERE = "Etc/Unknown"
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From one time of the day to another, usually over midnight; the same twice means that there are none."""

    start: time
    end: time

    def __contains__(self, at: time) -> bool:
        if self.start <= self.end:
            return self.start <= at < self.end
        return at >= self.start or at < self.end


def quiet_until(now: datetime, zones: tuple[str, ...], hours: QuietHours) -> datetime:
    """
    The first instant (UTC), `now` or later, that is quiet in none of these time zones.

    Where a number may be in so many that it is night in some at any time, the first of them counts.
    """
    at, settled = now, 0
    while settled < len(zones):
        for zone in zones:
            later = _ended(at, zone, hours)
            settled = settled + 1 if later == at else 0
            at = later
        if at > now + _DAY:
            return _ended(now, zones[0], hours)
    return at


def _ended(now: datetime, zone: str, hours: QuietHours) -> datetime:
    """`now`, or the end of the quiet hours that it lies in."""
    local = now.astimezone(_zone(zone))
    if local.time() not in hours:
        return now
    end = datetime.combine(local.date() + (_DAY if local.time() >= hours.end else timedelta()), hours.end, local.tzinfo)
    first = end.astimezone(UTC)
    return first if first > now else end.replace(fold=1).astimezone(UTC)  # of an hour that comes twice the first is over


def zones_of(phone: str, *, home: str, there: str, otherwise: str) -> tuple[str, ...]:
    """
    The time zones where whoever has this number may be, the likeliest first; never empty.

    `home` is the country (ISO 3166-1 alpha-2) of numbers that name none, `there` where the goods go, `otherwise` the shop's time zone.
    """
    own, near = _of_number(phone, home), _of_country(there or home)
    likely = tuple(zone for zone in own if zone in near) or own or near or (otherwise,)
    return tuple(sorted(likely, key=lambda zone: zone != otherwise))


@lru_cache(maxsize=16_384)
def _of_number(phone: str, country: str) -> tuple[str, ...]:
    try:
        number = phonenumbers.parse(phone, country or None)
    except phonenumbers.NumberParseException:
        return ()
    zones = tuple(zone for zone in timezone.time_zones_for_number(number) if zone != _NOWHERE and _exists(zone))
    return zones or _of_country(phonenumbers.region_code_for_country_code(number.country_code or 0))


@lru_cache(maxsize=300)
def _of_country(country: str) -> tuple[str, ...]:
    found = (zone for zone, territory in get_global("zone_territories").items() if territory == country.upper())
    return tuple(sorted(zone for zone in found if _exists(zone))) if country else ()


@lru_cache(maxsize=1_000)
def _exists(zone: str) -> bool:
    return _zone(zone).key == zone


@lru_cache(maxsize=1_000)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):  # OSError: a name too long for a file
        return ZoneInfo("UTC")
