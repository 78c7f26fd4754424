"""
`orderpipe doctor`: says what is wrong and what to do about it, and tells no secret.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from orderpipe.assembly import utc_now
from orderpipe.broker import app
from orderpipe.cli.examination import masked
from orderpipe.domain.orders import Contact, OrderDraft, number_of, public_id
from orderpipe.intake import receive
from orderpipe.intake.outcomes import Received
from orderpipe.intake.record import record
from orderpipe.intake.refusals import Malformed
from orderpipe.local.mail_catcher import MailCatcher
from orderpipe.settings import settings
from tests import builders
from tests.cli.conftest import Terminal
from tests.floor import Floor
from tests.shop_system import ShopSystem
from workers import door


def signs(terminal: Terminal) -> dict[str, dict[str, Any]]:
    answer = terminal("doctor", "--json")
    found = {sign["name"]: sign for sign in answer.json}
    assert answer.exit_code == int(not all(sign["well"] for sign in found.values()))
    return found


def test_shows_what_was_received_and_our_own_code_could_not_take_down(orderpipe: Terminal, engine: Engine, floor: Floor) -> None:
    assert signs(orderpipe)["received but not taken down"]["well"]
    with engine.begin() as tx:
        intake = receive.keep_pending(tx, Received(builders.shop(tx), b"{}", OrderDraft("R-1", Contact(), ())), floor.now)
        receive.note_failure(tx, intake, ZeroDivisionError("our mistake"), floor.now)
    found = signs(orderpipe)["received but not taken down"]
    assert (found["said"], found["well"]) == (f"{public_id('intake', intake)}: ZeroDivisionError: our mistake", False)


def test_looks_at_the_database_the_clock_and_what_stands_still(orderpipe: Terminal, engine: Engine, floor: Floor) -> None:
    order_id = floor.order()
    with engine.begin() as tx:
        tx.execute(text("UPDATE orders SET customer = '{\"name\": 7}', next_at = :then"), {"then": utc_now() - timedelta(hours=1)})
        tx.execute(text("UPDATE notification SET created_at = :then"), {"then": utc_now() - timedelta(hours=1)})
    found = signs(orderpipe)
    assert found["PostgreSQL"]["said"].startswith("18")
    assert found["migration"]["well"]
    assert (found["clock"]["said"], found["clock"]["well"]) == ("has never ticked", False)
    assert f"first {number_of(order_id)}" in found["overdue units"]["said"]
    assert (found["letters waiting"]["said"], found["letters waiting"]["well"]) == ("1 by email", False)
    floor.receive(order_id)
    with engine.begin() as tx:
        tx.execute(text("INSERT INTO job_clock (name, due) VALUES ('sweep', :then)"), {"then": utc_now()})
    found = signs(orderpipe)
    assert number_of(order_id) in found["failed stages"]["said"]
    assert "orderpipe order decide NUMBER resume" in found["failed stages"]["remedy"]
    assert found["clock"]["well"]


def test_looks_at_the_broker_door(
    orderpipe: Terminal, engine: Engine, floor: Floor, monkeypatch: pytest.MonkeyPatch, broker_url: str
) -> None:
    monkeypatch.setenv("ORDERPIPE_DOOR_URL", broker_url)
    settings.cache_clear()
    with engine.begin() as tx:
        shop_id = builders.shop(tx, "corner")
        record(tx, [Received(shop_id, b"{}", Malformed(()), "broker", source_id=f"t/{n}") for n in range(2)], utc_now())
    client = ShopSystem(broker_url, "corner", "op_")
    client.submit({})
    client.close()
    found = signs(orderpipe)
    assert (found["broker door"]["said"], found["broker door"]["well"]) == ("nobody takes what shops put there", False)
    assert found["refused at the broker door since yesterday"]["said"] == "2 of corner"
    assert "…" in found["ORDERPIPE_DOOR_URL"]["said"]
    door.senders(engine, utc_now())
    assert signs(orderpipe)["broker door"]["said"] == "open; waiting: submit.corner 1"
    monkeypatch.setenv("ORDERPIPE_DOOR_URL", "redis://127.0.0.1:1/1")
    settings.cache_clear()
    assert signs(orderpipe)["broker door"]["said"] == "its broker does not answer"


def test_looks_at_broker_workers_and_mail_server(
    orderpipe: Terminal, monkeypatch: pytest.MonkeyPatch, broker_url: str, tmp_path: Path
) -> None:
    monkeypatch.setitem(app.conf, "broker_url", broker_url)
    monkeypatch.setenv("ORDERPIPE_BROKER_URL", broker_url)
    with MailCatcher(tmp_path / "mail") as catcher:
        monkeypatch.setenv("ORDERPIPE_SMTP_URL", catcher.smtp_url)
        settings.cache_clear()
        found = signs(orderpipe)
    assert found["broker"]["said"].startswith("Redis ")
    assert (found["workers"]["said"], found["workers"]["well"]) == ("none answers", False)
    assert found["mail server"]["well"]
    found = signs(orderpipe)
    assert not found["mail server"]["well"]
    assert "ORDERPIPE_SMTP_URL" in found["mail server"]["remedy"]


def test_goes_on_when_nothing_answers(nowhere: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERPIPE_DATABASE_URL", "postgresql+psycopg://me:hidden@127.0.0.1:1/nothing")
    monkeypatch.setenv("ORDERPIPE_BROKER_URL", "redis://:hidden@127.0.0.1:1/0")
    monkeypatch.setitem(app.conf, "broker_url", "redis://:hidden@127.0.0.1:1/0")
    settings.cache_clear()
    answer = nowhere("doctor")
    assert answer.exit_code == 1
    assert "wrong PostgreSQL: connection" in answer.out
    assert "wrong broker: does not answer" in answer.out
    assert "hidden" not in answer.out + answer.err


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql+psycopg://me:hidden@db:5432/shop", "postgresql+psycopg://me:…@db:5432/shop"),
        ("redis://:hidden@127.0.0.1:6379/0", "redis://:…@127.0.0.1:6379/0"),
        ("twilio://sid:hidden@441234/hidden-too", "twilio://441234/…"),
        ("smtp://127.0.0.1:25", "smtp://127.0.0.1:25"),
    ],
)
def test_shows_addresses_without_their_secrets(url: str, shown: str) -> None:
    assert masked(url) == shown
