"""
A customer asks what we hold about them, or to be forgotten: everything is handed out, or erased from every table for good.

Orders that are still under way need their customer: they are erased when they have ended, if that is asked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from orderpipe.channels.keeping import read_back
from orderpipe.domain.contacts import spellings
from orderpipe.domain.notices import shown_recipient
from orderpipe.domain.orders import number_of
from orderpipe.store import erasure, units, webhook_deliveries
from orderpipe.store.erasure import Found, Whose
from orderpipe.store.metadata import Tx
from orderpipe.store.shops import Shop

SHORTEST = 5
"""A word has to have so many letters to be looked for in documents, or it would be found in others' too."""

AT_ONCE = 500
"""Orders that one transaction erases."""

DELIVERIES_KEPT = timedelta(days=30)


class UnknownCustomer(LookupError):
    """The shop has nothing of such a customer."""


class StillUnderWay(Exception):
    """Orders of this customer are still under way and need their data; ask for it when they have ended."""


@dataclass(frozen=True, slots=True)
class Erased:
    """Which orders are erased, and which will be when they have ended."""

    orders: tuple[int, ...]
    waiting: tuple[int, ...]


def find(tx: Tx, shop: Shop, called: str) -> Found:
    """What belongs to the customer of this e-mail address or telephone number. Raises UnknownCustomer."""
    email = called.strip() if "@" in called else ""
    found = erasure.find(tx, shop.id, email=email, digits=_digits(called, shop.country))
    if not (found.ended or found.live or found.keys):
        raise UnknownCustomer(f"The shop {shop.code} has nothing of a customer with the address or number {called}.")
    return found


def _digits(called: str, country: str) -> frozenset[str]:
    """The number as it may have been given; an address has none, whatever digits are in it."""
    return frozenset() if "@" in called else frozenset(one for one in spellings(called, country) if len(one) >= SHORTEST)


def _whose(shop: Shop, called: str, found: Found, orders: Sequence[int]) -> Whose:
    """By the address or number asked for alone: what else they gave may be somebody else's too."""
    numbers = () if "@" in called else (one for one in found.given if "@" not in one)
    keys = {called.strip().lower(), *numbers, *found.keys}
    words = tuple(sorted(one for one in map(str.lower, keys) if len(one) >= SHORTEST))
    return Whose(tuple(orders), shop.id, tuple(sorted(keys)), words)


def export(tx: Tx, shop: Shop, called: str) -> dict[str, Any]:
    """Everything held about the customer, by table, letters as they were sent. Raises UnknownCustomer."""
    found = find(tx, shop, called)
    rows = erasure.held(tx, _whose(shop, called, found, (*found.ended, *found.live)))
    for letter in rows.get("notification", ()):
        letter["sent"] = read_back(bytes(letter["sent"])) if letter["sent"] else None
        letter["recipient"] = shown_recipient(letter["channel"], letter["recipient"])
    return {"shop": shop.code, "customer": called, "held": {
        table: [{name: _readable(value) for name, value in row.items()} for row in some] for table, some in rows.items()
    }}


def _readable(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        try:
            return bytes(value).decode()
        except UnicodeDecodeError:
            return bytes(value).hex()
    return value


def erase(tx: Tx, shop: Shop, called: str, *, when_done: bool = False, now: datetime) -> Erased:
    """
    Erase the customer for good; `when_done` marks orders under way to be erased when they have ended.

    Raises UnknownCustomer, and StillUnderWay where orders are and that was not asked for; then nothing has changed.
    """
    locked = find(tx, shop, called)
    units.lock_orders(tx, (*locked.ended, *locked.live))
    found = find(tx, shop, called)  # again: one may have ended before the lock, or come
    if found.live and not when_done:
        numbers = ", ".join(number_of(one) for one in found.live[:5])
        raise StillUnderWay(
            f"{len(found.live)} orders are still under way and need their customer ({numbers}). "
            "Cancel them, or have them erased when they have ended."
        )
    erasure.erase(tx, _whose(shop, called, found, found.ended), now)
    erasure.mark(tx, found.live, now)
    return Erased(found.ended, found.live)


def erase_due(tx: Tx, now: datetime) -> int:
    """Erase a batch of what is due: orders that were marked, what is older than its shop keeps it; returns how many, 0 when done."""
    for whose in erasure.marked(tx, AT_ONCE):
        units.lock_orders(tx, whose.orders)
        erasure.erase(tx, replace(whose, words=tuple(one for one in whose.words if len(one) >= SHORTEST)), now)
        return len(whose.orders)
    for kept in erasure.kept_by(tx):
        if kept.personal_days and (done := _outdated(tx, kept.shop_id, now - timedelta(days=kept.personal_days), now)):
            return done
        if kept.letters_days and (done := _old_letters(tx, kept.shop_id, now - timedelta(days=kept.letters_days))):
            return done
    return webhook_deliveries.forget(tx, now - DELIVERIES_KEPT, 10 * AT_ONCE)


def _outdated(tx: Tx, shop_id: int, before: datetime, now: datetime) -> int:
    orders = erasure.outdated(tx, "personal", shop_id, before, AT_ONCE)
    if orders:
        units.lock_orders(tx, orders)
        erasure.erase(tx, Whose(tuple(orders)), now)
        return len(orders)
    erasure.note_done(tx, "personal", shop_id, before)
    return erasure.forget_strangers(tx, shop_id, before, AT_ONCE)


def _old_letters(tx: Tx, shop_id: int, before: datetime) -> int:
    orders = erasure.outdated(tx, "letters", shop_id, before, AT_ONCE)
    erasure.forget_letters(tx, orders)
    if not orders:
        erasure.note_done(tx, "letters", shop_id, before)
    return len(orders)
