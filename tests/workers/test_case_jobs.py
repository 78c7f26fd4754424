"""
The clock's jobs over cases, returns and ratings: each works until nothing is due, and says that letters wait.
"""

from datetime import timedelta

import pytest

from orderpipe import assembly, broker
from orderpipe.assembly import Assembly
from orderpipe.domain.cases import Kind, Pieces
from orderpipe.settings import Settings
from orderpipe.sideflows import case_clock, feedback, returns
from orderpipe.store.case_opening import Opening
from tests.floor import Floor
from workers.celery_app import app


def test_work_until_nothing_is_due(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = Assembly(Settings(), floor.engine, lambda: floor.now, broker.send_stage, broker.send_task)
    monkeypatch.setattr(assembly, "assemble", lambda: parts)
    monkeypatch.setattr(case_clock, "MOST", 2)
    monkeypatch.setattr(feedback, "MOST", 2)
    for _ in range(3):
        order_id = floor.delivered()
        with floor.engine.begin() as tx:
            returns.send_back(tx, Opening(order_id, Kind.RETURN, "", f"{order_id}", lines=(Pieces(1, 1),)), now=floor.now)
    floor.now += timedelta(days=59)
    floor.forget_hints()
    said = [app.tasks[name].run() for name in ("case.escalate", "return.expire", "feedback.remind", "case.escalate")]
    assert said == ["3", "3", "3", "another beat's tick was first"]
    assert floor.value("SELECT count(*) FROM return_authorisation WHERE state = 'expired'") == 3
    assert floor.value("SELECT count(*) FROM notification WHERE kind = 'rating-reminder'") == 3
    assert {name for name, _, _ in floor.hints} == {"notify.email", "notify.sms"}
