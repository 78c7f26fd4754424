"""
Mail from customers and mail servers, put before the pipeline as the reader of the mailbox would have kept it.
"""

import hashlib
from email.message import EmailMessage
from itertools import count
from typing import Any

from sqlalchemy import text

from orderpipe.domain.letter_ids import letter_id
from orderpipe.store import mail_in
from orderpipe.store.mail_in import Arrived
from tests.builders import rows_of
from tests.floor import OFFICE, Floor
from workers import letterbox

ANN = "ann@customers.example"
_uids = count(1)


def named(floor: Floor, order_id: int, kind: str) -> str:
    """The Message-ID of the order's newest letter of this kind."""
    with floor.engine.begin() as tx:
        row = tx.execute(
            text("SELECT id, dedupe_key, facts FROM notification WHERE order_id = :id AND kind = :kind AND channel = 'email'"
                 " ORDER BY id DESC LIMIT 1"),
            {"id": order_id, "kind": kind},
        ).one()
    return f"<{letter_id(*row)}@demo.example>"


def mail(words: str, *, sender: str = ANN, subject: str = "Re: A question", answers: str = "", **headers: str) -> bytes:
    """A mail in plain text; `answers` is a Message-ID."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, "orders@demo.example", subject
    message["Message-ID"] = f"<{next(_uids)}@customers.example>"
    if answers:
        message["In-Reply-To"] = answers
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(words)
    return message.as_bytes()


def keep(floor: Floor, raw: bytes, *, size: int = 0) -> None:
    """The mail lies in the database, and nobody has looked at it."""
    with floor.engine.begin() as tx:
        mail_in.keep(tx, [Arrived("box", 1, next(_uids), size or len(raw), raw, hashlib.sha256(raw).digest())], floor.now)


def receive(floor: Floor, raw: bytes, *, size: int = 0) -> dict[str, Any]:
    """The mail comes in and is looked at; everything that comes of it happens. Returns its row."""
    keep(floor, raw, size=size)
    letterbox.read(floor.run, office=OFFICE)
    floor.work()
    return mails(floor)[-1]


def mails(floor: Floor) -> list[dict[str, Any]]:
    """All mails that came in."""
    with floor.engine.begin() as tx:
        return rows_of(tx, mail_in.mail_in)
