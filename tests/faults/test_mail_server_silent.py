"""
A mail server that takes the call and says nothing: whoever waits for it holds up nobody else.
"""

import hashlib
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from orderpipe.flow import Queue
from orderpipe.store import mail_in
from orderpipe.store.mail_in import Arrived
from tests.builders import NOW
from tests.faults.harness import Plant
from tests.needs import REPOSITORY

SEND = "import sys; from orderpipe import broker; from orderpipe.flow import Queue; broker.send_task(sys.argv[1], queue=Queue(sys.argv[2]))"
RAW = b"From: ann@customers.example\r\nSubject: Hello\r\n\r\nIs anybody there?\r\n"


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A server that will say nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(60)
        yield listening


def send(plant: Plant, job: str, queue: Queue) -> None:
    subprocess.run([sys.executable, "-c", SEND, job, queue], env=plant.environment, cwd=REPOSITORY, check=True, timeout=60)


def test_mail_is_read_while_the_mailbox_says_nothing(plant: Plant, silent: socket.socket) -> None:
    plant.worker("mail", Queue.MAIL, 1, ORDERPIPE_IMAP_URL=f"imap://a:b@127.0.0.1:{silent.getsockname()[1]}/")
    plant.worker("rest", f"{Queue.CARE},{Queue.CLOCK}", 1)
    send(plant, "mail.fetch", Queue.MAIL)
    call, _ = silent.accept()
    with call:
        call.setblocking(False)
        with plant.engine.begin() as tx:
            mail_in.keep(tx, [Arrived("box", 1, 1, len(RAW), RAW, hashlib.sha256(RAW).digest())], NOW)
        send(plant, "mail.read", Queue.CARE)
        plant.wait_until(lambda: plant.value("SELECT state FROM mail_in") == "open", 9, "the mail was read")
        with pytest.raises(BlockingIOError):  # it still waits: nothing was said, and it has not hung up
            call.recv(1)
