"""
Mail that fits no order: the office is told of each, and says what order it is about, or that nothing is to be done.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from orderpipe.domain import mails
from orderpipe.domain.decisions import Audience, Tell
from orderpipe.domain.mails import Mail
from orderpipe.domain.own_words import shown
from orderpipe.sideflows.hearing import Heard, hear_mail
from orderpipe.store import journal, mail_in, office_letters
from orderpipe.store.journal import Entry
from orderpipe.store.mail_in import Letterhead, Settled
from orderpipe.store.metadata import Tx

KIND = "office-mail"
MOST_A_DAY = 50
"""Mails of which offices are told within a day; further ones are only listed."""


class NotOpen(Exception):
    """Nobody need look at this mail: there is no such mail, or it is done."""


def tell(tx: Tx, mail_id: int, mail: Mail, addressed: Sequence[str], *, office: str, now: datetime) -> int | None:
    """Tell the office of a mail that fits no order, unless the office itself wrote it; returns whose it seems to be."""
    shop_id = office_letters.shop_addressed(tx, addressed)
    from_office = mail.sender.casefold() == office_letters.office_of(tx, shop_id, office).casefold()
    if not from_office and office_letters.written_lately(tx, KIND, now) < MOST_A_DAY:
        facts = {"mail": mail_id, "sender": mail.sender, "subject": mail.subject, "reply": shown(mail.text)}
        office_letters.write(tx, shop_id, Tell(KIND, facts, f"{KIND}:{mail_id}", Audience.OFFICE), office=office, now=now)
    return shop_id or None


@dataclass(frozen=True, slots=True)
class Placed:
    """The case that a mail has become a word on, and the order that it is about."""

    heard: Heard
    order_id: int


def place(tx: Tx, mail_id: int, order_id: int, *, by: str, now: datetime) -> Placed:
    """It is about this order: as if its customer had written it. Raises NotOpen."""
    kept = mail_in.claim(tx, mail_id, "open")
    if kept is None:
        raise NotOpen(f"Mail {mail_id} is not open.")
    mail = mails.read(mails.parse(kept.raw))
    words = "\n".join(shown(mail.text))
    heard = hear_mail(tx, order_id, words, mail.subject, sender=mail.sender or by, mail_id=str(mail_id), now=now)
    journal.write(tx, [Entry(order_id, "mail.received", note={"mail": mail_id})], now=now, actor=by)
    head = Letterhead(mail.message_id, mail.sender, mail.sender_name, mail.subject)
    settled = Settled("about-order", f"{by} says what it is about: {heard.number}.", order_id, shop_id=mail_in.belongs_to(tx, mail_id))
    mail_in.settle(tx, mail_id, settled, head, now)
    return Placed(heard, order_id)


def finish(tx: Tx, mail_id: int, now: datetime) -> None:
    """Somebody has looked at it, and nothing more is to be done. Raises NotOpen."""
    if not mail_in.tick_off(tx, mail_id, now):
        raise NotOpen(f"Mail {mail_id} is not open.")
