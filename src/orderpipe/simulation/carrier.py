"""
The carrier of one shop: says of every parcel where it is, until it is there; a day on the road takes seconds here.

Carriers are not tidy: some words come twice or out of order, some deliveries need a second attempt, one parcel is lost, one comes back.
"""

import zlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from orderpipe.simulation.actor import Actor
from orderpipe.simulation.door import Door
from orderpipe.simulation.scene import Scene

_EVENTS = 1_500
"""Words in one request at most."""

_FATES: Mapping[str, Sequence[str]] = {
    "lost-parcel": ("in_transit", "lost"), "returned-parcel": ("in_transit", "returned"),
    "slow-carrier": ("in_transit", "delayed", "out_for_delivery", "delivered"),
}
_LATER = timedelta(days=5)
"""So much later comes what the carrier has delayed."""
_USUAL = ("in_transit", "out_for_delivery", "delivered")


class Carrier(Actor):
    """Everybody who carries one shop's parcels; at each look a parcel gets one step farther."""

    pause = 0.6

    def __init__(self, shop: str, scene: Scene) -> None:
        super().__init__(f"carrier of {shop}", scene)
        self._shop = shop
        self._door = Door(scene.addresses.api, scene.keys[shop].carrier)
        self._office = Door(scene.addresses.api, scene.keys[shop].office)
        self._said: dict[str, int] = {}
        self._fated: dict[str, str] = {}  # tracking number → exception

    def look(self) -> None:
        """Say of each parcel on the way where it is now."""
        parcels = [parcel["tracking_number"] for parcel in self._door.pages("/v1/parcels", limit=500)]
        self._learn_fates()  # after the list, so that whatever is on it is known by now
        words: list[dict[str, Any]] = []
        for number in parcels:
            words += self._words(number)
        for start in range(0, len(words), _EVENTS):
            self._say(words[start : start + _EVENTS])

    def _learn_fates(self) -> None:
        """Which parcels are not to go the usual way: the first that left of the orders that play this."""
        for script in _FATES:
            playing = self.scene.playing(script)
            if playing is None or playing.order.shop != self._shop or script in self._fated.values():
                continue
            if number := self._first_parcel(playing.id):
                self._fated[number] = script

    def _first_parcel(self, order_id: str) -> str | None:
        """The tracking number of the order's first parcel, None before it has left."""
        parts = self._office.get(f"/v1/orders/{order_id}")["fulfillments"]
        jobs = (self._office.get(f"/v1/fulfillments/{part['id']}") for part in parts)
        return next((str(parcel["tracking_number"]) for job in jobs for parcel in job["parcels"]), None)

    def _words(self, number: str) -> list[dict[str, Any]]:
        journey = self._journey(number)
        step = self._said.get(number, 0)
        if step >= len(journey) or self._held(number, journey[step - 1] if step else ""):
            return []
        self._said[number] = step + 1
        return [_word(number, step, status) for status in journey[step].split()]

    def _held(self, number: str, last: str) -> bool:
        """What is delayed goes on when its customer has heard of it."""
        return last == "delayed" and not self.scene.has_witnessed(self._fated[number], "told")

    def _journey(self, number: str) -> Sequence[str]:
        """The words by look; two in one look are said in that order."""
        if script := self._fated.get(number):
            return _FATES[script]
        match zlib.crc32(number.encode()) % 20:
            case 0:
                return ("in_transit", "out_for_delivery", "failed_attempt", "out_for_delivery", "delivered")
            case 1:
                return ("out_for_delivery in_transit", "delivered in_transit")
            case _:
                return _USUAL

    def _say(self, words: list[dict[str, Any]]) -> None:
        answer = self._door.post("/v1/tracking-events", words)
        for word, told in zip(words, answer["results"], strict=True):
            if told["status"] >= 400:
                self.scene.trouble(f"{self.name}: {word['status']} of {word['tracking_number']} was refused: {told['detail']}")
            elif word["tracking_number"] in self._fated and told["merged"]:
                self.scene.witness(self._fated[word["tracking_number"]], word["status"])


def _word(number: str, step: int, status: str) -> dict[str, Any]:
    now = datetime.now(UTC)
    expected = {"expected_on": f"{now + _LATER:%Y-%m-%d}"} if status == "delayed" else {}
    return expected | {
        "tracking_number": number, "event_id": f"{number}-{step}-{status}", "status": status, "at": now.isoformat(), "place": "on the road",
    }
