"""
Whether the demo came out as written: every exception at its end, nine of ten orders completed, nothing parked with an error.

The judge asks the API and believes nobody else.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orderpipe.simulation.door import Door
from orderpipe.simulation.scene import Scene
from orderpipe.simulation.script import COMPLETED, Outcome, Scripted, differences, script_for

ENOUGH = 0.9
"""The share of the orders that must be completed."""


Report = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    The orders by state, what differs for each exception (nothing: as written), and what else is wrong.

    `numbers`: the order of each exception; `ratings` and `cases`: the shops' reports, as the API tells them.
    """

    states: Mapping[str, int]
    exceptions: Mapping[Scripted, list[str]]
    numbers: Mapping[str, str]
    ratings: Sequence[Report]
    cases: Sequence[Report]
    wrong: list[str]

    @property
    def good(self) -> bool:
        """Whether all is as it should be."""
        return not self.wrong and not any(self.exceptions.values())


class Judge:
    """Asks how the orders of the sample stand; for one thread."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._doors = {shop: Door(scene.addresses.api, keys.office) for shop, keys in scene.keys.items()}

    def verdict(self) -> Verdict:
        """How everything stands now. Raises Unanswered."""
        states = Counter(order["state"] for order in self._orders())
        exceptions = {one: self.differences(one) for one in script_for(len(self._scene.orders))}
        numbers = {one.name: playing.number for one in exceptions if (playing := self._scene.playing(one.name))}
        ratings, cases = self._report("satisfaction"), self._report("causes")
        wrong = [*self._wrong(states), *self._unrated(ratings)]
        return Verdict(states, exceptions, numbers, ratings, cases, wrong)

    def _report(self, name: str) -> list[Report]:
        return [one for door in self._doors.values() for one in door.get(f"/v1/reports/{name}")["data"]]

    def _unrated(self, ratings: Sequence[Report]) -> Iterator[str]:
        """Whether the report has every rating that was given."""
        given = [one.score for one in script_for(len(self._scene.orders)) if one.score]
        counted = sum(one["rated"] for one in ratings)
        if counted != len(given):
            yield f"the report counts {counted} ratings, not {len(given)}"

    def differences(self, scripted: Scripted) -> list[str]:
        """What differs for this exception now. Raises Unanswered."""
        return differences(scripted, self._outcome(scripted))

    def seems_done(self, scripted: Scripted) -> bool:
        """Whether everything of this exception has been witnessed, so that it is worth asking for its end."""
        playing = self._scene.playing(scripted.name)
        return scripted.witnessed <= self._scene.witnessed(scripted.name) and (playing is not None or not scripted.end)

    def _outcome(self, scripted: Scripted) -> Outcome:
        witnessed, playing = self._scene.witnessed(scripted.name), self._scene.playing(scripted.name)
        if playing is None:
            return Outcome(witnessed=witnessed)
        door = self._doors[playing.order.shop]
        order = door.get(f"/v1/orders/{playing.id}")
        errors = [wait["last_error"] for wait in order["waits"] if wait["waiting_for"] == "office" and wait["last_error"]]
        parts = tuple(part["state"] for part in order["fulfillments"])
        told = door.get(f"/v1/orders/{playing.id}/notifications")["data"] if scripted.letters | scripted.declined else []
        cases = door.pages("/v1/cases", order=playing.id) if scripted.cases else ()
        return Outcome(
            order["state"], order["waiting_for"], parts, witnessed, errors[0] if errors else None, _kinds(told, "sent"),
            _kinds(told, "declined") - _kinds(told, "sent"), tuple(f"{case['kind']} {case['state']}" for case in cases),
        )

    def _orders(self) -> Iterator[Mapping[str, Any]]:
        for door in self._doors.values():
            yield from door.pages("/v1/orders", limit=500)

    def _wrong(self, states: Mapping[str, int]) -> Iterator[str]:
        expected, completed = self._scene.expected, states.get(COMPLETED, 0)
        if (there := sum(states.values())) != expected:
            yield f"{there} orders were taken down, not {expected}"
        if completed < ENOUGH * expected:
            yield f"only {completed} of {expected} orders are completed"
        for shop, door in self._doors.items():
            for order in door.pages("/v1/orders", waiting_for="office", limit=500):
                waits = door.get(f"/v1/orders/{order['id']}")["waits"]
                for wait in waits:
                    if wait["last_error"] and wait["waiting_for"] == "office":
                        yield f"order {order['number']} of {shop} is parked with an error: {wait['last_error']}"
        yield from self._scene.troubles()


def _kinds(told: Sequence[Report], state: str) -> frozenset[str]:
    """The kinds of the letters in this state."""
    return frozenset(letter["kind"] for letter in told if letter["state"] == state)
