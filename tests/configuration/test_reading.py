"""
The configuration file read: every mistake at once, each with its line and reason; what was written reads back as the same.
"""

import tomllib
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orderpipe.configuration.reading import BadFile, read
from orderpipe.configuration.schema import DAYS, entry_of
from orderpipe.configuration.writing import write
from orderpipe.domain.targets import STAGES

EXAMPLE = (files("orderpipe.configuration") / "orderpipe.example.toml").read_text(encoding="utf-8")

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # Apprise asks for it while it loads


def mistakes(text: str) -> list[tuple[int, str, str]]:
    with pytest.raises(BadFile) as bad:
        read(text)
    return [(one.line, one.where, one.reason) for one in bad.value.mistakes]


def test_the_example_is_well_and_reads_back_as_the_same() -> None:
    entries = read(EXAMPLE).entries
    assert {key[1] for key in entries} == {"calendars", "order_types", "desks"}
    assert read(write(entries)).entries == entries
    assert entries["", "calendars", "standard"]["exceptions"]["2026-12-31"] == []


def test_says_every_mistake_at_once_with_its_line() -> None:
    found = mistakes("""[calendars.office]
time_zone = "Mars"
hours = { mon-fri = ["9-17"], tue = ["09:00-10:00"] }
colour = "red"

[order_types.slow]
lane = "slow"
[order_types.slow.targets]
received = "2d"
pick = "4h"

[[desks.office.escalation]]
after = "1h"
[[desks.office.escalation]]
after = "2h"
to = ["nobody", "kim@shop.example",
  "foo://bar"]
""")
    assert [(line, where) for line, where, _ in found] == [
        (2, "calendars.office.time_zone"), (3, "calendars.office.hours.mon-fri"), (4, "calendars.office.colour"),
        (7, "order_types.slow.lane"), (9, "order_types.slow.targets.received"), (10, "order_types.slow.targets.pick"),
        (12, "desks.office.stages"), (16, "desks.office.escalation.1.to.0"), (16, "desks.office.escalation.1.to.2"),
    ]
    said = {where: reason for _, where, reason in found}
    assert "write it as Europe/Berlin" in said["calendars.office.time_zone"]
    assert said["calendars.office.colour"] == "There is no such setting."
    assert "'express', 'standard' or 'bulk'" in said["order_types.slow.lane"]
    assert '"80h"' in said["order_types.slow.targets.received"]
    assert "There is no stage 'pick'; there is received" in said["order_types.slow.targets.pick"]
    assert said["desks.office.stages"] == "It is missing."
    assert "bar" not in said["desks.office.escalation.1.to.2"], "an Apprise URL may hold a secret"


@pytest.mark.parametrize(("text", "line", "reason"), [
    ("[calendars.a]\ntime_zone = 'UTC'\nhours = { mon = ['09:00-12:00', '11:00-17:00'] }\n", 3, "begins before the one until 12:00"),
    ("[calendars.a]\ntime_zone = 'UTC'\nhours = { mon-tue = ['09:00-12:00'], tue = [] }\n", 3, "tue stands there twice"),
    ("[calendars.a]\ntime_zone = 'UTC'\nhours = { fri-mon = ['09:00-12:00'] }\n", 3, "'fri-mon' is no day"),
    ("[calendars.a]\ntime_zone = 'UTC'\nhours = { mon = [] }\n", 3, "never works"),
    ("[calendars.a]\ntime_zone = 'UTC'\nholidays = 'XX'\nhours = { mon = '09:00-17:00' }\n", 3, "No public holidays are known"),
    ("[calendars.a]\ntime_zone='UTC'\nhours={mon='09:00-17:00'}\n[calendars.a.exceptions]\n2026-13-01 = []\n", 5, "is no date"),
    ("[calendars.'a b']\ntime_zone='UTC'\nhours={mon='09:00-17:00'}\n", 1, "A name has letters"),
    ("[order_types.a]\nlane='bulk'\nwarn = 1.5\ntargets = {}\n", 3, "less than or equal to 1"),
    ("[order_types.a]\nlane='bulk'\ncalendar = 'none'\ntargets = {}\n", 1, "There is no calendar 'none' in this file."),
    ("[order_types.a]\nlane='bulk'\ntargets = { whole = 0 }\n", 3, "leave it out where there is none"),
    ("[desks.a]\nstages=['picked']\n[desks.b]\nstages=['packed', 'picked']\n", 3, "belongs to the desk a already"),
    ("[desks.a]\nstages=[]\n[[desks.a.escalation]]\nafter='2h'\n[[desks.a.escalation]]\nafter='1h'\n", 3, "later than the one before"),
    ("[shops.tea.locations.main]\ncalender = 'standard'\n", 2, "There is no such setting."),
    ("[locations.main]\ncalendar = 'standard'\n", 1, "There is no such setting."),
    ("a = \n", 1, "This is no TOML"), ("[a\n", 1, "This is no TOML"), ("x = 1\n\n\ny = [", 4, "This is no TOML"),
])
def test_says_what_is_wrong_and_where(text: str, line: int, reason: str) -> None:
    found = mistakes(text)
    assert any(at == line and reason in said for at, _, said in found), found


def test_a_longer_value_that_looks_like_a_key_misleads_nobody() -> None:
    text = "[calendars.a]\nhours = { mon = '''\ntime_zone = 1\n''' }\ntime_zone = 'Mars'\n"
    assert tomllib.loads(text)
    assert any(where == "calendars.a.time_zone" for _, where, _ in mistakes(text))


shift = st.tuples(st.integers(0, 11), st.integers(12, 24)).map(lambda one: f"{one[0]:02}:00-{one[1]:02}:00")
calendars = st.fixed_dictionaries({
    "time_zone": st.sampled_from(("UTC", "Europe/Berlin", "Asia/Shanghai")), "holidays": st.sampled_from(("", "DE-BY", "GB")),
    "hours": st.dictionaries(st.sampled_from(DAYS), st.lists(shift, min_size=1, max_size=1), min_size=1),
    "exceptions": st.dictionaries(st.dates().map(str), st.lists(shift, max_size=1)),
})
order_types = st.fixed_dictionaries({
    "lane": st.sampled_from(("express", "standard", "bulk")), "prepaid": st.booleans(), "warn": st.floats(0.01, 1),
    "pauses": st.sets(st.sampled_from(("customer", "shop", "carrier"))).map(list),
    "targets": st.dictionaries(st.sampled_from(STAGES), st.one_of(st.integers(1, 9_999), st.floats(0.1, 9_999))),
})
rungs = st.fixed_dictionaries({
    "level": st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), min_size=1, max_size=60),
    "to": st.lists(st.sampled_from(("kim@shop.example", "json://h/?a=%22"))),
})
desks = st.fixed_dictionaries({"stages": st.sets(st.sampled_from(STAGES)).map(list), "escalation": st.lists(rungs, max_size=3)})
names = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9_.-]{0,20}\Z")


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(names, calendars, max_size=3), st.dictionaries(names, order_types, max_size=3), desks, names)
def test_whatever_is_written_reads_back_as_the_same(
    calendars: dict[str, Any], order_types: dict[str, Any], desk: dict[str, Any], shop: str
) -> None:
    entries = {("", "calendars", name): entry_of("calendars", name, one) for name, one in calendars.items()}
    entries |= {(shop, "order_types", name): entry_of("order_types", name, one) for name, one in order_types.items()}
    entries["", "desks", "office"] = entry_of("desks", "office", desk)
    assert read(write(entries)).entries == entries
