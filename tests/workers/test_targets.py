"""
The job that looks after time targets: two beats at once say everything once, and what a killed one left is done by the next.
"""

import threading
from datetime import timedelta

from sqlalchemy import text

from orderpipe.sideflows import clocks
from tests.floor import Floor
from workers import targets


def said(floor: Floor) -> tuple[int, int, int]:
    """Entries in the journal, missed targets noted, letters."""
    with floor.engine.begin() as tx:
        row = tx.execute(text("""SELECT (SELECT count(*) FROM journal WHERE what = 'target.breached'),
            (SELECT count(*) FROM missed_target WHERE kind = 'breached'),
            (SELECT count(*) FROM notification WHERE kind = 'office-target-breached')""")).one()
    return row[0], row[1], row[2]


def test_two_beats_at_once_say_everything_once(floor: Floor) -> None:
    for _ in range(40):
        floor.order()
    floor.now += timedelta(minutes=61)
    beats = [threading.Thread(target=targets.check, args=[floor.run]) for _ in range(4)]
    for beat in beats:
        beat.start()
    for beat in beats:
        beat.join()
    targets.check(floor.run)
    assert said(floor) == (40, 40, 1)


def test_run_again_it_says_nothing_more(floor: Floor) -> None:
    floor.order()
    floor.now += timedelta(minutes=61)
    first = targets.check(floor.run)
    assert "1 targets missed" in first
    assert targets.check(floor.run) == "0 orders looked at, 0 targets missed, 0 soon missed, 0 alarms told"
    assert said(floor) == (1, 1, 1)


def test_what_was_noted_but_not_told_before_a_crash_is_told_by_the_next(floor: Floor) -> None:
    floor.order()
    floor.now += timedelta(minutes=61)
    with floor.engine.begin() as tx:
        clocks.look(tx, now=floor.now, limit=10)
    assert said(floor) == (1, 1, 0)
    targets.check(floor.run)
    targets.check(floor.run)
    assert said(floor) == (1, 1, 1)


def test_says_which_letters_wait_on_which_way(floor: Floor) -> None:
    floor.order()
    floor.now += timedelta(minutes=61)
    targets.check(floor.run)
    assert [name for name, _, queue in floor.sent if queue == "notify"] == ["notify.email"]
