"""
`orderpipe mail in` and `orderpipe order mails`: what came in, what it was taken for, and having it taken anew.
"""

from collections.abc import Iterator

import pytest

from orderpipe.domain.orders import number_of
from orderpipe.local.ports import free_port
from orderpipe.settings import settings
from tests.cli.conftest import Terminal
from tests.floor import Floor
from tests.imap import ImapServer
from tests.mailed import mail, mails, named, receive
from tests.needs import require


@pytest.fixture
def server() -> Iterator[ImapServer]:
    server = ImapServer(require("dovecot"))
    yield server
    server.close()


def came(floor: Floor) -> int:
    """An order about which its customer wrote."""
    order = floor.order()
    receive(floor, mail("Where is \x1b[31mit?", answers=named(floor, order, "acknowledgement")))
    return order


def test_lists_and_shows_what_came_in(orderpipe: Terminal, floor: Floor) -> None:
    order = came(floor)
    receive(floor, mail("Buy now!", sender="eve@elsewhere.example", subject="[cheap]"))
    newest, first = orderpipe("mail", "in", "--json").json
    assert (first["order"], first["kind"], first["state"]) == (number_of(order), "about-order", "done")
    assert (newest["order"], newest["kind"], newest["state"]) == (None, "other", "open")
    assert "[cheap]" in orderpipe("mail", "in").out
    assert [one["id"] for one in orderpipe("mail", "in", "--open", "--json").json] == [newest["id"]]
    assert [one["id"] for one in orderpipe("order", "mails", number_of(order), "--json").json] == [first["id"]]
    shown = orderpipe("mail", "in", str(first["id"])).out
    assert "From:  <ann@customers.example>" in shown
    assert "Where is [31mit?" in shown
    assert "\x1b" not in shown
    assert orderpipe("mail", "in", str(first["id"]), "--json").json["own_words"] == "Where is \x1b[31mit?"


def test_prints_a_mail_as_it_came(orderpipe: Terminal, floor: Floor) -> None:
    came(floor)
    assert orderpipe("mail", "in", "1", "--raw").out == bytes(mails(floor)[0]["raw"]).decode()


def test_takes_a_mail_anew_or_off_the_list(orderpipe: Terminal, floor: Floor) -> None:
    receive(floor, mail("Buy now!", sender="eve@elsewhere.example"))
    assert orderpipe("mail", "in", "1", "--done").out == "Mail 1 is done.\n"
    assert orderpipe("mail", "in", "1", "--done").err == "Mail 1 is not open.\n"
    assert "within half a minute" in orderpipe("mail", "in", "1", "--again").out
    assert mails(floor)[0]["state"] == "new"
    assert orderpipe("mail", "in", "99").err == "There is no mail 99.\n"


def test_the_doctor_looks_at_the_mailbox(orderpipe: Terminal, floor: Floor, server: ImapServer, monkeypatch: pytest.MonkeyPatch) -> None:
    receive(floor, mail("Buy now!", sender="eve@elsewhere.example"))
    server.drop(b"From: a@b.example\r\n\r\n")
    for url, well in ((server.url, True), (f"imap://a:hidden@127.0.0.1:{free_port()}/", False)):
        monkeypatch.setenv("ORDERPIPE_IMAP_URL", url)
        settings.cache_clear()
        found = {one["name"]: one for one in orderpipe("doctor", "--json").json}
        assert (found["mailbox"]["well"], "secret" in str(found), "hidden" in str(found)) == (well, False, False)
    assert found["mails for somebody to look at"]["said"] == "1"
    monkeypatch.setenv("ORDERPIPE_IMAP_URL", server.url)
    settings.cache_clear()
    assert "not read yet: 1" in orderpipe("doctor").out


def test_says_what_order_a_mail_is_about(orderpipe: Terminal, floor: Floor) -> None:
    order_id = floor.order()
    receive(floor, mail("Where are my cups?"))
    said = orderpipe("mail", "in", "1", "--order", number_of(order_id))
    assert said.out == f"Mail 1 is a word on C-100001-7 about order {number_of(order_id)}.\n"
    assert mails(floor)[0]["order_id"] == order_id
    assert orderpipe("mail", "in", "1", "--order", number_of(order_id)).err == "Mail 1 is not open.\n"
