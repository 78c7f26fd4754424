"""
The way out to a shop's own system: to the address that was judged, under TLS, once, and not for longer than it may take.
"""

import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from orderpipe.channels import webhook
from orderpipe.channels.webhook import BadUrl, Line, Target, check, target_of
from orderpipe.domain.addresses import networks
from orderpipe.local.ports import LOOPBACK
from tests.needs import require
from tests.receiver import Receiver

INSIDE = networks("127.0.0.0/8")
HEADERS = {"webhook-id": "evt_1", "Content-Type": "application/json"}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """A directory of names that counts how often it is asked: the last address of a name stays."""
    directory: dict[str, list[str]] = {"asked": []}

    def resolve(host: str, port: int, **_: Any) -> list[Any]:
        directory["asked"].append(host)
        if host not in directory:
            raise socket.gaierror("Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in directory[host]]

    monkeypatch.setattr("orderpipe.channels.webhook.socket.getaddrinfo", resolve)
    return directory


@pytest.fixture
def certificate(tmp_path: Path) -> Callable[[str], ssl.SSLContext]:
    """Makes a certificate of this name, which this process then trusts."""

    def make(name: str) -> ssl.SSLContext:
        openssl, pem, key = require("openssl"), tmp_path / "certificate.pem", tmp_path / "key.pem"
        subprocess.run([
            openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}",
            "-addext", f"subjectAltName=DNS:{name}", "-keyout", key, "-out", pem,
        ], check=True, capture_output=True)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(pem, key)
        return context

    return make


def test_posts_once_and_keeps_the_beginning_of_the_answer(receiver: Receiver) -> None:
    line = Line(receiver.url("/hooks?shop=1"), INSIDE)
    answer = line.post(b'{"a":1}', HEADERS)
    line.close()
    assert (answer.status, answer.said, answer.error) == (200, "200 from /hooks?shop=1", "")
    (message,) = receiver.messages
    assert (message.path, message.content, message.id) == ("/hooks?shop=1", {"a": 1}, "evt_1")
    assert message.headers["host"] == f"127.0.0.1:{receiver.port}"


def test_calls_the_address_that_was_judged_and_no_other(receiver: Receiver, names: dict[str, list[str]]) -> None:
    names["hooks.example"] = [LOOPBACK]
    line = Line(f"http://hooks.example:{receiver.port}/", INSIDE)
    assert line.post(b"{}", HEADERS).status == 200
    assert names["asked"] == ["hooks.example"], "A second look could lead elsewhere."
    assert receiver.messages[0].headers["host"] == f"hooks.example:{receiver.port}"
    names["hooks.example"] = ["10.0.0.1"]
    assert line.post(b"{}", HEADERS).status == 200, "The connection is kept."
    line.close()
    assert "no public address" in Line(f"http://hooks.example:{receiver.port}/", INSIDE).post(b"{}", HEADERS).error


def test_one_address_inside_is_one_too_many(receiver: Receiver, names: dict[str, list[str]]) -> None:
    names["mixed.example"] = ["8.8.8.8", "169.254.169.254"]
    answer = Line("https://mixed.example/").post(b"{}", HEADERS)
    assert (answer.status, "169.254.169.254" in answer.error) == (None, True)


def test_tries_the_next_address_where_one_does_not_answer(receiver: Receiver, names: dict[str, list[str]]) -> None:
    names["two.example"] = ["127.0.0.2", LOOPBACK]
    line = Line(f"http://two.example:{receiver.port}/", INSIDE)
    assert line.post(b"{}", HEADERS).status == 200
    line.close()


def test_wants_the_certificate_of_the_name(
    certificate: Callable[[str], ssl.SSLContext], names: dict[str, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names["hooks.example"] = names["other.example"] = [LOOPBACK]
    context = certificate("hooks.example")
    with Receiver(context) as receiver:
        doubted = Line(f"https://hooks.example:{receiver.port}/", INSIDE).post(b"{}", HEADERS)
        assert (doubted.status, "certificate verify failed" in doubted.error) == (None, True)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
        webhook._trust.cache_clear()
        try:
            line = Line(f"https://hooks.example:{receiver.port}/", INSIDE)
            assert line.post(b"{}", HEADERS).status == 200
            line.close()
            assert "certificate" in Line(f"https://other.example:{receiver.port}/", INSIDE).post(b"{}", HEADERS).error
        finally:
            webhook._trust.cache_clear()
    assert len(receiver.messages) == 1


def test_does_not_wait_for_who_answers_byte_by_byte() -> None:
    def dribble() -> None:
        with socket.create_server((LOOPBACK, 0)) as server:
            ports.append(server.getsockname()[1])
            ready.set()
            caller, _ = server.accept()
            with caller:
                for letter in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"z" * 1000:
                    try:
                        caller.sendall(bytes([letter]))
                    except OSError:
                        return
                    time.sleep(0.05)

    ports: list[int] = []
    ready = threading.Event()
    thread = threading.Thread(target=dribble)
    thread.start()
    ready.wait(10)
    begun = time.monotonic()
    answer = Line(f"http://{LOOPBACK}:{ports[0]}/", INSIDE, seconds=0.5).post(b"{}", HEADERS)
    assert time.monotonic() - begun < 3
    assert (answer.status, answer.error) == (None, "No answer within 0.5 s.")
    thread.join()


def test_calls_again_where_a_kept_connection_was_hung_up(receiver: Receiver) -> None:
    line = Line(receiver.url(), INSIDE)
    assert line.post(b"{}", HEADERS).status == 200
    assert line._connection is not None
    line._connection.sock.shutdown(socket.SHUT_RDWR)
    assert line.post(b"{}", HEADERS).status == 200
    line.close()
    assert len(receiver.messages) == 2


def test_a_large_answer_is_not_read_to_its_end(receiver: Receiver) -> None:
    class Talkative(Receiver):
        def status_for(self, message: Any) -> int:
            return 200

    with Talkative() as talkative:
        talkative.extra["Content-Length"] = str(10**9)
        line = Line(talkative.url(), INSIDE, seconds=0.5)
        answer = line.post(b"{}", HEADERS)
        line.close()
    assert answer.status in (200, None)
    assert len(answer.said) <= webhook.KEPT


@pytest.mark.parametrize(("url", "target"), [
    ("https://shop.example", Target(True, "shop.example", 443, "/")),
    ("https://shop.example:8443/a/b?c=d", Target(True, "shop.example", 8443, "/a/b?c=d")),
    ("http://[::1]:9000/x", Target(False, "::1", 9000, "/x")),
])
def test_takes_a_url_apart(url: str, target: Target) -> None:
    assert target_of(url) == target


@pytest.mark.parametrize("url", [
    "", "shop.example", "ftp://shop.example", "https://", "https://user:pass@shop.example", "https://shop.example/#a",
    "https://a b.example", "https://shop.example:99999", "https://[::1", "file:///etc/passwd", "https://bücher.example",
    "https://shop.example/\r\nX: y", "gopher://127.0.0.1:6379/_FLUSHALL", "https://shop.example/" + "a" * 2_000,
])
def test_refuses_what_is_no_address_for_webhooks(url: str) -> None:
    with pytest.raises(BadUrl):
        target_of(url)


@pytest.mark.parametrize("url", [
    "https://127.0.0.1/", "https://localhost/", "https://[::1]/", "https://169.254.169.254/latest/meta-data", "https://0x7f.1/",
    "https://2130706433/", "https://[::ffff:127.0.0.1]/", "http://8.8.8.8/", "https://8.8.8.8:25/", "https://nowhere.invalid/",
])
def test_refuses_where_webhooks_may_not_go(url: str) -> None:
    with pytest.raises(BadUrl):
        check(url, ())
