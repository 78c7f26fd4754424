"""
The customer's time zone by country: the only one, the main one, or where the country does not tell the shop's.
"""

from datetime import date

import pytest

from orderpipe.domain.time_zones import MAIN, zone_of_country

DAY = date(2026, 11, 25)


@pytest.mark.parametrize(("country", "home", "zone"), [
    ("GB", "Asia/Shanghai", "Europe/London"), ("cn", "Europe/London", "Asia/Shanghai"), ("DE", "Europe/London", "Europe/Berlin"),
    ("ES", "Europe/London", "Europe/Madrid"), ("US", "Europe/London", "Europe/London"), ("US", "America/Chicago", "America/Chicago"),
    ("ES", "Atlantic/Canary", "Atlantic/Canary"), ("AU", "Europe/Berlin", "Europe/Berlin"), ("AR", "UTC", "America/Argentina/Buenos_Aires"),
    ("", "Europe/London", "Europe/London"), ("XX", "Europe/London", "Europe/London"), ("MY", "UTC", "Asia/Kuala_Lumpur"),
])
def test_is_the_country_s_where_it_tells_and_else_the_shop_s(country: str, home: str, zone: str) -> None:
    assert zone_of_country(country, home, DAY) == zone


def test_the_main_zones_are_zones_of_their_countries() -> None:
    assert all(zone_of_country(country, zone, DAY) == zone for country, zone in MAIN.items())
