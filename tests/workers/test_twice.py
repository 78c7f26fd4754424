"""
Every task of the workers, run twice in a row over the same full house: the second run changes nothing.
"""

import os
from collections.abc import Iterator

import pytest

from orderpipe import assembly, broker
from orderpipe.assembly import Assembly
from orderpipe.local.mail_catcher import MailCatcher
from orderpipe.local.postgres import Postgres
from orderpipe.local.sms_catcher import SmsCatcher
from orderpipe.settings import settings
from orderpipe.store import database
from tests import books
from tests.floor import Floor
from tests.receiver import Receiver
from tests.workers import rich
from tests.workers.steps import GIVEN, TASKS, run
from workers import send
from workers.schedule import PERIODS

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # Apprise asks for it while it loads
HEARTBEATS = ("job_clock.due", "job_clock.owner")
"""What a run may leave different although nothing has happened: that it was there."""

ALONE = frozenset({"restock", "notify.email", "notify.sms", "notify.webhook"})
"""Tasks that are hinted at and take no ids; some of them the clock sends as well."""


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    """A mail server, an SMS provider and a shop's own system, for all tests here."""
    folder = tmp_path_factory.mktemp("outside")
    with (
        pytest.MonkeyPatch.context() as patch, Receiver() as receiver,
        MailCatcher(folder / "mail") as mail, SmsCatcher(folder / "sms") as sms,
    ):
        for name, value in (
            ("SMTP_URL", mail.smtp_url), ("SMS_URL", sms.sms_url), ("WEBHOOK_ALLOW", "127.0.0.0/8"), ("DATA", str(folder)),
        ):
            patch.setenv(f"ORDERPIPE_{name}", value)
        settings.cache_clear()
        send._outlet.cache_clear()
        yield receiver
        for channel in ("email", "sms"):
            send._outlet(channel, os.getpid()).close()
        send._outlet.cache_clear()
    settings.cache_clear()


@pytest.fixture(scope="module")
def full_house(shared_postgres: Postgres, template_database: str, outside: Receiver) -> Iterator[tuple[str, Floor]]:
    """The name of a database in which everything is due, and the floor whose clock it goes by."""
    name = f"full_house_{os.getpid()}"
    shared_postgres.create_database(name, template=template_database)
    engine = database.connect.__wrapped__(shared_postgres.url(name), pool_size=2)
    with pytest.MonkeyPatch.context() as patch:
        floor = Floor(engine, patch)
        rich.fill(floor, outside.url())
        floor.check()
    engine.dispose()
    yield name, floor
    shared_postgres.drop_database(name)


@pytest.fixture
def house(full_house: tuple[str, Floor], shared_postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> Iterator[Floor]:
    """A copy of it."""
    name, floor = full_house
    shared_postgres.create_database(f"{name}_copy", template=name)
    engine = database.connect.__wrapped__(shared_postgres.url(f"{name}_copy"), pool_size=4)
    copy = Floor(engine, monkeypatch, now=floor.now)
    parts = Assembly(settings(), engine, lambda: copy.now, broker.send_stage, broker.send_task)
    monkeypatch.setattr(assembly, "assemble", lambda: parts)
    yield copy
    engine.dispose()
    shared_postgres.drop_database(f"{name}_copy")


def test_every_job_of_the_clock_is_among_them() -> None:
    assert set(PERIODS) <= set(TASKS)
    assert set(TASKS) == set(GIVEN) | set(PERIODS) | ALONE


@pytest.mark.parametrize("name", TASKS)
def test_does_nothing_more_when_it_runs_again(house: Floor, name: str) -> None:
    untouched = books.digests(house.engine, without=HEARTBEATS)
    said = run(house.engine, name)
    first = books.digests(house.engine, without=HEARTBEATS)
    assert books.differing(untouched, first), f"{name} has something to do: {said}"
    run(house.engine, name)
    assert books.differing(first, books.digests(house.engine, without=HEARTBEATS)) == {}
    house.check()
