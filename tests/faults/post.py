"""
A mail server that keeps nothing but what it needs to tell whether somebody got a letter twice.
"""

import re
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from orderpipe.local.ports import LOOPBACK, free_port

_MESSAGE_ID = re.compile(rb"^Message-ID:\s*(\S+)", re.IGNORECASE | re.MULTILINE)


class PostOffice:
    """A real SMTP conversation on a port of its own. `after` is called a moment after each OK, with how many letters there are."""

    def __init__(self) -> None:
        self.letters: Counter[tuple[str, str]] = Counter()
        self.after: Callable[[int], object] | None = None
        self._controller = Controller(self, hostname=LOOPBACK, port=free_port(), ready_timeout=30)
        self._controller.start()

    @property
    def url(self) -> str:
        """What ORDERPIPE_SMTP_URL is to be."""
        return f"smtp://{LOOPBACK}:{self._controller.port}"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # aiosmtpd's name
        """Take a letter."""
        content: Any = envelope.content
        found = _MESSAGE_ID.search(content)
        self.letters[found[1].decode() if found else "none", envelope.rcpt_tos[0]] += 1
        if self.after is not None:
            threading.Timer(0.02, self.after, (self.letters.total(),)).start()
        return "250 OK"

    def twice(self) -> list[str]:
        """The Message-IDs that came more than once."""
        return [message_id for (message_id, _), count in self.letters.items() if count > 1]

    def forget_repeats(self) -> None:
        """Begin to count anew."""
        self.letters = Counter(dict.fromkeys(self.letters, 1))

    def close(self) -> None:
        """Take no more letters."""
        self._controller.stop()
