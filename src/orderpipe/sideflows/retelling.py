"""
What staff does about letters: sends one again, also to another address, or takes back what waits; the journal says who.
"""

from datetime import datetime

from orderpipe.channels.email import recipient_address
from orderpipe.channels.outlets import BadRecipient
from orderpipe.channels.sms import telephone_number
from orderpipe.domain.notices import Channel
from orderpipe.domain.orders import public_id
from orderpipe.store import journal, notifications, outbox, units
from orderpipe.store.journal import Entry
from orderpipe.store.metadata import Tx
from orderpipe.store.outbox import Waiting

TAKEN_BACK = "Taken back by staff."


class NoSuchLetter(LookupError):
    """There is no letter of this id."""


class NotAgain(Exception):
    """The letter is still under way by itself."""


def resend(tx: Tx, notification_id: int, *, by: str, now: datetime, to: str = "") -> int:
    """
    Send a letter again, by default where it went before; returns the id of what goes out now.

    `to` is an e-mail address or a telephone number. Raises NoSuchLetter, NotAgain, BadRecipient.
    """
    known = outbox.one(tx, notification_id)
    if known is None:
        raise NoSuchLetter(f"There is no letter {notification_id}.")
    order_id = known.notification.order_id
    if order_id is not None:
        units.lock_orders(tx, [order_id])
    recipient = _address(tx, order_id, to) if to else None
    channel = None if recipient is None else Channel.EMAIL if "@" in recipient else Channel.SMS
    again = outbox.resend(tx, notification_id, now, channel=channel, recipient=recipient)
    if again is None:
        raise NotAgain(f"Letter {notification_id} is still under way by itself ({known.notification.state}).")
    if order_id is not None:
        note = {"letter": public_id("notification", notification_id), "as": public_id("notification", again), "elsewhere": bool(to)}
        journal.write(tx, [Entry(order_id, "notification.resent", note=note | {"kind": known.notification.kind})], now=now, actor=by)
    return again


def _address(tx: Tx, order_id: int | None, to: str) -> str:
    if "@" in to:
        return recipient_address(to)
    order = notifications.orders_to_tell_of(tx, [order_id] if order_id is not None else []).get(order_id or 0)
    if order is None:
        raise BadRecipient("Without an order there is no telling which country this number is of.")
    return telephone_number(to, order.country)


def withdraw(tx: Tx, which: Waiting, *, by: str, now: datetime) -> int:
    """Take back what waits; returns how many letters."""
    units.lock_orders(tx, outbox.orders_waiting(tx, which))  # before the letters, as everybody does
    taken = outbox.take_back(tx, which, reason=TAKEN_BACK)
    journal.write(tx, [Entry(one, "notification.withdrawn", note={"letters": count}) for one, count in taken.items()], now=now, actor=by)
    return sum(taken.values())
