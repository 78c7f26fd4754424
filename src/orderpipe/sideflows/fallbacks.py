"""
What did not arrive goes another way, once: a text message instead of a letter, and the other way round; else the office is told.
"""

from datetime import datetime

from orderpipe.domain.contacts import email_problem, sms_number
from orderpipe.domain.decisions import Audience, Tell
from orderpipe.domain.notices import Channel
from orderpipe.domain.orders import public_id
from orderpipe.store import bounced, journal, notifications, units
from orderpipe.store.bounced import Stranded
from orderpipe.store.journal import Entry
from orderpipe.store.metadata import Tx

MOST = 200
"""Letters that are looked after at a time."""


def fall_back(tx: Tx, *, office: str, now: datetime) -> int:
    """See to the letters that did not arrive and that nobody has seen to yet; returns how many."""
    orders = bounced.to_look_after(tx, MOST)
    if not orders:
        return 0
    units.lock_orders(tx, orders)
    stranded = bounced.stranded(tx, orders, now)
    ways = {one.id: way for one in stranded if (way := _other_way(one))}
    bounced.write_anew(tx, [(one.id, *ways[one.id]) for one in stranded if one.id in ways], now)
    notifications.enqueue(tx, [(one.order_id, _unreachable(one)) for one in stranded if one.id not in ways], now, office_default=office)
    journal.write(tx, [_entry(one, ways) for one in stranded], now=now, actor="care")
    return len(stranded)


def _other_way(one: Stranded) -> tuple[str, str] | None:
    """Channel and recipient; None where there is no other, or this was it."""
    if one.again:
        return None
    if one.channel == Channel.EMAIL:
        return (Channel.SMS.value, one.phone) if sms_number(one.phone, one.country) else None
    return (Channel.EMAIL.value, one.email) if not email_problem(one.email) else None


def _unreachable(one: Stranded) -> Tell:
    facts = {"kind": one.kind, "recipient": one.recipient, "bounce_error": one.reason}
    return Tell("office-unreachable", facts, f"office-unreachable:{one.order_id}:{one.recipient}", Audience.OFFICE)


def _entry(one: Stranded, ways: dict[int, tuple[str, str]]) -> Entry:
    then = ways[one.id][0] if one.id in ways else "office"
    note = {"notification": public_id("notification", one.id), "kind": one.kind, "then": then}
    return Entry(one.order_id, "notice.undelivered", note=note)
