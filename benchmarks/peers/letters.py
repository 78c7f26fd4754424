"""
The peers' sender: one letter a message, rendered as orderpipe renders it, handed to the same sink, and recorded with its content.
"""

from datetime import UTC, datetime
from functools import lru_cache

from benchmarks.peers import plain, statements
from orderpipe.channels.keeping import keep
from orderpipe.channels.opening import open_outlet
from orderpipe.channels.outlets import Accepted, Outlet
from orderpipe.domain.notices import Leased, Order, OrderedLine
from orderpipe.domain.orders import number_of
from orderpipe.settings import settings


def send(letter_id: int) -> None:
    """Write the letter, hand it over, record it; the row stays locked meanwhile, so that nobody else sends it."""
    with plain.connection().transaction():
        row = plain.connection().execute(statements.TO_SEND, {"id": letter_id}).fetchone()
        if row is None:
            return
        notice = Leased(*row[:11])
        lines = tuple(OrderedLine(*line) for line in plain.connection().execute(statements.LINES, {"id": notice.order_id}))
        parcel = outlet().write(notice, Order(number_of(row[1]), lines, *row[11:]))
        outcome = outlet().deliver(parcel)
        assert isinstance(outcome, Accepted)
        plain.connection().execute(statements.SENT, {
            "id": letter_id, "reply": outcome.reply, "content": keep(parcel.content, notice.language), "now": datetime.now(UTC),
        })


@lru_cache(maxsize=1)
def outlet() -> Outlet:
    """The way out, opened once a process."""
    chosen = settings()
    return open_outlet("email", smtp_url=chosen.smtp_url, mail_from=chosen.mail_from, sms_url=chosen.sms_url)
