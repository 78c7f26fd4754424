"""
What a stage may decide about a unit: move it on, let it wait for something named, and whom to tell.

Decisions are plain facts; only the batch runner carries them out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from orderpipe.domain.notices import Channel
from orderpipe.flow import Owner, State, WaitingFor


class Audience(StrEnum):
    """Whom a notification addresses."""

    CUSTOMER = "customer"
    OFFICE = "office"


@dataclass(frozen=True, slots=True)
class Tell:
    """
    One notification: its kind, the facts it tells beyond the order's own, and the key under which it goes out only once.

    A customer who can be reached by `channel` gets it there; None leaves the choice to the outbox. `address`: to this address or Apprise
    URL instead of the office's.
    """

    kind: str
    facts: Mapping[str, object]
    dedupe: str
    to: Audience = Audience.CUSTOMER
    channel: Channel | None = None
    address: str = ""


@dataclass(frozen=True, slots=True)
class Wait:
    """The unit stays where it is until what it waits for is there; at `until` (UTC) the clock looks at it again."""

    unit_id: int
    waiting_for: WaitingFor
    until: datetime
    tells: tuple[Tell, ...] = ()
    note: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """The unit moves to `to`; `then` is what it waits for there, None where the next stage can take it at once."""

    unit_id: int
    to: State
    tells: tuple[Tell, ...] = ()
    then: Wait | None = None
    note: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """Something must be cleared first: the order gets a hold of this kind, whose owner has the turn until `until` (UTC)."""

    unit_id: int
    kind: WaitingFor
    owner: Owner
    reason: str
    until: datetime
    tells: tuple[Tell, ...] = ()
    note: Mapping[str, object] | None = field(default=None)


Decision = Move | Wait | Hold
