"""
Few units go through their stages without messages between them: in few transactions, seen as tasks, and stage by stage when one breaks.
"""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
from sqlalchemy import event

from orderpipe.broker import app
from orderpipe.flow import STEPS
from orderpipe.stages import allocate
from tests.floor import Floor
from workers import few
from workers.run import Leg, Run, run_together


@dataclass
class Request:
    """What Celery tells a task about its message; the chain's last link comes first, as Celery keeps it."""

    chain: list[dict[str, str]] = field(default_factory=lambda: [{"task": step.name} for step in reversed(STEPS[2:])])
    id: str = "the-message"
    hostname: str = "standard@here"
    root_id: str = "the-first-message"

    @property
    def links(self) -> list[str]:
        return [link["task"] for link in reversed(self.chain)]


class Monitor:
    """What Flower would hear."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, dict[str, Any]]] = []
        self.messages = 0

    def send(self, kind: str, **fields: Any) -> None:
        self.heard.append((kind, fields))

    def flush(self, *, errors: bool) -> None:
        self.messages += 1


@pytest.fixture
def monitor(monkeypatch: pytest.MonkeyPatch) -> Monitor:
    heard = Monitor()
    monkeypatch.setattr(app.events, "default_dispatcher", lambda hostname: nullcontext(heard))
    return heard


def taken_on(floor: Floor, request: Request, ids: Sequence[int], name: str = "validate") -> list[int]:
    return few.take_on(request, name, ids, partial(run_together, Run(floor.engine, lambda: floor.now)))


def test_takes_an_order_to_the_pick_list_with_two_commits(floor: Floor, monitor: Monitor) -> None:
    floor.stock("SKU-1", 5)
    order, request, commits = floor.order({"SKU-1": 1}), Request(), list[object]()
    event.listen(floor.engine, "commit", commits.append)
    assert taken_on(floor, request, [order]) == []
    assert len(commits) == 2  # validate and allocate, promise and release
    assert floor.state(order) == ("promised", "fulfillments")
    assert [*floor.parts(order).values()] == [("released", "pick-scans")]
    assert request.links == ["pick", "pack", "ship", "deliver", "complete"]


def test_shows_each_stage_as_a_task_with_the_id_that_the_journal_names(floor: Floor, monitor: Monitor) -> None:
    floor.stock("SKU-1", 5)
    order = floor.order({"SKU-1": 1})
    taken_on(floor, Request(), [order])
    written = {row["what"]: row["task_id"] for row in floor.journal(order) if row["actor"].startswith("stage:")}
    assert written.pop("order.validated") == "the-message"
    shown = {fields["name"]: fields["uuid"] for kind, fields in monitor.heard if kind == "task-received"}
    assert [shown[name] for name in ("allocate", "promise", "release")] == list(written.values())
    assert len(set(written.values())) == 3
    assert [kind for kind, _ in monitor.heard[:3]] == ["task-received", "task-started", "task-succeeded"]
    assert {fields["parent_id"] for kind, fields in monitor.heard if kind == "task-received"} == {"the-message"}
    assert monitor.messages == 1


def test_leaves_many_to_messages(floor: Floor, monitor: Monitor) -> None:
    def grows(legs: Sequence[Leg], ids: Sequence[int], onward: str | None) -> list[list[int]]:
        assert ([leg.name for leg in legs], onward) == (["validate", "allocate"], "promise")
        return [list(ids), list(range(few.FEW + 1))]

    request = Request()
    assert few.take_on(request, "validate", [1], grows) == list(range(few.FEW + 1))
    assert request.links[0] == "promise"


def test_goes_stage_by_stage_where_one_breaks_and_parks_only_that(floor: Floor, monitor: Monitor, monkeypatch: pytest.MonkeyPatch) -> None:
    floor.stock("SKU-1", 50)
    orders = [floor.order({"SKU-1": 1}) for _ in range(5)]
    original = allocate.decide

    def decide(facts: allocate.Facts, *, now: Any) -> Any:
        if any(wanted.order_id == orders[2] for wanted in facts.wanted):
            raise ValueError("Too strange.")
        return original(facts, now=now)

    monkeypatch.setattr(allocate, "decide", decide)
    taken_on(floor, Request(), orders)
    assert floor.state(orders[2]) == ("validated", "office")
    assert {floor.state(one) for one in orders if one != orders[2]} == {("promised", "fulfillments")}


def test_does_nothing_twice(floor: Floor, monitor: Monitor) -> None:
    floor.stock("SKU-1", 5)
    order = floor.order({"SKU-1": 1})
    taken_on(floor, Request(), [order])
    before = floor.journal(order)
    assert taken_on(floor, Request(), [order]) == []
    assert floor.journal(order) == before
