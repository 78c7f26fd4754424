"""
In which time zone a customer reads the clock, as far as the country tells.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from functools import cache, lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

MAIN = {
    "CL": "America/Santiago", "CN": "Asia/Shanghai", "DE": "Europe/Berlin", "EC": "America/Guayaquil", "ES": "Europe/Madrid",
    "MY": "Asia/Kuala_Lumpur", "NZ": "Pacific/Auckland", "PT": "Europe/Lisbon", "UA": "Europe/Kyiv", "UZ": "Asia/Tashkent",
}
"""The zone that a country with several goes by as a whole, by the Unicode CLDR (`primaryZones`)."""


@lru_cache(maxsize=4096)
def zone_of_country(country: str, home: str, day: date) -> str:
    """
    The zone of a customer in this country (ISO 3166-1 alpha-2) on this day; `home`, the shop's, where the country does not tell.

    A country with several zones tells where all show the same time that day, or one of them is the country's main one.
    """
    zones = _zones().get(country.upper(), ())
    if not zones or home in zones:
        return home
    noon = datetime.combine(day, time(12), UTC)
    if len({noon.astimezone(ZoneInfo(zone)).utcoffset() for zone in zones}) == 1:
        return MAIN.get(country.upper(), zones[0])
    return MAIN.get(country.upper(), home)


@cache
def _zones() -> Mapping[str, tuple[str, ...]]:
    """The zones of each country, as the time zone database lists them."""
    told: dict[str, tuple[str, ...]] = {}
    for line in (files("tzdata.zoneinfo") / "zone.tab").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            country, _, zone, *_ = line.split("\t")
            told[country] = (*told.get(country, ()), zone)
    return told
