"""
What the broker door takes messages from, whatever broker it is: fairly from every shop's queue, and each is kept until it is done.

Nothing that lies there is trusted to be a message; an entry too large is not even fetched whole.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from orderpipe.intake.envelope import Envelope, from_list

LARGEST = 5 * 1024 * 1024
"""Bytes that one message may have on the broker."""
KEPT = 64 * 1024
"""Bytes that are fetched of a larger one, as evidence."""
MOST = 200
"""Messages that are taken at a time."""
MOST_BYTES = 8 * 1024 * 1024
"""Bytes after which no further message is taken at the same time."""
PATIENCE = 0.1
"""Seconds after which is looked again where there was nothing."""


@dataclass(frozen=True, slots=True)
class Taken:
    """
    One message in hand: the queue it came through, what it is done by, its bytes (at most KEPT if it is too large) and their number.

    `times` counts how often it was taken; more than once means that whoever had it before did not get done with it.
    """

    queue: str
    tag: str
    raw: bytes
    size: int
    times: int = 1
    opened: Envelope | None = None

    def envelope(self) -> Envelope:
        """The message without the broker's trimmings. Raises Unreadable."""
        return self.opened or from_list(self.raw)


class Mailbox(Protocol):
    """A broker with a queue for each shop."""

    @property
    def away(self) -> tuple[type[Exception], ...]:
        """What is raised when the broker does not answer."""

    def take(self, queues: Sequence[str]) -> list[Taken]:
        """Up to MOST messages, in turn from each queue; none after PATIENCE."""

    def done(self, messages: Sequence[Taken]) -> None:
        """What became of these is written down; they are gone."""

    def give_back(self, messages: Sequence[Taken]) -> None:
        """These were not worked on; whoever takes them next does so for the first time."""

    def close(self) -> None:
        """Take nothing more."""
