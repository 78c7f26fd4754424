"""
What the demo's view shows: counts from the API, the last letters from the catchers, and the exceptions as they come to their ends.
"""

import time
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from orderpipe.simulation.actor import Actor
from orderpipe.simulation.door import Door
from orderpipe.simulation.judge import Judge
from orderpipe.simulation.scene import Scene
from orderpipe.simulation.script import Scripted, script_for

ENDED = frozenset({"completed", "canceled", "rejected"})


@dataclass(frozen=True, slots=True)
class Wait:
    """So many units waiting for the same, and whose turn it is."""

    waiting_for: str
    turn: str
    count: int


@dataclass(frozen=True, slots=True)
class Said:
    """A letter or text message that has gone out: the local time, to whom, and what it is about."""

    at: str
    to: str
    about: str


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything at one moment; `per_second` orders are completed, `quiet_seconds` nothing has changed."""

    seconds: float = 0.0
    taken: int = 0
    orders: Mapping[str, int] = field(default_factory=dict)
    parts: Mapping[str, int] = field(default_factory=dict)
    waits: tuple[Wait, ...] = ()
    letters: Mapping[str, int] = field(default_factory=dict)
    said: tuple[Said, ...] = ()
    done: frozenset[str] = frozenset()
    parked: int = 0
    per_second: float = 0.0
    quiet_seconds: float = 0.0

    @property
    def ended(self) -> int:
        """Orders that have come to their end."""
        return sum(self.orders.get(state, 0) for state in ENDED)


class Watcher(Actor):
    """Keeps `picture` up to date."""

    pause = 0.5

    def __init__(self, scene: Scene) -> None:
        super().__init__("view", scene)
        self.picture = Picture()
        self.script = script_for(len(scene.orders))
        self._judge = Judge(scene)
        self._doors = {shop: Door(scene.addresses.api, keys.office) for shop, keys in scene.keys.items()}
        self._mail, self._sms = Door(scene.addresses.mail), Door(scene.addresses.sms)
        self._began = time.monotonic()
        self._changed = self._began
        self._done: set[Scripted] = set()
        self._completed: deque[tuple[float, int]] = deque(maxlen=10)
        self._last: object = None

    @property
    def finished(self) -> bool:
        """Whether every order has come to where the script wants it."""
        waiting = sum(1 for one in self.script if one.waits_for)
        return len(self._done) == len(self.script) and self.picture.ended + waiting == self.scene.expected

    def look(self) -> None:
        """Look at everything once."""
        for one in self.script:
            if one not in self._done and self._judge.seems_done(one) and not self._judge.differences(one):
                self._done.add(one)
        if first := self.scene.first():
            self._draw(len(self.scene.taken()), [door.get("/v1/status", from_order=first) for door in self._doors.values()])

    def _draw(self, taken: int, told: list[Any]) -> None:
        orders, parts, letters = Counter[str](), Counter[str](), Counter[str]()
        waits: Counter[tuple[str, str]] = Counter()
        for status in told:
            for unit, counts in (("orders", orders), ("fulfillments", parts)):
                for one in status[unit]:
                    counts[one["state"]] += one["count"]
                    if one["waiting_for"] and (unit, one["waiting_for"]) != ("orders", "fulfillments"):
                        waits[one["waiting_for"], one["turn"]] += one["count"]
            for one in status["letters"]:
                letters[one["kind"]] += one["count"] if one["state"] == "sent" else 0
        now = time.monotonic()
        self._completed.append((now, orders["completed"]))
        self._note_change((taken, orders, parts, waits, letters, len(self._done)), now)
        self.picture = Picture(
            now - self._began, taken, orders, parts,
            tuple(Wait(*reason, count) for reason, count in sorted(waits.items(), key=lambda item: -item[1])), letters, self._said(),
            frozenset(one.name for one in self._done),
            sum(one["parked"] for status in told for unit in ("orders", "fulfillments") for one in status[unit]),
            self._rate(), now - self._changed,
        )

    def _note_change(self, standing: object, now: float) -> None:
        if standing != self._last:
            self._last, self._changed = standing, now

    def _rate(self) -> float:
        (began, before), (now, after) = self._completed[0], self._completed[-1]
        return (after - before) / (now - began) if now > began else 0.0

    def _said(self) -> tuple[Said, ...]:
        letters = self._mail.get("/letters", limit=6, brief=1)["data"] + self._sms.get("/messages", limit=3)["data"]
        newest = sorted(letters, key=lambda one: str(one["at"]), reverse=True)[:6]
        return tuple(
            Said(one["at"][11:19], ", ".join(one["to"]) if isinstance(one["to"], list) else one["to"], one.get("subject") or one["text"])
            for one in newest
        )
