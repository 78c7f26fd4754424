"""
The measurement of letters: the server takes them as a real one does, and what is compared with opens a connection for each.
"""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from benchmarks import mail_sink
from benchmarks.mail import OneConnectionEach
from orderpipe.channels.email import MailOutlet
from orderpipe.channels.outlets import Accepted, Parcel
from orderpipe.channels.smtp import MailServer

LETTER = b"Subject: News\r\n\r\nA line\r\n.. with a dot in front, as SMTP wants it\r\n"


class Counted(mail_sink.Conversation):
    """Counts the connections."""

    opened = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        Counted.opened += 1
        super().connection_made(transport)


@pytest.fixture
def outlet() -> Iterator[MailOutlet]:
    """A way out to the server that drops everything."""
    Counted.opened = 0
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(loop.create_server(Counted, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    outlet = MailOutlet(MailServer("127.0.0.1", server.sockets[0].getsockname()[1]), "orders@orderpipe.example")
    yield outlet
    outlet.close()
    loop.call_soon_threadsafe(server.close)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def parcel(content: bytes = LETTER) -> Parcel:
    return Parcel("orders@shop.example", "ann@customers.example", content)


def test_the_sender_keeps_one_connection_and_what_it_is_compared_with_opens_one_a_letter(outlet: MailOutlet):
    assert [outlet.deliver(parcel()) for _ in range(5)] == [Accepted("250 2.0.0 OK")] * 5
    assert Counted.opened == 1
    outlet.close()
    single = OneConnectionEach(outlet)
    assert [single.deliver(parcel()) for _ in range(5)] == [Accepted("250 2.0.0 OK")] * 5
    assert Counted.opened == 6


@pytest.mark.parametrize("content", [b"", b"QUIT\r\n", b"x" * 300_000, b"\r\n"])
def test_a_letter_ends_where_it_ends_whatever_stands_in_it(content: bytes, outlet: MailOutlet):
    assert [outlet.deliver(parcel(content)) for _ in range(2)] == [Accepted("250 2.0.0 OK")] * 2
    assert Counted.opened == 1
