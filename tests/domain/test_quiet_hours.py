"""
Quiet hours: nobody is woken, nothing waits longer than it must, and the clocks' changes twice a year make no difference.
"""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orderpipe.domain.quiet_hours import QuietHours, quiet_until, zones_of

NIGHT = QuietHours(time(21), time(8))
ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Africa/Casablanca", "Pacific/Apia", "UTC"]
times = st.times().map(lambda one: one.replace(second=0, microsecond=0))
_OCTOBER = datetime(2026, 10, 22, tzinfo=UTC)
_minutes = st.integers(0, 7 * 24 * 60) | st.integers(-1_000_000, 1_000_000)
instants = _minutes.map(lambda minutes: _OCTOBER + timedelta(minutes=minutes))
"""Years around, and often the week in which Europe's clocks go back."""


def is_quiet(at: datetime, zone: str, hours: QuietHours) -> bool:
    return at.astimezone(ZoneInfo(zone)).time() in hours


@settings(max_examples=400)
@given(now=instants, zone=st.sampled_from(ZONES), start=times, end=times)
def test_ends_as_soon_as_nobody_is_woken(now: datetime, zone: str, start: time, end: time) -> None:
    hours = QuietHours(start, end)
    until = quiet_until(now, (zone,), hours)
    assert not is_quiet(until, zone, hours)
    assert now <= until <= now + timedelta(hours=25)
    if until > now:
        waiting = (until - now).total_seconds()
        assert all(is_quiet(now + timedelta(seconds=waiting * part / 50), zone, hours) for part in range(50))
        assert is_quiet(until - timedelta(seconds=1), zone, hours)


@settings(max_examples=200)
@given(now=instants)
def test_wakes_nobody_in_any_zone_where_that_is_possible(now: datetime) -> None:
    zones = ("America/New_York", "America/Los_Angeles", "Pacific/Honolulu")
    until = quiet_until(now, zones, NIGHT)
    assert not any(is_quiet(until, zone, NIGHT) for zone in zones)
    assert until <= now + timedelta(days=1)


@settings(max_examples=100)
@given(now=instants)
def test_goes_by_the_likeliest_zone_where_it_is_always_night_somewhere(now: datetime) -> None:
    zones = ("UTC", "Etc/GMT-8", "Etc/GMT+8")
    assert quiet_until(now, zones, NIGHT) == quiet_until(now, zones[:1], NIGHT)


@pytest.mark.parametrize(("now", "until"), [
    ("2026-03-28T21:30:00Z", "2026-03-29T06:00:00Z"),  # the night in which Berlin loses an hour
    ("2026-10-24T21:30:00Z", "2026-10-25T07:00:00Z"),  # and the one that has it twice
    ("2026-07-01T18:59:59Z", "2026-07-01T18:59:59Z"),
    ("2026-07-01T19:00:00Z", "2026-07-02T06:00:00Z"),
])
def test_follows_the_clocks_of_the_recipient(now: str, until: str) -> None:
    assert quiet_until(datetime.fromisoformat(now), ("Europe/Berlin",), NIGHT) == datetime.fromisoformat(until)


def test_there_are_none_from_one_time_to_the_same() -> None:
    midnight = datetime(2026, 1, 1, tzinfo=UTC)
    assert quiet_until(midnight, ("UTC",), QuietHours(time(0), time(0))) == midnight


@pytest.mark.parametrize(("phone", "home", "there", "zones"), [
    ("+49 170 1234567", "GB", "", ("Europe/Berlin",)),
    ("0170 1234567", "DE", "", ("Europe/Berlin",)),
    ("+1 212 555 0123", "GB", "DE", ("America/New_York",)),
    ("+8613800138000", "GB", "CN", ("Asia/Shanghai",)),
    ("nonsense", "GB", "DE", ("Europe/Berlin", "Europe/Busingen")),
    ("", "", "", ("Asia/Tokyo",)),
])
def test_a_number_tells_where_its_owner_is(phone: str, home: str, there: str, zones: tuple[str, ...]) -> None:
    assert zones_of(phone, home=home, there=there, otherwise="Asia/Tokyo") == zones


def test_a_number_without_a_place_may_be_anywhere_in_its_country() -> None:
    zones = zones_of("+1 800 555 0123", home="US", there="US", otherwise="America/Chicago")
    assert zones[0] == "America/Chicago"
    assert {"America/New_York", "Pacific/Honolulu"} < set(zones)
