"""
The rules a shop works by, as the database keeps them.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import text

from orderpipe.domain.rules import RuleSetting
from orderpipe.domain.targets import Policies, rules_for
from orderpipe.flow import Lane
from orderpipe.store import rule_settings
from orderpipe.store.database import connect
from orderpipe.store.metadata import Tx, insert_rows
from orderpipe.store.policies import calendar, ensure_defaults, policies, read_policies

NOW = datetime(2026, 1, 2, 16, tzinfo=UTC)


@pytest.fixture
def tx(database_url: str) -> Iterator[Tx]:
    engine = connect(database_url, 1)
    with engine.begin() as transaction:
        yield transaction
    engine.dispose()


def _defaults(tx: Tx) -> Policies:
    ensure_defaults(tx)
    return read_policies(tx)


def test_has_defaults_for_every_shop(tx: Tx) -> None:
    known = _defaults(tx)
    lanes = {code: kind.lane for (shop_id, code), kind in known.order_types.items() if shop_id == 0}
    assert lanes == {
        "standard": Lane.STANDARD, "express": Lane.EXPRESS, "bulk": Lane.BULK, "prepaid": Lane.STANDARD, "service": Lane.STANDARD,
    }
    assert known.order_type(5, "prepaid").prepaid
    assert known.calendar(5, "standard").hours[4] == ((time(9), time(17)),)
    assert known.calendar(5, "always").never_closed
    assert not known.broken


def test_keeps_the_stages_within_the_whole_in_the_defaults(tx: Tx) -> None:
    for kind in _defaults(tx).order_types.values():
        stages = sum(minutes for state, minutes in kind.targets.items() if state not in ("whole", "performed", "shipped"))
        assert stages < kind.targets["whole"]


def test_leaves_what_somebody_changed(tx: Tx) -> None:
    ensure_defaults(tx)
    tx.execute(text("UPDATE order_type SET lane = 'bulk' WHERE code = 'standard'"))
    assert _defaults(tx).order_type(1, "standard").lane == Lane.BULK


def test_reads_hours_exceptions_and_country_of_a_calendar(tx: Tx) -> None:
    row = {
        "shop_id": 3, "code": "depot", "time_zone": "Europe/Berlin", "hours": {"0": [["22:00", "06:00"], ["08:00", "24:00"]]},
        "country": "DE-BY", "exceptions": {"2026-12-24": [["09:00", "12:00"]]},
    }
    insert_rows(tx, calendar, [row])
    depot = _defaults(tx).calendar(3, "depot")
    assert depot.hours == (((time(22), time(6)), (time(8), time(0))), (), (), (), (), (), ())
    assert depot.exceptions == {date(2026, 12, 24): ((time(9), time(12)),)}
    assert (depot.countries, depot.time_zone) == (("DE-BY",), "Europe/Berlin")


@pytest.mark.parametrize(
    "wrong",
    [
        {"time_zone": "Mars/Olympus"}, {"time_zone": "../etc/passwd"}, {"hours": {"7": []}}, {"hours": {"0": [["9", "17:00"]]}},
        {"hours": [1]}, {"hours": {"0": [["09:00"]]}}, {"country": "Atlantis"}, {"exceptions": {"soon": []}},
    ],
)
def test_sets_aside_a_calendar_that_cannot_be_read(tx: Tx, wrong: dict[str, object]) -> None:
    row = {"shop_id": 3, "code": "wrong", "time_zone": "UTC", "hours": {}, "country": "", "exceptions": {}}
    insert_rows(tx, calendar, [row | wrong])
    known = _defaults(tx)
    assert set(known.broken) == {(3, "wrong")}
    assert known.calendar(4, "standard").code == "standard"


def test_reads_again_after_ten_seconds_and_keeps_the_object_when_nothing_changed(tx: Tx) -> None:
    ensure_defaults(tx)
    first = policies(tx, NOW)
    assert policies(tx, NOW + timedelta(seconds=11)) is first
    tx.execute(text("UPDATE order_type SET lane = 'bulk' WHERE code = 'standard'"))
    assert policies(tx, NOW + timedelta(seconds=20)) is first
    assert policies(tx, NOW + timedelta(seconds=22)).order_type(1, "standard").lane == Lane.BULK


def test_leaves_out_limits_of_rules_that_this_version_does_not_have(tx: Tx) -> None:
    limits: dict[str, float | str] = {"times": 25, "spreads": "many", "of-old": 3}
    rule_settings.write(tx, 3, "", "quantity-unusual", RuleSetting(limits=limits))
    rule_settings.write(tx, 3, "", "of-old", RuleSetting(limits=limits))
    rule = next(one for one in rules_for(_defaults(tx), 3, "standard") if one.name == "quantity-unusual")
    assert (rule.limits["times"], rule.limits["spreads"], "of-old" in rule.limits) == (25, 3.5, False)
