"""
Links in letters: a token that opens one thing for one purpose until it expires, and that nobody else can make.

It holds what it opens and until when, and is sealed with a key of this installation (HMAC-SHA256, cut to 96 bits, RFC 2104 section 5).
"""

import hmac
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum

KEPT = timedelta(days=400)
"""How long a link in a letter opens what it is for, unless its purpose says otherwise."""

_BODY = struct.Struct(">BBQI")  # key, purpose, subject, hours since 1970 until which it opens
_SEAL_BYTES = 12
_HOUR = 3600


class Purpose(IntEnum):
    """What a link is for; a token for one purpose opens nothing else. Numbers stand in letters, so none is ever used anew."""

    PAGE = 1
    QUESTION = 2
    UNSUBSCRIBE = 3


class BadLink(Exception):
    """This link was never given out by us, or not for this."""


class ExpiredLink(BadLink):
    """This link was ours and no longer opens anything."""


@dataclass(frozen=True, slots=True)
class Signer:
    """The keys of this installation by number; the highest signs, every one opens."""

    keys: Mapping[int, bytes]

    def sign(self, purpose: Purpose, subject: int, until: datetime) -> str:
        """The token (35 characters) that opens `subject`, such as an order's id, until this instant (rounded up to the hour)."""
        number = max(self.keys)
        hours = -int(-until.timestamp() // _HOUR)
        body = _BODY.pack(number, purpose, subject, hours)
        return urlsafe_b64encode(body + self._seal(number, body)).decode().rstrip("=")

    def read(self, token: str, purpose: Purpose, now: datetime) -> int:
        """What this token opens. Raises BadLink, ExpiredLink."""
        body, seal = _apart(token)
        number, meant, subject, hours = _BODY.unpack(body)
        if number not in self.keys or not hmac.compare_digest(seal, self._seal(number, body)) or meant != purpose:
            raise BadLink("There is no such link.")
        if now >= datetime.fromtimestamp(hours * _HOUR, UTC):
            raise ExpiredLink("This link has expired.")
        return int(subject)

    def _seal(self, number: int, body: bytes) -> bytes:
        return hmac.digest(self.keys[number], body, "sha256")[:_SEAL_BYTES]


def page_link(signer: Signer, public_url: str, order_id: int, now: datetime) -> str:
    """The address of the order's page, as letters give it."""
    return f"{public_url}/t/{signer.sign(Purpose.PAGE, order_id, now + KEPT)}"


def _apart(token: str) -> tuple[bytes, bytes]:
    try:
        raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        raw = b""
    if len(raw) != _BODY.size + _SEAL_BYTES or urlsafe_b64encode(raw).decode().rstrip("=") != token:
        raise BadLink("There is no such link.")
    return raw[: _BODY.size], raw[_BODY.size :]
