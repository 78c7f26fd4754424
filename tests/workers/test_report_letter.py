"""
The clock's job that writes the weekly improvement letters: asked for often, and at work where a Monday has come.
"""

from datetime import datetime, timedelta

import pytest

from orderpipe import assembly, broker
from orderpipe.assembly import Assembly
from orderpipe.settings import Settings
from tests.floor import Floor
from workers import schedule
from workers.celery_app import app


def test_writes_each_weeks_letter_once(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = Assembly(Settings(), floor.engine, lambda: floor.now, broker.send_stage, broker.send_task)
    monkeypatch.setattr(assembly, "assemble", lambda: parts)
    floor.stock()
    order_id = floor.order()
    floor.receive(order_id)
    assert app.tasks["report.letter"].run() == "0"  # the first look only plans
    floor.pass_time(days=4)
    floor.check_targets()
    floor.now = datetime.combine(floor.now.date() + timedelta(days=7 - floor.now.weekday()), datetime.min.time(), floor.now.tzinfo)
    said = []
    for hours in (6, 2, 1, 0):
        floor.now += timedelta(hours=hours)
        floor.forget_hints()
        said.append(app.tasks["report.letter"].run())
    assert said == ["0", "1", "0", "another beat's tick was first"]
    assert floor.letters(order_id).count("office-improvement") == 1
    assert floor.told(order_id, "office-improvement")[0]["causes"][0]["what"] == "released"


def test_is_asked_for_more_often_than_it_is_due() -> None:
    assert schedule.JOBS["report.letter"]["schedule"] == 300
