"""
What the ways out work with: a notification handed out for sending, the order it speaks of, and what became of it.

The specific facts travel with the notification; everything general is read from the order when it is sent, so it is current.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

ATTEMPTS = 19
"""After this many failed attempts, about two days, a notification is dead until somebody sends it again."""

STALE = timedelta(days=7)
"""What could not go out for this long, whoever's fault it was, is dead: old news confuses more than none."""

STALE_NEWS = "It could not be told in time, and is no news any more."
"""Why what lasts for some hours only (`domain/kinds.py`) is not told later."""

_FIRST, _LONGEST = timedelta(minutes=1), timedelta(hours=4)


class Channel(StrEnum):
    """The ways out to people."""

    EMAIL = "email"
    SMS = "sms"


CHAT = "chat"
"""The way to staff over any service that Apprise knows; the recipient is its URL."""


def shown_recipient(channel: str, recipient: str) -> str:
    """The recipient as it may be shown: of a chat's URL only the service, for the rest may be a secret."""
    return f"{recipient.partition('://')[0]}://…" if channel == CHAT else recipient


@dataclass(frozen=True, slots=True)
class Leased:
    """
    A notification handed to one sender; `attempts` counts this hand-out too and is the lease's token.

    `page_link` leads a customer to the page of the order, "" for none.
    """

    id: int
    order_id: int | None
    audience: str
    channel: str
    recipient: str
    kind: str
    language: str
    facts: Mapping[str, Any]
    dedupe_key: str
    attempts: int
    created_at: datetime
    page_link: str = ""
    own_words: str = ""
    """The shop's own template for it, "" where ours holds."""
    unsubscribe: str = ""
    """The address where its reader can turn letters like this off, "" for letters that always come."""

    @property
    def about(self) -> int:
        """The order it speaks of; of a letter to an office that speaks of none, minus the shop's id (0: nobody's)."""
        return -int(self.facts.get("shop") or 0) if self.order_id is None else self.order_id


@dataclass(frozen=True, slots=True)
class OrderedLine:
    """One line as ordered; `unit_price` in the order's currency, None where none was stated."""

    number: int
    sku: str
    kind: str
    description: str
    quantity: int
    unit_price: Decimal | None


@dataclass(frozen=True, slots=True)
class Order:
    """
    What every letter may say about its order.

    `customer` and `ship_to` as they stand in the order, money in `currency` (ISO 4217), `country` the shop's.
    """

    number: str
    lines: tuple[OrderedLine, ...]
    reference: str
    received_at: datetime
    customer: Mapping[str, str]
    ship_to: Mapping[str, str] | None
    payment_method: str
    currency: str
    total: Decimal | None
    shop_name: str
    mail_from: str
    time_zone: str
    country: str
    shop_id: int = 0


@dataclass(frozen=True, slots=True)
class Sent:
    """It went out: the provider's reply, and what was sent, compressed."""

    lease: Leased
    reply: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Later:
    """It did not go out and is tried again at `at` (UTC); `counts` says whether the attempt was this notification's own failure."""

    lease: Leased
    error: str
    at: datetime
    counts: bool = True


class Fault(StrEnum):
    """Why a letter is dead: for something of ours, because it was not taken, or because nothing is taken for this address."""

    OURS = "ours"
    LETTER = "letter"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class Dead:
    """It will not go out unless somebody sends it again."""

    lease: Leased
    error: str
    fault: Fault = Fault.OURS


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """It will not go out, because it is no news any more."""

    lease: Leased
    reason: str


Result = Sent | Later | Dead | Withdrawn


def pause_after(attempts: int, key: str) -> timedelta | None:
    """How long to wait after so many failed attempts, doubling from 1 minute to 4 hours, ±20 % by `key`; None: give up."""
    if attempts >= ATTEMPTS:
        return None
    spread = hashlib.sha256(f"{key} {attempts}".encode("utf-8", "replace")).digest()[0] / 255
    return min(_FIRST * (1 << max(attempts - 1, 0)), _LONGEST) * (0.8 + 0.4 * spread)
