"""
The door of each side: it takes orders down, durably, before anything else is done with them, and sends the first message.

orderpipe's takes them in groups, as its own doors do; a peer's takes one at a time.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Protocol

from benchmarks.bench_shop import order_json, received
from benchmarks.facts import send_hints
from benchmarks.ground import Side
from benchmarks.peers import plain
from orderpipe import broker
from orderpipe.intake.outcomes import Recorded
from orderpipe.intake.record import record
from orderpipe.sideflows.hints import Hint

GROUP = 200


class Door(Protocol):
    """How orders and facts come in."""

    def take(self, numbers: Sequence[int], prefix: str, kind: str = "standard") -> None:
        """Take these orders down, and let the pipeline know; `kind`, standard or bulk, is their type and names their lane too."""

    def wake(self, hints: Sequence[Hint]) -> None:
        """Facts were recorded: let the pipeline know which units go on."""

    def close(self) -> None:
        """Nobody else comes."""


class OwnDoor:
    """orderpipe's own."""

    def __init__(self, side: Side) -> None:
        self._side = side

    def take(self, numbers: Sequence[int], prefix: str, kind: str = "standard") -> None:
        """In groups of one transaction and one message."""
        for start in range(0, len(numbers), GROUP):
            with self._side.engine.begin() as tx:
                some = [received(self._side.shop_id, number, prefix, kind) for number in numbers[start : start + GROUP]]
                outcomes = record(tx, some, datetime.now(UTC))
            broker.send_stage("validate", [one.order_id for one in outcomes if isinstance(one, Recorded)], kind)

    def wake(self, hints: Sequence[Hint]) -> None:
        """As the HTTP door does."""
        send_hints(hints)

    def close(self) -> None:
        """Nothing is open."""


class PlainDoor:
    """A peer's: `start` begins an order (its id, its letter's, the lane), `go_on` takes a parcel on from a step."""

    def __init__(self, side: Side, start: Callable[[int, int, str], None], go_on: Callable[[str, int, str], None]) -> None:
        self._side, self._start, self._go_on = side, start, go_on

    def take(self, numbers: Sequence[int], prefix: str, kind: str = "standard") -> None:
        """One by one."""
        for number in numbers:
            self._start(*plain.record(self._side.shop_id, order_json(number, prefix, kind)), kind)

    def wake(self, hints: Sequence[Hint]) -> None:
        """One by one."""
        for hint in hints:
            for unit_id in hint.ids:
                self._go_on(hint.step, unit_id, hint.lane)

    def close(self) -> None:
        """Close the door's connection."""
        plain.disconnect()
