"""
Links in letters: a token that opens one thing for one purpose until it expires, and that nobody else can make.

It holds what it opens and until when, and is sealed with a key of this installation (HMAC-SHA256, cut to 96 bits, RFC 2104 section 5).
Text messages get a brief one, which leaves it to what it opens until when, and has a seal of 48 bits.
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
_SEAL_BYTES, _BRIEF_SEAL_BYTES = 12, 6
_BRIEF = b"brief"
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
        return _written(body + self._seal(number, body))

    def read(self, token: str, purpose: Purpose, now: datetime) -> int:
        """What this token opens. Raises BadLink, ExpiredLink."""
        body, seal = _apart(token)
        number, meant, subject, hours = _BODY.unpack(body)
        if number not in self.keys or not hmac.compare_digest(seal, self._seal(number, body)) or meant != purpose:
            raise BadLink("There is no such link.")
        if now >= datetime.fromtimestamp(hours * _HOUR, UTC):
            raise ExpiredLink("This link has expired.")
        return int(subject)

    def sign_briefly(self, purpose: Purpose, subject: int) -> str:
        """A brief token (some 15 characters) that opens `subject` for as long as `subject` itself says."""
        number = max(self.keys)
        body = bytes([number, purpose]) + subject.to_bytes((subject.bit_length() + 7) // 8, "big")
        return _written(body + self._seal(number, _BRIEF + body)[:_BRIEF_SEAL_BYTES])

    def read_brief(self, token: str, purpose: Purpose) -> int:
        """What this brief token opens. Raises BadLink."""
        raw = _read(token)
        body, seal = raw[:-_BRIEF_SEAL_BYTES], raw[-_BRIEF_SEAL_BYTES:]
        if not 2 <= len(body) <= 10 or body[0] not in self.keys or body[1] != purpose:
            raise BadLink("There is no such link.")
        if not hmac.compare_digest(seal, self._seal(body[0], _BRIEF + body)[:_BRIEF_SEAL_BYTES]):
            raise BadLink("There is no such link.")
        return int.from_bytes(body[2:], "big")

    def _seal(self, number: int, body: bytes) -> bytes:
        return hmac.digest(self.keys[number], body, "sha256")[:_SEAL_BYTES]


def page_link(signer: Signer, public_url: str, order_id: int, now: datetime) -> str:
    """The address of the order's page, as letters written then give it: the same letter always gives the same."""
    return f"{public_url}/t/{signer.sign(Purpose.PAGE, order_id, now + KEPT)}"


def is_brief(token: str) -> bool:
    """Whether this can only be a brief token."""
    return len(token) < 35


def _apart(token: str) -> tuple[bytes, bytes]:
    raw = _read(token)
    if len(raw) != _BODY.size + _SEAL_BYTES:
        raise BadLink("There is no such link.")
    return raw[: _BODY.size], raw[_BODY.size :]


def _written(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def _read(token: str) -> bytes:
    try:
        raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        raw = b""
    if not raw or _written(raw) != token:
        raise BadLink("There is no such link.")
    return raw
