"""
What staff does about letters: sending one elsewhere, taking back what waits, and what a customer wants of them.
"""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from orderpipe.cli.terminal import rfc3339
from orderpipe.domain.kinds import OPTIONAL
from orderpipe.domain.orders import number_of, public_id
from orderpipe.store import notifications
from tests.cli.conftest import Terminal
from tests.cli.test_mail import sent
from tests.floor import Floor


def letters(engine: Engine, order_id: int) -> list[tuple[str, str, str]]:
    with engine.begin() as tx:
        return [(one.channel, one.recipient, one.state) for one in notifications.of_order(tx, order_id)]


def test_sends_a_letter_to_another_address_and_the_journal_says_who(orderpipe: Terminal, engine: Engine, floor: Floor) -> None:
    order_id = sent(engine, floor)
    assert orderpipe("mail", "resend", "1", "--to", "anna@customers.example").out == "Letter 2 goes out now.\n"
    assert orderpipe("mail", "resend", "1", "--to", "+44 7700 900123").out == "Letter 3 goes out now.\n"
    assert letters(engine, order_id)[1:] == [
        ("email", "anna@customers.example", "pending"), ("sms", "+447700900123", "pending"),
    ]
    first, second = (one for one in floor.journal(order_id) if one["what"] == "notification.resent")
    assert first["actor"].startswith("office ")
    assert first["note"] == {
        "letter": public_id("notification", 1), "as": public_id("notification", 2), "elsewhere": True, "kind": "acknowledgement",
    }
    assert "anna" not in str(second)


@pytest.mark.parametrize("nonsense", ["nobody@", "nobody", "+44"])
def test_sends_nothing_to_what_is_no_address(orderpipe: Terminal, engine: Engine, floor: Floor, nonsense: str) -> None:
    order_id = sent(engine, floor)
    answer = orderpipe("mail", "resend", "1", "--to", nonsense)
    assert (answer.exit_code, len(letters(engine, order_id))) == (1, 1)
    assert nonsense in answer.err


def test_takes_back_what_was_written_before_an_instant(orderpipe: Terminal, engine: Engine, floor: Floor) -> None:
    early = floor.order()
    instant = floor.now + timedelta(seconds=1)
    floor.now += timedelta(minutes=1)
    late = floor.order()
    with engine.begin() as tx:  # a sender had it when the books were copied
        notifications.lease(tx, "email", limit=1, now=floor.now, lease_seconds=60)
    words = ("mail", "withdraw", "--before", rfc3339(instant))
    assert orderpipe(*words, "--json").json == {"waiting": {"acknowledgement": 1}, "withdrawn": 0}
    assert "with --yes they are taken back" in orderpipe(*words).out
    assert orderpipe(*words, "--kind", "shipped", "--yes", "--json").json["withdrawn"] == 0
    assert "1 letters are taken back." in orderpipe(*words, "--shop", "demo", "--yes").out
    assert [letters(engine, one)[0][2] for one in (early, late)] == ["withdrawn", "pending"]
    (entry,) = (one for one in floor.journal(early) if one["what"] == "notification.withdrawn")
    assert entry["note"] == {"letters": 1}
    assert orderpipe("mail", "resend", "1").out == "Letter 3 goes out now.\n"


@pytest.mark.parametrize("instant", ["yesterday", "2026-11-24T20:30:00"])
def test_takes_nothing_back_before_no_instant(orderpipe: Terminal, floor: Floor, instant: str) -> None:
    answer = orderpipe("mail", "withdraw", "--before", instant, "--yes")
    assert (answer.exit_code, "2026-11-24T20:30:00Z" in answer.err) == (2, True)


def test_sets_what_a_customer_wants_of_our_letters(orderpipe: Terminal, engine: Engine, floor: Floor) -> None:
    order_id = floor.order()

    def preferences(*more: str) -> object:
        return orderpipe("mail", "preferences", "Ann@customers.example", "--shop", "demo", *more, "--json").json["off"]

    assert preferences() == []
    assert preferences("--off", "shipped", "--off", "thank-you", "--language", "zh") == ["shipped", "thank-you"]
    assert preferences("--on", "shipped") == ["thank-you"]
    assert preferences("--off", "all") == list(OPTIONAL)
    assert preferences("--on", "shipped") == [kind for kind in OPTIONAL if kind != "shipped"]
    floor.stock()
    floor.receive(order_id).deliver(order_id * 1000 + 1)
    with engine.begin() as tx:
        told = {one.kind: (one.state, one.language) for one in notifications.of_order(tx, order_id)}
    assert told == {
        "acknowledgement": ("pending", "en"), "delivery-date": ("pending", "zh"), "shipped": ("pending", "zh"),
        "thank-you": ("declined", "zh"),
    }
    assert "does without: out-for-delivery, " in orderpipe("mail", "preferences", "ann@customers.example", "--shop", "demo").out
    refused = orderpipe("mail", "preferences", "ann@customers.example", "--shop", "demo", "--off", "question")
    assert (refused.exit_code, "question cannot be turned off" in refused.err) == (2, True)


def test_tells_who_was_told_what_and_when(orderpipe: Terminal, engine: Engine, floor: Floor) -> None:
    order_id = sent(engine, floor)
    with engine.begin() as tx:
        tx.execute(text(
            "INSERT INTO notification (order_id, audience, channel, recipient, kind, language, facts, dedupe_key, state, created_at,"
            " superseded_by) VALUES (:id, 'customer', 'email', 'a@x.example', 'canceled', 'en', '{}', 'c', 'superseded', now(), 7)"
        ), {"id": order_id})
    told = orderpipe("order", "told", number_of(order_id)).out
    assert "ann@customers.example" in told
    assert "250 ok" in told
    assert "told by letter 7" in told
    assert [one["kind"] for one in orderpipe("order", "told", number_of(order_id), "--json").json] == ["acknowledgement", "canceled"]


def test_sets_quiet_hours_and_the_pause(orderpipe: Terminal, floor: Floor) -> None:
    assert "No text messages from 21:00 to 08:00 where the recipient is." in orderpipe("shop", "letters", "demo").out
    changed = orderpipe("shop", "letters", "demo", "--quiet", "22:00-07:30", "--wakes", "question", "--pause", "5", "--json").json
    assert changed == {"shop": "demo", "pause_seconds": 5, "wakes": ["question"], "quiet_from": "22:00", "quiet_until": "07:30"}
    assert "but for question" in orderpipe("shop", "letters", "demo").out
    assert orderpipe("shop", "letters", "demo", "--wakes", "-", "--json").json["wakes"] == []
    for wrong in (("--quiet", "late"), ("--wakes", "love"), ("--wakes", "office-parked")):
        assert orderpipe("shop", "letters", "demo", *wrong).exit_code == 2
