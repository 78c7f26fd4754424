"""
The care worker killed again and again while every side flow has something to do: all of it is done, and none of it twice.
"""

import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from orderpipe.broker import app
from orderpipe.flow import Queue
from orderpipe.store import invariants
from tests import books
from tests.conftest import FOLDER
from tests.faults.harness import LANES, Plant
from tests.floor import Floor
from tests.receiver import Receiver
from tests.workers import rich
from workers.schedule import JOBS

KILLS = 2
HEARTBEATS = ("job_clock", "webhook_progress", "seal")
@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> Iterator[Plant]:
    """A plant of its own, full of what is due, with nobody outside who does anything."""
    plant = Plant(Path(tempfile.mkdtemp(prefix="house-", dir=os.environ[FOLDER])), environment={"ORDERPIPE_WEBHOOK_ALLOW": "127.0.0.0/8"})
    with Receiver() as receiver:
        with monkeypatch.context() as patch:
            rich.fill(Floor(plant.engine, patch, now=_midday() - timedelta(days=2)), receiver.url())
        yield plant
        plant.close()


def _midday() -> datetime:
    return datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)


def _tick(plant: Plant) -> None:
    """All jobs of the clock are asked for at once, whenever they ran before."""
    with plant.engine.begin() as tx:
        tx.execute(text("UPDATE job_clock SET due = '-infinity'"))
    with app.connection_for_write(plant.environment["ORDERPIPE_BROKER_URL"]) as connection:
        for name in JOBS:
            app.send_task(name, queue=JOBS[name]["options"]["queue"], connection=connection)  # type: ignore[index]


def _done(plant: Plant) -> Counter[tuple[object, ...]]:
    """How often each thing has happened to each order, and been told of it."""
    with plant.engine.begin() as tx:
        rows = tx.execute(text("""SELECT order_id, fulfillment_id, what, CAST(note AS text) FROM journal
            UNION ALL SELECT order_id, NULL, 'told ' || kind, NULL FROM notification"""))
        return Counter(tuple(row) for row in rows)


STILL_DUE = {
    "questions": "SELECT count(*) FROM query WHERE state = 'open' AND next_at <= now()",
    "delays": "SELECT count(*) FROM delay WHERE next_at <= now()",
    "cases": "SELECT count(*) FROM case_file WHERE next_at <= now()",
    "returns": "SELECT count(*) FROM return_authorisation WHERE state = 'authorised' AND expires_at <= now()",
    "ratings": "SELECT count(*) FROM feedback WHERE next_at <= now()",
    "mails": "SELECT count(*) FROM mail_in WHERE state = 'new'",
    "bounces": "SELECT count(*) FROM notification WHERE bounced_at IS NOT NULL AND fell_back_at IS NULL",
    "letters": "SELECT count(*) FROM notification WHERE next_at <= now() AND channel = 'email'",
    "customers to forget": "SELECT count(*) FROM erasure WHERE erased_at IS NULL",
    "what was kept": "SELECT count(*) FROM intake WHERE state = 'pending'",
    "orders": "SELECT count(*) FROM orders WHERE next_at <= now()",
}


def _settled(plant: Plant) -> Callable[[], bool]:
    """Whether nothing has changed for some ticks."""
    seen: list[dict[str, tuple[int, str]]] = []

    def settled() -> bool:
        _tick(plant)
        time.sleep(1)
        seen.append(books.digests(plant.engine, without=HEARTBEATS))
        return len(seen) > 3 and seen[-1] == seen[-2] == seen[-3]

    return settled


def _open(plant: Plant) -> None:
    plant.worker("notify", Queue.NOTIFY, 1)
    plant.worker("care", ",".join((Queue.CARE, Queue.CLOCK, Queue.INTAKE, LANES)), 2)


def _count(plant: Plant, words: str) -> int:
    """How often the care worker has said this since it was first started."""
    return plant.processes["care"].log.read_text().count(words)


def test_what_the_care_worker_did_is_done_once(house: Plant) -> None:
    chance, at_first = random.Random(1), _done(house)
    _open(house)
    for kills in range(KILLS + 1):
        house.wait_until(lambda ready=kills + 1: _count(house, " ready.") == ready, 60, "the care worker was ready")  # type: ignore[misc]
        if kills < KILLS:
            before = _count(house, " received")
            _tick(house)
            house.wait_until(lambda before=before: _count(house, " received") > before, 30, "it had work")  # type: ignore[misc]
            time.sleep(chance.uniform(0, 0.4))
            house.kill("care")
            house.processes["care"].start()
    house.wait_until(_settled(house), 90, "all was done")
    with house.engine.begin() as tx:
        broken = invariants.check_all(tx)
        left = {name: count for name, statement in STILL_DUE.items() if (count := tx.execute(text(statement)).scalar_one())}
    assert (broken, left, house.post.twice()) == ([], {}, [])
    new = _done(house) - at_first
    assert len(new) > 60
    assert [one for one, times in new.items() if times > 1] == []
