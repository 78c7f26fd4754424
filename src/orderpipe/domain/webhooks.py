"""
Webhooks: what a shop's own system is told, how it knows that it comes from us, and how long we try.

Signed and retried as Standard Webhooks has it; every message carries an id that stays the same however often it is sent.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from orderpipe.domain.orders import public_id

PAUSES = (
    timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=5), timedelta(hours=10),
    timedelta(hours=14), timedelta(hours=20), timedelta(hours=24),
)
"""Between the attempts, of which the first comes at once: a little over three days in all."""

PATIENCE = sum(PAUSES, timedelta())
"""An endpoint that has failed for so long without one success is disabled."""

DOWN = 3
"""An endpoint that failed so often in a row is down: it gets one message at a time, and what it missed at once when it is up again."""

BOTH_SECRETS = timedelta(days=2)
"""So long after a rotation messages are signed with the old secret as well."""

TEST = "webhook.test"
"""The type of the message that a shop asks for to try its endpoint."""

_PREFIX = "whsec_"
_PATTERN = re.compile(r"\*|[a-z0-9-]+(\.[a-z0-9-]+)*(\.\*)?")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where messages go, and the secrets that they are signed with by now."""

    id: int
    url: str
    secrets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event that goes to one endpoint; `attempts` counts those that failed. Without an order it is a test."""

    id: int
    endpoint_id: int
    order_id: int | None
    seq: int
    type: str
    at: datetime
    attempts: int

    @property
    def event_id(self) -> str:
        """What tells the receiver that it has this message already."""
        return f"evt_test_{self.id}" if self.order_id is None else f"evt_{public_id('order', self.order_id)[4:]}_{self.seq}"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of sending: the receiver's status and the beginning of what it said, or why there was no answer; `took` in seconds."""

    delivery: Delivery
    status: int | None
    said: str = ""
    error: str = ""
    took: float = 0.0

    @property
    def arrived(self) -> bool:
        """Whether the receiver has it: any status of success."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def unwanted(self) -> bool:
        """Whether the receiver says that it wants no more of it for good (410 Gone)."""
        return self.status == 410


def is_pattern(text: str) -> bool:
    """Whether this names events: `order.validated`, all of a kind as `order.*`, or all as `*`."""
    return len(text) <= 100 and _PATTERN.fullmatch(text) is not None


def new_secret(chance: bytes) -> str:
    """A secret in the form that Standard Webhooks gives it, from 24 to 64 bytes of chance."""
    return _PREFIX + base64.b64encode(chance).decode()


def headers(event_id: str, at: datetime, body: bytes, secrets: Collection[str]) -> Mapping[str, str]:
    """The headers that prove a body, sent at this instant, to whoever has one of the secrets."""
    stamp = str(int(at.timestamp()))
    signed = b".".join((event_id.encode(), stamp.encode(), body))
    return {
        "webhook-id": event_id, "webhook-timestamp": stamp,
        "webhook-signature": " ".join(_signature(one, signed) for one in secrets),
    }


def _signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def pause_after(attempts: int, key: str) -> timedelta | None:
    """How long to wait after so many failed attempts, up to a tenth longer by `key`; None: give up."""
    if attempts > len(PAUSES):
        return None
    spread = hashlib.sha256(f"{key} {attempts}".encode()).digest()[0] / 255
    return PAUSES[attempts - 1] * (1 + 0.1 * spread)


def rest_after(failures: int) -> timedelta:
    """How long an endpoint is left in peace after so many failures in a row, whatever else waits for it; 5 min at most."""
    return timedelta() if failures < DOWN else min(timedelta(seconds=5) * 2 ** min(failures - DOWN, 10), timedelta(minutes=5))
