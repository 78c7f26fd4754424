"""
A doubtful order, from the question that goes out over SMTP to the reply that is fetched over IMAP, with real servers for both.
"""

from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from orderpipe.channels import keeping, mime
from orderpipe.channels.email import MailOutlet
from orderpipe.channels.smtp import MailServer
from orderpipe.local.mail_catcher import MailCatcher, letters_in
from orderpipe.store.notifications import notification
from tests.builders import rows_of
from tests.floor import OFFICE, Floor
from tests.imap import ImapServer
from tests.needs import require
from workers import letterbox, send


@pytest.fixture
def mailbox() -> Iterator[ImapServer]:
    server = ImapServer(require("dovecot"))
    yield server
    server.close()


def question_sent(floor: Floor, order: int) -> EmailMessage:
    """The question as it went out."""
    with floor.engine.begin() as tx:
        (kept,) = rows_of(tx, notification, order_id=order, kind="question")
    return mime.parse(keeping.read_back(bytes(kept["sent"])))


def reply_to(letter: EmailMessage, words: str) -> bytes:
    """What a mail program makes of it."""
    reply = EmailMessage()
    reply["From"], reply["To"], reply["Subject"] = letter["To"], letter["Reply-To"] or letter["From"], f"Re: {letter['Subject']}"
    reply["Message-ID"], reply["In-Reply-To"], reply["References"] = "<r@customers.example>", letter["Message-ID"], letter["Message-ID"]
    quoted = "\n".join(f"> {line}" for line in str(letter.get_payload(0)).split("\n")[:20])
    reply.set_content(f"{words}\n\nOn Tue, 3 Nov 2026 at 13:00, Demo <orders@orderpipe.example> wrote:\n{quoted}\n")
    return reply.as_bytes()


@pytest.mark.parametrize("by_address", [False, True])
def test_the_customer_replies_and_the_order_goes_on(floor: Floor, mailbox: ImapServer, tmp_path: Path, *, by_address: bool) -> None:
    floor.stock()
    order = floor.order(payment_method="")
    floor.receive(order)
    with MailCatcher(tmp_path) as catcher:
        outlet = MailOutlet(MailServer.at(catcher.smtp_url), "orders@orderpipe.example", replies="reply@orderpipe.example")
        report = send.drain(floor.engine, "email", now=lambda: floor.now, outlet=outlet)
        outlet.close()
    assert report.sent == 2
    letter = question_sent(floor, order)
    assert str(letter["Message-ID"]) in {one["message_id"] for one in letters_in(tmp_path)}
    raw = reply_to(letter, "On account, by invoice\n\nThanks,\nAnn")
    if by_address:
        raw = raw.replace(b"In-Reply-To", b"X-Lost").replace(b"References", b"X-Lost-Too")
    mailbox.drop(raw)
    letterbox.bring(floor.run, mailbox.url)
    letterbox.read(floor.run, office=OFFICE)
    floor.work()
    assert (floor.state(order), floor.row(order)["payment_method"]) == (("promised", "fulfillments"), "invoice")
