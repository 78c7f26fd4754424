"""
Alarms over the command line: listed, shown, and taken by somebody.
"""

from datetime import timedelta

from tests.cli.conftest import Terminal
from tests.floor import Floor


def test_an_alarm_is_listed_shown_and_taken(orderpipe: Terminal, floor: Floor) -> None:
    floor.order()
    floor.now += timedelta(days=9)
    floor.check_targets()
    listed = orderpipe("target", "list", "--json").json
    assert {(one["stage"], one["kind"], one["open"]) for one in listed} >= {("received", "breached", 1)}
    called = next(one["alarm"] for one in listed if one["stage"] == "received")
    assert called in orderpipe("target", "list").out
    shown = orderpipe("target", "show", called, "--json").json
    assert len(shown["late"]) == 1
    assert "1 of 1 still in received, not taken." in orderpipe("target", "show", called).out
    assert "is yours" in orderpipe("target", "ack", called).out
    again = orderpipe("target", "ack", called)
    assert (again.exit_code, "looks after" in again.err) == (1, True)
    assert called not in {one["alarm"] for one in orderpipe("target", "list", "--json").json}


def test_says_what_is_no_alarm(orderpipe: Terminal) -> None:
    assert "is no alarm" in orderpipe("target", "ack", "nonsense").err
    assert "There is no alarm A-4711." in orderpipe("target", "ack", "a-4711").err
