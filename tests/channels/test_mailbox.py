"""
The mailbox over real IMAP, with Debian's dovecot.
"""

import imaplib
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from orderpipe.channels import mailbox as module
from orderpipe.channels.mailbox import Mailbox, MailboxFailed
from orderpipe.channels.outlets import BadOutlet
from orderpipe.local.ports import free_port
from tests.imap import ImapServer
from tests.needs import require

MAIL = b"From: ann@customers.example\r\nSubject: Re: A question\r\n\r\n3\r\n"


@pytest.fixture(scope="module")
def dovecot() -> Iterator[ImapServer]:
    server = ImapServer(require("dovecot"))
    yield server
    server.close()


@pytest.fixture
def server(dovecot: ImapServer) -> Iterator[ImapServer]:
    yield dovecot
    dovecot.empty()


def test_reads_what_is_new_and_marks_it_read(server: ImapServer) -> None:
    server.drop(MAIL)
    with Mailbox(server.url) as box:
        (uid,) = box.waiting(None)
        fetched = box.fetch(uid)
        assert fetched is not None
        assert (fetched.raw, fetched.size) == (MAIL, len(MAIL))
        assert box.waiting(None) == [uid], "reading alone marks nothing"
        box.mark_read([uid])
        assert box.waiting(None) == []
    assert "secret" not in box.name


def test_finds_what_somebody_else_has_read_meanwhile(server: ImapServer) -> None:
    for _ in range(3):
        server.drop(MAIL)
    with Mailbox(server.url) as box:
        first, second, third = box.waiting(None)
        box.mark_read([first, second, third])
        assert box.waiting(None) == []
        assert box.waiting(first) == [second, third]
        assert box.waiting(third) == []


@pytest.mark.parametrize("raw", [
    b"\0" * 100, b"", b"\xff" * 100, b"From: x\n\nbare line feeds\n", b")\r\n* BYE\r\nA1 OK\r\n", b"x" * 300_000,
], ids=["nul", "empty", "no utf-8", "line feeds", "imap", "large"])
def test_reads_any_bytes(server: ImapServer, raw: bytes) -> None:
    server.drop(raw)
    with Mailbox(server.url) as box:
        (uid,) = box.waiting(None)
        fetched = box.fetch(uid)
        assert fetched is not None
        as_imap_has_it = fetched.raw.replace(b"\r\n", b"\n").replace(b"\x80", b"\0")  # which knows no NUL
        assert as_imap_has_it == raw.replace(b"\r\n", b"\n")


def test_reads_of_a_giant_only_the_beginning(server: ImapServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST", 100_000)
    server.drop(MAIL + b"x" * 1_000_000)
    with Mailbox(server.url) as box:
        fetched = box.fetch(box.waiting(None)[0])
    assert fetched is not None
    assert (len(fetched.raw), fetched.raw[: len(MAIL)]) == (module.BEGINNING, MAIL)
    assert fetched.size > 1_000_000


def test_misses_what_was_taken_away(server: ImapServer) -> None:
    with Mailbox(server.url) as box:
        assert box.fetch(4711) is None


def test_says_what_is_wrong_with_a_mailbox(server: ImapServer) -> None:
    for url in (server.url.replace("secret", "wrong"), server.url.replace("INBOX", "Nowhere"), f"imap://a:secret@127.0.0.1:{free_port()}/"):
        with pytest.raises(MailboxFailed, match="mailbox") as failed:
            Mailbox(url)
        assert "wrong" not in str(failed.value)
        assert "secret" not in str(failed.value)


def test_does_not_wait_for_ever_for_a_server_that_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(MailboxFailed, match="cannot be opened: timed out"):
        Mailbox(f"imap://a:b@127.0.0.1:{silent.getsockname()[1]}/")


def test_says_so_when_the_server_goes_away(server: ImapServer) -> None:
    with Mailbox(server.url) as box:
        server.stop()
        with pytest.raises(MailboxFailed, match="broke off"):
            box.waiting(None)
    server.start()


@pytest.mark.parametrize("url", [
    "", "imap://", "imaps://host/INBOX", "http://a:b@host/", "imap://a:b@mail.example/INBOX", "imaps://a:b@host:nonsense/", "imap://a:b@10.0.0.1/",
])
def test_refuses_an_address_that_cannot_be_one_or_would_show_the_password(url: str) -> None:
    with pytest.raises(BadOutlet, match="ORDERPIPE_IMAP_URL"):
        Mailbox(url)


def test_speaks_tls_and_believes_no_certificate_it_does_not_know(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    openssl = require("openssl")
    certificate = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run([
        openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
        "subjectAltName=DNS:localhost", "-out", certificate[0], "-keyout", certificate[1],
    ], check=True, capture_output=True)
    server = ImapServer(require("dovecot"), certificate)
    url = f"imaps://ann:secret@localhost:{server.port}/INBOX"
    try:
        server.drop(MAIL)
        with pytest.raises(MailboxFailed, match="cannot be opened"):
            Mailbox(url)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
        with Mailbox(url) as box:
            assert len(box.waiting(None)) == 1
    finally:
        server.close()


def test_speaks_tls_to_other_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def connect(host: str, port: int, **_options: object) -> None:
        asked.append((host, port))
        raise imaplib.IMAP4.error("no such host")

    monkeypatch.setattr(imaplib, "IMAP4_SSL", connect)
    with pytest.raises(MailboxFailed):
        Mailbox("imaps://ann%40tea.example:p%2Fw@mail.example/Shop%20mail")
    assert asked == [("mail.example", 993)]
