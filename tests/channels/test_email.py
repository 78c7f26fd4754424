"""
E-mail over a real SMTP conversation: the server's answer decides, and a failure of the server is never held against a letter.
"""

import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from orderpipe.channels import smtp
from orderpipe.channels.email import MailOutlet, recipient_address, write_mail
from orderpipe.channels.mime import parse
from orderpipe.channels.opening import open_outlet
from orderpipe.channels.outlets import Accepted, BadOutlet, BadRecipient, Closed, Parcel, Postponed, Refused, Sink, Unavailable
from orderpipe.channels.samples import ORDER, notice
from orderpipe.channels.smtp import MailServer, Postbox
from orderpipe.local.caught_letters import letters_in
from orderpipe.local.mail_catcher import MailCatcher
from orderpipe.local.ports import free_port
from tests.needs import require


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def catcher(tmp_path: Path) -> Iterator[MailCatcher]:
    with MailCatcher(tmp_path) as catcher:
        yield catcher


@pytest.fixture
def outlet(catcher: MailCatcher) -> Iterator[MailOutlet]:
    outlet = MailOutlet(MailServer.at(catcher.smtp_url), "orders@orderpipe.example")
    yield outlet
    outlet.close()


def parcel(to: str = "maria@customers.example", sender: str = "orders@tea.example") -> Parcel:
    return Parcel(sender, to, b"Message-ID: <1@tea.example>\r\nSubject: Tea\r\n\r\n.\r\nHello\r\n")


def test_sends_a_letter_as_it_was_written(outlet: MailOutlet, tmp_path: Path) -> None:
    written = outlet.write(notice("shipped"), ORDER)
    outcome = outlet.deliver(written)
    assert outcome == Accepted("250 2.0.0 OK: kept as 1")
    (letter,) = letters_in(tmp_path)
    assert (letter["from"], letter["to"]) == ("orders@tea.example", ["maria@customers.example"])
    assert letter["subject"] == "Your order 100042-7 is on its way"
    assert letter["message_id"] == str(parse(written.content)["Message-ID"])
    assert "DHL Paket" in letter["text"]
    assert "DHL Paket" in letter["html"]


@pytest.mark.parametrize(("to", "kind", "words"), [
    ("reply-450@x.example", Postponed, "450"), ("reply-421@x.example", Postponed, "421"), ("reply-550@x.example", Refused, "550"),
    ("reply-530@x.example", Unavailable, "wants to know who we are"), ("data-451@x.example", Postponed, "451"),
    ("data-554@x.example", Refused, "554"), ("hang-up@x.example", Postponed, "421|broke"),
])
def test_tells_later_from_never_by_the_servers_code(outlet: MailOutlet, to: str, kind: type, words: str) -> None:
    for _ in range(2):
        outcome = outlet.deliver(parcel(to))
        assert isinstance(outcome, kind)
        assert any(word in str(outcome) for word in words.split("|"))
        assert isinstance(outlet.deliver(parcel()), Accepted)  # and the next letter goes out all the same


def test_holds_a_refused_sender_against_no_letter_of_others(outlet: MailOutlet) -> None:
    outcome = outlet.deliver(parcel(sender="reply-553@tea.example"))
    assert isinstance(outcome, Unavailable)
    assert outcome.sender == "reply-553@tea.example"
    busy = outlet.deliver(parcel(sender="reply-452@tea.example"))
    assert isinstance(busy, Unavailable)
    assert busy.sender is None
    assert isinstance(outlet.deliver(parcel()), Accepted)


def test_waits_when_there_is_no_server() -> None:
    outlet = MailOutlet(MailServer("127.0.0.1", free_port()), "a@b.example")
    outcome = outlet.deliver(parcel())
    assert isinstance(outcome, Unavailable)
    assert "cannot be reached: [Errno 111] Connection refused" in outcome.reason


def test_waits_when_the_greeting_is_a_refusal() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def refuse() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(b"554 5.7.1 Your host is on our list\r\n")
        thread = threading.Thread(target=refuse)
        thread.start()
        outcome = Postbox(MailServer("127.0.0.1", listener.getsockname()[1]), clock=Clock()).deliver(parcel())
        thread.join(5)
    assert isinstance(outcome, Unavailable)
    assert "refuses us: 554 5.7.1 Your host is on our list" in outcome.reason


class Counting:
    """A mail server's handler that counts letters and how many connections they came over."""

    def __init__(self) -> None:
        self.letters: list[object] = []

    async def handle_DATA(self, server: object, session: object, envelope: object) -> str:
        self.letters.append(session)
        return "250 OK"


def server_of(handler: object, **options: object) -> Controller:
    return Controller(handler, hostname="127.0.0.1", port=free_port(), **options)  # type: ignore[arg-type]


def test_keeps_the_connection_from_letter_to_letter_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "LETTERS_PER_CONNECTION", 3)
    handler, clock = Counting(), Clock()
    controller = server_of(handler)
    controller.start()
    postbox = Postbox(MailServer("127.0.0.1", controller.port), clock=clock)
    for _ in range(7):
        assert isinstance(postbox.deliver(parcel()), Accepted)
        clock.seconds += 100  # idle long enough to be asked whether it lives
    assert len({id(session) for session in handler.letters}) == 3
    controller.stop()
    assert isinstance(postbox.deliver(parcel()), Unavailable)
    controller = Controller(handler, hostname="127.0.0.1", port=controller.port)
    controller.start()
    assert isinstance(postbox.deliver(parcel()), Accepted)
    postbox.close()
    controller.stop()


def test_opens_anew_what_the_server_closed_meanwhile() -> None:
    handler = Counting()
    controller = server_of(handler)
    controller.start()
    postbox = Postbox(MailServer("127.0.0.1", controller.port), clock=Clock())
    assert isinstance(postbox.deliver(parcel()), Accepted)
    controller.stop()
    controller = Controller(handler, hostname="127.0.0.1", port=controller.port)
    controller.start()
    assert isinstance(postbox.deliver(parcel()), Accepted)  # the kept connection is dead, and nobody notices
    assert len(handler.letters) == 2
    postbox.close()
    controller.stop()


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
def test_gives_its_name_and_password() -> None:
    def check(_server: object, _session: object, _envelope: object, _mechanism: object, data: object) -> AuthResult:
        return AuthResult(success=getattr(data, "password", b"") == b"p@ss:word", handled=False)
    controller = server_of(Counting(), authenticator=check, auth_require_tls=False, auth_required=True)
    controller.start()
    for password, kind in (("p%40ss%3Aword", Accepted), ("wrong", Unavailable)):
        postbox = Postbox(MailServer.at(f"smtp://us%40shop:{password}@127.0.0.1:{controller.port}"), clock=Clock())
        outcome = postbox.deliver(parcel())
        assert isinstance(outcome, kind)
        assert kind is Accepted or "does not accept our user name and password: 535" in str(outcome)
        postbox.close()
    without = Postbox(MailServer("127.0.0.1", controller.port), clock=Clock())
    assert isinstance(without.deliver(parcel()), Unavailable)
    without.close()
    controller.stop()


def test_does_not_go_on_without_the_starttls_it_was_asked_for(catcher: MailCatcher) -> None:
    outcome = Postbox(MailServer.at(f"{catcher.smtp_url}?starttls=yes"), clock=Clock()).deliver(parcel())
    assert isinstance(outcome, Unavailable)
    assert "cannot do what ORDERPIPE_SMTP_URL asks for" in outcome.reason


def test_writes_to_international_addresses(outlet: MailOutlet, tmp_path: Path) -> None:
    assert recipient_address("Maria@Bücher.example") == "Maria@xn--bcher-kva.example"
    assert isinstance(outlet.deliver(parcel(recipient_address("用户@例子.广告"))), Accepted)
    assert letters_in(tmp_path)[0]["to"] == ["用户@xn--fsqu00a.xn--4rr70v"]


@pytest.mark.parametrize("address", ["", "maria", "a@b@c.example", "maria@customers.example\r\nRCPT TO:<x@y.example>", "a b@c.example"])
def test_says_what_is_no_address(address: str) -> None:
    with pytest.raises(BadRecipient, match="no e-mail address"):
        recipient_address(address)


def test_writes_from_the_shops_own_address_where_it_has_one() -> None:
    def sender(mail_from: str, default: str = "Orders <post@orderpipe.example>") -> str:
        written = write_mail(notice("shipped"), replace(ORDER, mail_from=mail_from), default_from=default)
        assert written.sender in str(parse(written.content)["From"])
        return str(parse(written.content)["From"])

    assert sender("tea@shop.example") == "Tee & Söhne <tea@shop.example>"
    assert sender("The Tea Shop <tea@shop.example>") == "The Tea Shop <tea@shop.example>"
    assert sender("") == "Orders <post@orderpipe.example>"
    with pytest.raises(BadOutlet, match="ORDERPIPE_MAIL_FROM is no e-mail address: 'nobody'"):
        sender("", "nobody")


@pytest.mark.parametrize(("url", "server"), [
    ("smtp://mail.example", MailServer("mail.example", 25)),
    ("smtp://u:p@mail.example?starttls=yes", MailServer("mail.example", 587, "u", "p", starttls=True)),
    ("smtps://mail.example:4650", MailServer("mail.example", 4650, tls=True)),
    ("smtp://[::1]:2525", MailServer("::1", 2525)),
])
def test_reads_the_servers_address(url: str, server: MailServer) -> None:
    assert MailServer.at(url) == server


@pytest.mark.parametrize("url", ["mail.example", "http://mail.example", "smtp://", "smtp://mail.example:x", "smtp://mail.example?tls=1"])
def test_refuses_an_address_that_is_none(url: str) -> None:
    with pytest.raises(BadOutlet, match="ORDERPIPE_SMTP_URL"):
        MailServer.at(url)
    closed = open_outlet("email", smtp_url=url, mail_from="", sms_url="")
    assert isinstance(closed, Closed)
    assert "ORDERPIPE_SMTP_URL" in closed.reason


def test_knows_when_there_is_no_way_out_and_when_it_is_only_measured() -> None:
    assert "is empty" in str(vars(open_outlet("email", smtp_url="", mail_from="", sms_url="")))
    assert "is empty" in str(vars(open_outlet("sms", smtp_url="", mail_from="", sms_url="")))
    sink = open_outlet("email", smtp_url="null:", mail_from="a@b.example", sms_url="")
    assert isinstance(sink, Sink)
    sink.deliver(sink.write(notice("shipped"), ORDER))
    assert sink.swallowed == 1
    assert isinstance(open_outlet("sms", smtp_url="", mail_from="", sms_url="null:"), Sink)


def test_counts_a_refusal_to_relay_as_later_not_as_never(monkeypatch: pytest.MonkeyPatch) -> None:
    class NoRelay(Counting):
        async def handle_RCPT(self, server: object, session: object, envelope: object, address: str, options: object) -> str:
            return "554 5.7.1 <maria@customers.example>: Relay access denied"
    controller = server_of(NoRelay())
    controller.start()
    postbox = Postbox(MailServer("127.0.0.1", controller.port), clock=Clock())
    outcome = postbox.deliver(parcel())
    assert isinstance(outcome, Postponed)
    assert "Relay access denied" in outcome.reason
    postbox.close()
    controller.stop()


def test_speaks_over_starttls_with_an_authority_of_its_own(tmp_path: Path) -> None:
    openssl = require("openssl")
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    subprocess.run([
        openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
        "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate,
    ], check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    controller = server_of(Counting(), tls_context=context, require_starttls=True)
    controller.start()
    url = f"smtp://127.0.0.1:{controller.port}?starttls=yes"
    trusting = Postbox(MailServer.at(f"{url}&ca={certificate}"), clock=Clock())
    assert isinstance(trusting.deliver(parcel()), Accepted)
    trusting.close()
    doubting = Postbox(MailServer.at(url), clock=Clock()).deliver(parcel())
    assert isinstance(doubting, Unavailable)
    assert "is not trusted" in doubting.reason
    controller.stop()
