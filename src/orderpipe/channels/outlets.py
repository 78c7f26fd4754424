"""
What every way out has in common: something written to be delivered, and what may become of it.

An outcome says whose fault a failure is: this letter's, which is then tried again or dead, or the outlet's, and then all letters wait.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from orderpipe.domain.notices import Leased, Order


@dataclass(frozen=True, slots=True)
class Parcel:
    """Ready to be delivered: envelope addresses, and the exact bytes that go out and are kept."""

    sender: str
    recipient: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider has taken it over; its reply names it there."""

    reply: str


@dataclass(frozen=True, slots=True)
class Postponed:
    """Not now, perhaps later: this attempt counts."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Never, for this recipient or this letter; `address`: no letter to this recipient would be taken."""

    reason: str
    address: bool = False


@dataclass(frozen=True, slots=True)
class Unavailable:
    """The outlet itself fails or refuses us, or only this sender of ours: nothing is wrong with the letters, they wait (seconds)."""

    reason: str
    wait: float = 60
    sender: str | None = None


Outcome = Accepted | Postponed | Refused | Unavailable


class BadRecipient(ValueError):
    """The recipient's address or number cannot be one."""


class BadOutlet(ValueError):
    """The address of a mail server or SMS provider in the settings is not usable."""


class Outlet(Protocol):
    """A way out: writes a parcel without any network, then delivers it."""

    def write(self, notice: Leased, order: Order, /) -> Parcel:
        """What is to go out. Raises BadRecipient, UnknownKind and what else keeps a letter from being written."""

    def deliver(self, parcel: Parcel, /) -> Outcome:
        """Hand it over, and say what became of it; raises nothing."""

    def close(self) -> None:
        """End connections that are kept open."""


class Closed:
    """No way out is set up, or the one set up cannot be used: everything waits and says why."""

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def write(self, _notice: Leased, _order: Order) -> Parcel:
        """Nothing is written before there is a way out."""
        return Parcel("", "", b"")

    def deliver(self, _parcel: Parcel) -> Outcome:
        """Wait ten minutes; somebody may set one up."""
        return Unavailable(self.reason, wait=600)

    def close(self) -> None:
        """Nothing is open."""


class Sink:
    """Takes everything and delivers nothing, for measuring. What it swallows is written as for real, and counted."""

    def __init__(self, write: Callable[[Leased, Order], Parcel]) -> None:
        self._write = write
        self.swallowed = 0

    def write(self, notice: Leased, order: Order) -> Parcel:
        """As the real outlet writes it."""
        return self._write(notice, order)

    def deliver(self, _parcel: Parcel) -> Outcome:
        """Count it."""
        self.swallowed += 1
        return Accepted("swallowed")

    def close(self) -> None:
        """Nothing is open."""
