"""
What a letter is called outside: its Message-ID, and the address its replies go to; each leads back to the notification.

The name holds the notification's id, so that it is found by its key, and a digest that nobody can make up for a letter with a link.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_PROOF = 40
_SHORT = 20  # in an address, whose part before the @ has at most 64 characters
_NAMED = re.compile(rf"(?<![0-9a-f])(?P<proof>[0-9a-f]{{{_PROOF}}}|[0-9a-f]{{{_SHORT}}})\.(?P<id>[0-9]{{1,18}})@")


@dataclass(frozen=True, slots=True)
class Named:
    """A letter as a mail from outside names it; believed only when it is proved."""

    notification_id: int
    proof: str

    def is_proved_by(self, key: str, facts: Mapping[str, Any]) -> bool:
        """Whether it is really the notification of this dedupe key and these facts."""
        return hmac.compare_digest(self.proof, _digest(key, facts)[: len(self.proof)])


def letter_id(notification_id: int, key: str, facts: Mapping[str, Any]) -> str:
    """What stands before the @ of the letter's Message-ID; the same notification gives the same, whenever it is sent."""
    return f"{_digest(key, facts)}.{notification_id}"


def reply_address(letter: str, address: str) -> str:
    """The address, such as `reply+3f….17@shop.example`, that tells which letter (its id) is answered, made from `reply@shop.example`."""
    proof, _, number = letter.partition(".")
    local, _, domain = address.rpartition("@")
    return f"{local}+{proof[:_SHORT]}.{number}@{domain}"


def named_in(text: str) -> list[Named]:
    """The letters of ours that are named in this text, each once, in its order."""
    return list(dict.fromkeys(Named(int(found["id"]), found["proof"]) for found in _NAMED.finditer(text)))


def _digest(key: str, facts: Mapping[str, Any]) -> str:
    # the link in a question holds a secret that its customer alone was given
    return hashlib.sha256(f"{key} {facts.get('link', '')}".encode("utf-8", "replace")).hexdigest()[:_PROOF]
