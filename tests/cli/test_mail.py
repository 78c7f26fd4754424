"""
`orderpipe mail`: what went out, what could not, and sending it again.
"""

import pytest
from sqlalchemy import Engine

from orderpipe.channels import keeping
from orderpipe.channels.email import write_mail
from orderpipe.domain.notices import Dead, Sent
from orderpipe.domain.orders import number_of
from orderpipe.store import notifications
from tests.cli.conftest import Terminal
from tests.floor import Floor


def sent(engine: Engine, floor: Floor) -> int:
    """An order whose acknowledgement went out; returns the order's id."""
    order_id = floor.order()
    with engine.begin() as tx:
        leased = notifications.lease(tx, "email", limit=10, now=floor.now, lease_seconds=60)
        orders = notifications.context_of(tx, leased)
        letters = [write_mail(one, orders[order_id], default_from="orders@shop.example") for one in leased]
        done = [Sent(one, "250 ok", keeping.keep(letter.content, one.language)) for one, letter in zip(leased, letters, strict=True)]
        notifications.record(tx, done, floor.now)
    return order_id


def test_lists_and_shows_what_was_sent(orderpipe: Terminal, engine: Engine, floor: Floor) -> None:
    order_id = sent(engine, floor)
    (letter,) = orderpipe("mail", "--json").json
    assert (letter["order"], letter["kind"], letter["state"]) == (number_of(order_id), "acknowledgement", "sent")
    assert number_of(order_id) in letter["subject"]
    assert letter["subject"] in orderpipe("mail").out
    shown = orderpipe("mail", "show", str(letter["id"])).out
    assert "acknowledgement to ann@customers.example by email, sent after 1 attempts" in shown
    assert f"Subject: {letter['subject']}" in shown
    assert "Ann Ok" in orderpipe("mail", "show", str(letter["id"]), "--json").json["text"]


def test_finds_letters_by_recipient_subject_and_kind(orderpipe: Terminal, engine: Engine, floor: Floor) -> None:
    number = number_of(sent(engine, floor))
    for found in (("--to", "ANN@"), ("--subject", number), ("--kind", "acknowledgement")):
        assert len(orderpipe("mail", *found, "--json").json) == 1, found
    for missed in (("--to", "bob@"), ("--subject", "nothing like that"), ("--kind", "shipped")):
        assert orderpipe("mail", *missed, "--json").json == [], missed


def test_follows_until_it_is_stopped(orderpipe: Terminal, engine: Engine, floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    first = number_of(sent(engine, floor))
    seen: list[str] = []

    def rest(_seconds: float) -> None:
        if seen:
            raise KeyboardInterrupt
        seen.append(number_of(sent(engine, floor)))

    monkeypatch.setattr("orderpipe.cli.mail.time.sleep", rest)
    answer = orderpipe("mail", "--follow")
    assert answer.exit_code == 0
    assert [answer.out.count(f" {number} ") for number in (first, *seen)] == [1, 1]


def test_sends_a_dead_letter_after_all(orderpipe: Terminal, engine: Engine, floor: Floor) -> None:
    floor.order()
    with engine.begin() as tx:
        leased = notifications.lease(tx, "email", limit=10, now=floor.now, lease_seconds=60)
        notifications.record(tx, [Dead(one, "550 [no] such user") for one in leased], floor.now)
    (dead,) = orderpipe("mail", "dead", "--json").json
    assert "550 [no] such user" in orderpipe("mail", "dead").out
    assert orderpipe("mail", "resend", str(dead["id"])).out == f"Letter {dead['id']} goes out now.\n"
    assert "notify.email" in [name for name, _, _ in floor.hints]
    again = orderpipe("mail", "resend", str(dead["id"]))
    assert (again.exit_code, again.err) == (1, f"Letter {dead['id']} is still under way by itself (pending).\n")
    assert orderpipe("mail", "show", "999").err == "There is no letter 999.\n"
