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


class Stages(Protocol):
    """How a peer's stages are written, as far as the door needs them."""

    @property
    def record(self) -> Callable[[int, bytes], tuple[int, int]]:
        """Takes a shop's order down as it came; returns its id and its first letter's."""

    @property
    def disconnect(self) -> Callable[[], None]:
        """Closes the connections."""


class PlainDoor:
    """A peer's: `start` begins an order (its id, its letter's, the lane), `go_on` takes a parcel on from a step."""

    def __init__(
        self, side: Side, start: Callable[[int, int, str], None], go_on: Callable[[str, int, str], None], *, stages: Stages = plain
    ) -> None:
        self._side, self._start, self._go_on, self._stages = side, start, go_on, stages

    def take(self, numbers: Sequence[int], prefix: str, kind: str = "standard") -> None:
        """One by one."""
        for number in numbers:
            self._start(*self._stages.record(self._side.shop_id, order_json(number, prefix, kind)), kind)

    def wake(self, hints: Sequence[Hint]) -> None:
        """One by one."""
        for hint in hints:
            for unit_id in hint.ids:
                self._go_on(hint.step, unit_id, hint.lane)

    def close(self) -> None:
        """Close the door's connection."""
        self._stages.disconnect()
