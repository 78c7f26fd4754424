"""
The configuration over the command line: checked without a database, applied to it, shown from it, and changed one by one.
"""

from pathlib import Path

import pytest
from sqlalchemy import text

from tests import builders
from tests.cli.conftest import Terminal
from tests.floor import Floor

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # Apprise asks for it while it loads


@pytest.fixture(autouse=True)
def shop(floor: Floor) -> None:
    with floor.engine.begin() as tx:
        builders.location(tx, builders.shop(tx, "tea"), "main")


@pytest.fixture
def file(tmp_path: Path, orderpipe: Terminal) -> Path:
    written = tmp_path / "orderpipe.toml"
    written.write_text(orderpipe("config", "example").out)
    return written


def test_the_example_is_well(orderpipe: Terminal, file: Path) -> None:
    said = orderpipe("config", "check", str(file))
    assert (said.exit_code, said.out) == (0, f"{file} is well: 2 calendars, 2 order types, 2 desks.\n"), said.err


def test_says_each_mistake_with_file_and_line(orderpipe: Terminal, file: Path) -> None:
    file.write_text("[calendars.a]\ntime_zone = 'Mars'\n")
    said = orderpipe("config", "check", str(file))
    assert said.exit_code == 1
    assert f"{file}, line 2: calendars.a.time_zone: 'Mars' is no time zone" in said.err
    assert f"{file}, line 1: calendars.a.hours: It is missing." in said.err
    assert orderpipe("config", "check", str(file.parent / "none.toml")).exit_code == 2


def test_applies_a_file_once_and_then_has_nothing_to_change(orderpipe: Terminal, file: Path) -> None:
    tried = orderpipe("config", "apply", str(file), "--dry-run")
    assert "5 of 6 entries would change." in tried.out
    assert "calendars.standard.time_zone: UTC → Europe/London" in tried.out
    done = orderpipe("config", "apply", str(file))
    assert "5 of 6 entries changed." in done.out, done.err
    assert "kim" not in done.out
    assert orderpipe("config", "apply", str(file)).out == "Nothing to change.\n"


def test_what_is_shown_is_a_file_that_changes_nothing(orderpipe: Terminal, file: Path) -> None:
    orderpipe("config", "apply", str(file))
    file.write_text(orderpipe("config", "show").out)
    assert "[shops.tea.locations.main]" in file.read_text()
    assert orderpipe("config", "check", str(file)).exit_code == 0
    assert orderpipe("config", "apply", str(file)).out == "Nothing to change.\n"


def test_leaves_alone_what_a_file_does_not_name(orderpipe: Terminal, file: Path) -> None:
    before = orderpipe("config", "show").out
    file.write_text('[shops.tea.calendars.night]\ntime_zone = "UTC"\nhours = { mon = ["22:00-06:00"] }\n'
                    '[shops.tea.locations.main]\ncalendar = "night"\n')
    assert "shops.tea.locations.main.calendar: standard → night" in orderpipe("config", "apply", str(file)).out
    after = orderpipe("config", "show").out
    assert [line for line in before.splitlines() if line not in after.splitlines()] == []


def test_names_shops_and_locations_that_are_not_there(orderpipe: Terminal, file: Path) -> None:
    file.write_text("[shops.tea.locations.moon]\ncalendar = 'standard'\n[shops.coffee.locations.main]\ncalendar = 'standard'\n")
    said = orderpipe("config", "apply", str(file))
    assert said.exit_code == 1
    assert "line 1: shops.tea.locations.moon: The shop tea has no location 'moon'" in said.err
    assert "line 3: shops.coffee.locations.main: There is no shop 'coffee'" in said.err


def test_a_calendar_in_the_database_that_cannot_be_read_stops_nobody(orderpipe: Terminal, floor: Floor, file: Path) -> None:
    with floor.engine.begin() as tx:
        tx.execute(text("INSERT INTO calendar (shop_id, code, time_zone, hours) VALUES (0, 'odd', 'Mars', '{\"9\": 1}')"))
    shown = orderpipe("config", "show")
    assert shown.exit_code == 0, shown.err
    assert "odd" not in shown.out


def test_changes_one_day_and_one_target(orderpipe: Terminal) -> None:
    assert orderpipe("config", "day", "standard", "2026-12-24", "09:00-12:00").exit_code == 0
    assert orderpipe("config", "day", "standard", "2026-12-31").out == "On 2026-12-31 standard is closed.\n"
    assert orderpipe("config", "target", "express", "picked", "20m").exit_code == 0
    shown = orderpipe("config", "show").out
    assert '2026-12-24 = ["09:00-12:00"]\n2026-12-31 = []' in shown
    assert 'picked = "20m"' in shown
    assert orderpipe("config", "day", "standard", "Christmas").exit_code == 2
    assert orderpipe("config", "target", "express", "pick", "20m").exit_code == 2
    assert orderpipe("config", "target", "gold", "picked", "20m").exit_code == 1
