"""
The reader of the mailbox, over real IMAP: nothing is lost and nothing done twice, wherever it is killed.
"""

import subprocess
import sys
from collections.abc import Iterator
from signal import SIGKILL

import pytest
from sqlalchemy import text

from orderpipe import assembly
from orderpipe.channels.mailbox import Mailbox
from orderpipe.domain.orders import Contact
from orderpipe.local.ports import free_port
from orderpipe.store import mail_in
from tests.bounces import MESSAGE_ID, report
from tests.floor import OFFICE, Floor
from tests.imap import ImapServer
from tests.mailed import ANN, keep, mail, mails, named
from tests.needs import REPOSITORY, require
from tests.workers.killed_reader import STEPS
from workers import letterbox


@pytest.fixture(scope="module")
def dovecot() -> Iterator[ImapServer]:
    server = ImapServer(require("dovecot"))
    yield server
    server.close()


@pytest.fixture
def server(dovecot: ImapServer) -> Iterator[ImapServer]:
    yield dovecot
    dovecot.empty()


def visit(floor: Floor, url: str) -> str:
    """Both jobs, and what comes of them; what the first says."""
    brought = letterbox.bring(floor.run, url)
    letterbox.read(floor.run, office=OFFICE)
    floor.work()
    return brought


def asked(floor: Floor) -> int:
    order = floor.order(payment_method="")
    floor.stock()
    floor.receive(order)
    return order


def test_a_mail_is_kept_and_taken_once(floor: Floor, server: ImapServer) -> None:
    order = asked(floor)
    raw = mail("invoice", answers=named(floor, order, "question"))
    server.drop(raw)
    assert (visit(floor, server.url), visit(floor, server.url)) == ("1 new", "0 new")
    (kept,) = mails(floor)
    assert (bytes(kept["raw"]).replace(b"\r\n", b"\n"), kept["kind"]) == (raw, "answer")
    assert floor.state(order) == ("promised", "fulfillments")


def test_a_mailbox_that_counts_anew_brings_nothing_twice(floor: Floor, server: ImapServer) -> None:
    order = asked(floor)
    raw = mail("what?", answers=named(floor, order, "question"))
    server.drop(raw)
    visit(floor, server.url)
    server.empty()
    server.drop(raw)
    assert visit(floor, server.url) == "0 new"
    assert floor.letters(order).count("office-unclear-reply") == 1


def test_what_somebody_read_in_the_mailbox_meanwhile_is_not_missed(floor: Floor, server: ImapServer) -> None:
    server.drop(mail("one"))
    visit(floor, server.url)
    server.drop(mail("two"))
    with Mailbox(server.url) as box:
        box.mark_read(box.waiting(None))
    assert visit(floor, server.url) == "1 new"


def test_a_mailbox_that_is_away_keeps_nobody_from_reading_what_is_there(floor: Floor) -> None:
    order = asked(floor)
    keep(floor, mail("invoice", answers=named(floor, order, "question")))
    assert "cannot be opened" in visit(floor, f"imap://a:b@127.0.0.1:{free_port()}/")
    assert floor.state(order) == ("promised", "fulfillments")


def test_what_comes_is_read_at_once(floor: Floor, server: ImapServer) -> None:
    server.drop(mail("one"))
    letterbox.bring(floor.run, server.url)
    assert floor.hints[-1] == (letterbox.READ, [], "care")


def test_killed_at_every_step_it_loses_nothing_and_does_nothing_twice(
    floor: Floor, server: ImapServer, database_url: str, broker_url: str
) -> None:
    clear, unclear = asked(floor), asked(floor)
    bounced = floor.order(customer=Contact("Ann Ok", ANN, "+447400123456"))
    server.drop(mail("invoice", answers=named(floor, clear, "question")))
    server.drop(mail("what?", answers=named(floor, unclear, "question")))
    server.drop(report().replace(MESSAGE_ID.encode(), named(floor, bounced, "acknowledgement").encode()))
    environment = {
        "ORDERPIPE_DATABASE_URL": database_url, "ORDERPIPE_BROKER_URL": broker_url, "ORDERPIPE_IMAP_URL": server.url,
        "PATH": "/usr/bin:/bin",
    }
    for step in STEPS:
        words = (sys.executable, "-m", "tests.workers.killed_reader", step)
        ended = subprocess.run(words, cwd=REPOSITORY, env=environment, check=False, capture_output=True, text=True)
        assert ended.returncode == -SIGKILL, (step, ended.stderr)
    floor.now = assembly.utc_now()  # by which the others went
    visit(floor, server.url)
    assert sorted(row["kind"] for row in mails(floor)) == ["answer", "bounce", "unclear-reply"]
    floor.pass_time(minutes=2)
    assert (floor.state(clear), floor.state(unclear)) == (("promised", "fulfillments"), ("received", "office"))
    assert floor.letters(unclear).count("office-unclear-reply") == 1
    assert floor.letters(bounced).count("acknowledgement") == 2


def test_a_giant_is_read_in_part_and_left_to_a_person(floor: Floor, server: ImapServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orderpipe.channels.mailbox.LARGEST", 10_000)
    server.drop(mail("x" * 60 + ("\n" + "x" * 60) * 10_000))
    visit(floor, server.url)
    (kept,) = mails(floor)
    assert (kept["state"], kept["size"] > 600_000, len(kept["raw"])) == ("open", True, 256_000)
    with floor.engine.begin() as tx:
        assert mail_in.count_open(tx) == 1
        assert mail_in.tick_off(tx, kept["id"], floor.now)
        assert not mail_in.tick_off(tx, kept["id"], floor.now)
        assert tx.execute(text("SELECT state FROM mail_in")).scalar_one() == "done"
