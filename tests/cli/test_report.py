"""
`orderpipe report`: figures at the terminal, as tables, CSV and JSON.
"""

from datetime import timedelta

import pytest

from orderpipe.store.reports.catalogue import KINDS, OVERVIEW
from tests.cli.conftest import Terminal
from tests.floor import Floor


@pytest.mark.parametrize("name", [name for name in KINDS if name != OVERVIEW])
def test_shows_every_report_as_table_csv_and_json(orderpipe: Terminal, floor: Floor, name: str):
    floor.delivered()
    for option in ((), ("--csv",), ("--json",)):
        answer = orderpipe("report", name, "--shop", "demo", *option)
        assert (answer.exit_code, answer.err) == (0, "")
        assert answer.out


def test_shows_key_figures_beside_those_of_the_days_before(orderpipe: Terminal, floor: Floor):
    floor.delivered()
    figures = {one["figure"]: (one["now"], one["before"]) for one in orderpipe("report", "--json").json}
    assert figures["received"] == figures["completed"] == (1, 0)
    table = orderpipe("report").out
    assert "question rate" not in table
    assert "question_rate" in table
    assert "0.0%" in table
    week = {one["figure"]: one["now"] for one in orderpipe("report", "--until", "2020-01-01", "--json").json}
    assert week["received"] == 0


def test_lists_each_order_with_what_it_failed_by(orderpipe: Terminal, floor: Floor):
    order_id = floor.delivered()
    until = str((floor.now + timedelta(days=30)).date())
    orderpipe("case", "open", "100001-7", "--kind", "claim", "--cause", "damaged")
    assert orderpipe("report", "perfect-order", "--until", until, "--json").json[0]["damaged"] == 1
    (row,) = orderpipe("report", "perfect-order", "--orders", "--until", until, "--json").json
    assert (row["number"], row["perfect"], row["reasons"]) == ("100001-7", False, ["damaged"])
    assert "100001-7" in orderpipe("report", "perfect-order", "--failed", "--until", until).out
    orderpipe("case", "close", "C-100001-7", "not-justified")
    assert orderpipe("report", "perfect-order", "--failed", "--until", until, "--json").json == []
    assert order_id == 1


def test_says_what_cannot_be_reported(orderpipe: Terminal, floor: Floor):
    for words, sentence in (
        (("on-time", "--from", "2026-12-02", "--until", "2026-12-01"), "The first day 2026-12-02 comes after the last day 2026-12-01.\n"),
        (("cycle-time", "--by", "location"),
         "The report cycle-time cannot be grouped by location; it can by day, week, month, shop.\n"),
        (("workload", "--by", "day"), "The report workload cannot be grouped by day; it can by shop, type, location.\n"),
    ):
        answer = orderpipe("report", *words)
        assert (answer.exit_code, answer.err) == (2, sentence)
    before = orderpipe("report", "--shop", "demo", "on-time")
    assert (before.exit_code, before.err) == (2, "Options stand behind the report's name: orderpipe report on-time …\n")
    assert orderpipe("report", "cycle-time", "--by", "month", "--by", "month").exit_code == 0
    assert orderpipe("report", "profit").exit_code == 2
    assert orderpipe("report", "on-time", "--from", "yesterday").exit_code == 2
    assert orderpipe("report", "on-time", "--shop", "nowhere").exit_code == 1


def test_previews_the_weekly_letter_and_turns_it_off(orderpipe: Terminal, floor: Floor):
    assert orderpipe("report", "letter", "--shop", "demo", "--preview").out.startswith("Nothing went wrong at demo last week")
    order_id = floor.delivered()
    with floor.engine.begin() as tx:
        tx.exec_driver_sql(
            "INSERT INTO journal (order_id, seq, at, actor, what, note) SELECT id, 900, now() - interval '7 days', 'test',"
            f""" 'target.breached', '{{"stage": "picked"}}' FROM orders WHERE id = {order_id}"""
        )
    shown = orderpipe("report", "letter", "--shop", "demo", "--preview").out
    assert "1 order stayed too long in the state “picked”, waiting for the packer's scans." in shown
    assert "orderpipe report breaches --shop demo" in shown
    assert orderpipe("report", "letter", "--shop", "demo").out.startswith("The office of demo gets its next letter 20")
    assert orderpipe("report", "letter", "--shop", "demo", "--off").out == "The office of demo gets no letter.\n"
    assert orderpipe("report", "letter", "--shop", "demo", "--json").json == {"shop": "demo", "next_at": None}
    assert orderpipe("report", "letter", "--shop", "demo", "--on", "--json").json["next_at"]
