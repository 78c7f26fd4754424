"""
What everybody in the demo knows of: the orders of the sample, which of them were taken down under which id, and what was witnessed.

Shared by the actors' threads; every method may be called from any of them.
"""

import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from orderpipe.simulation.forms import SampleOrder


@dataclass(frozen=True, slots=True)
class Keys:
    """The API keys of one shop, by role."""

    shop: str
    warehouse: str
    carrier: str
    office: str


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the actors find orderpipe and the catchers of letters and text messages."""

    api: str
    mail: str
    sms: str


@dataclass(frozen=True, slots=True)
class Taken:
    """An order of the sample that the shop has taken down: its public id and its number."""

    order: SampleOrder
    id: str
    number: str


class Scene:
    """The sample, the keys by shop, and what happens to the orders meanwhile."""

    def __init__(self, orders: Sequence[SampleOrder], keys: Mapping[str, Keys], addresses: Addresses) -> None:
        self.orders, self.keys, self.addresses = tuple(orders), dict(keys), addresses
        self._lock = threading.Lock()
        self._taken: dict[str, Taken] = {}
        self._by_reference: dict[tuple[str, str], Taken] = {}
        self._by_script: dict[str, Taken] = {}
        self._witnessed: dict[str, set[str]] = defaultdict(set)
        self._troubles: list[str] = []
        self._pages: dict[str, str] = {}
        self._posted: dict[str, list[str]] = defaultdict(list)
        self._followed: set[str] = set()

    def take(self, order: SampleOrder, receipt: Mapping[str, Any]) -> None:
        """The shop has taken this order down."""
        taken = Taken(order, receipt["id"], receipt["number"])
        with self._lock:
            self._taken[taken.id] = taken
            self._by_reference[order.shop, order.reference] = taken
            if order.script:
                self._by_script[order.script] = taken

    def order(self, order_id: str) -> SampleOrder | None:
        """The sample's order behind a public id; None while the shop has no answer yet, or for an order of other hands."""
        taken = self._taken.get(order_id)
        return taken.order if taken else None

    def taken_as(self, order: SampleOrder) -> Taken | None:
        """What this order of the sample was taken down as; None while the shop has no answer yet."""
        return self._by_reference.get((order.shop, order.reference))

    def taken(self) -> list[Taken]:
        """Every order taken down so far."""
        with self._lock:
            return list(self._taken.values())

    def first(self) -> str | None:
        """The id of the first order that was taken down; ids sort by age."""
        return min((one.id for one in self.taken()), default=None)

    def playing(self, script: str) -> Taken | None:
        """The order that plays this exception, once it is taken down."""
        return self._by_script.get(script)

    def script_of(self, order_id: str) -> str:
        """The exception that this order plays, "" for none."""
        order = self.order(order_id)
        return order.script if order else ""

    def follow(self, order: SampleOrder, receipt: Mapping[str, Any]) -> None:
        """Another order has followed from this one, such as a replacement; it plays nothing of its own."""
        taken = Taken(replace(order, script=""), receipt["id"], receipt["number"])
        with self._lock:
            self._taken[taken.id] = taken
            self._followed.add(taken.id)

    @property
    def expected(self) -> int:
        """How many orders there will be: those of the sample, and what has followed from them."""
        return len(self.orders) + len(self._followed)

    def show(self, taken: Taken, page: str) -> None:
        """Where an order's page is, by a letter that leads there."""
        with self._lock:
            self._pages.setdefault(taken.id, page)

    def page_of(self, script: str) -> str | None:
        """The page of the order that plays this exception, as its customer knows it."""
        playing = self.playing(script)
        return self._pages.get(playing.id) if playing else None

    def post(self, shop: str, return_number: str) -> None:
        """A parcel with this return's label is on its way back to the shop."""
        with self._lock:
            self._posted[shop].append(return_number)

    def come_back(self, shop: str) -> list[str]:
        """The returns whose parcels have come to the shop since it was asked last."""
        with self._lock:
            return self._posted.pop(shop, [])

    def witness(self, script: str, what: str) -> None:
        """Something of an exception has been seen; of an ordinary order ("") nobody asks."""
        with self._lock:
            self._witnessed[script].add(what)

    def has_witnessed(self, script: str, what: str) -> bool:
        """Whether this has been seen of an exception; "" always has."""
        return not what or what in self.witnessed(script)

    def witnessed(self, script: str) -> frozenset[str]:
        """What has been seen of an exception."""
        with self._lock:
            return frozenset(self._witnessed[script])

    def trouble(self, sentence: str) -> None:
        """Something that should not happen has happened."""
        with self._lock:
            if sentence not in self._troubles:
                self._troubles.append(sentence)

    def troubles(self) -> list[str]:
        """Everything that should not have happened."""
        with self._lock:
            return list(self._troubles)
