"""
The shops' own systems: send the orders of the sample over the day, one by one or in files, and make the mistakes that programs make.
"""

import json
import time
from collections.abc import Sequence
from uuid import uuid4

from orderpipe.simulation.actor import Actor
from orderpipe.simulation.door import Door
from orderpipe.simulation.forms import FILE, OFFICE, SampleOrder
from orderpipe.simulation.scene import Scene

_SECONDS = 15.0
"""How long the sample takes to arrive, if it is not large."""

_LARGEST_FILE = 1_000


class Shops(Actor):
    """The senders of both shops; `rate` orders come per second, those in files as soon as there are enough of them."""

    pause = 0.1

    def __init__(self, scene: Scene) -> None:
        super().__init__("shops", scene)
        self._singly = [order for order in scene.orders if order.by != FILE]
        self._in_files = [order for order in scene.orders if order.by == FILE]
        self.rate = max(len(self._singly) / _SECONDS, 5.0)
        self._doors = {shop: Door(scene.addresses.api, keys.shop) for shop, keys in scene.keys.items()}
        self._telephone = {shop: Door(scene.addresses.api, keys.office) for shop, keys in scene.keys.items()}
        self._sent = 0
        self._began = 0.0

    def look(self) -> None:
        """Send what has come in since the last look."""
        if not self._began:
            self._began = time.monotonic()
            self._send_nonsense()
        due = int((time.monotonic() - self._began) * self.rate)
        while self._sent < min(due, len(self._singly)) and not self.stopping():
            self._send(self._singly[self._sent])
            self._sent += 1
        if self._in_files:
            self._send_file()

    def _send(self, order: SampleOrder) -> None:
        doors = self._telephone if order.by == OFFICE else self._doors
        if order.script == "sent-twice":
            self._send_twice(order)
        else:
            self.scene.take(order, doors[order.shop].post("/v1/orders", order.sent))

    def _send_file(self) -> None:
        """The next file of one shop's orders, one a line."""
        shop = self._in_files[0].shop
        lines = [order for order in self._in_files if order.shop == shop][:_LARGEST_FILE]
        content = "\n".join(json.dumps(order.sent) for order in lines).encode()
        results = self._doors[shop].post("/v1/orders/bulk", content, Content_Type="application/x-ndjson")
        self._note_results(lines, results)
        sent = {order.reference for order in lines}
        self._in_files = [order for order in self._in_files if order.shop != shop or order.reference not in sent]

    def _note_results(self, lines: Sequence[SampleOrder], results: Sequence[dict[str, object]]) -> None:
        for order, result in zip(lines, results, strict=False):
            if "id" in result:
                self.scene.take(order, result)
            else:
                self.scene.trouble(f"{self.name}: line {order.reference} of a file was refused: {result}")

    def _send_twice(self, order: SampleOrder) -> None:
        """A request repeated with its key is the same order; the reference with other content is refused."""
        door, key = self._doors[order.shop], str(uuid4())
        first = door.post("/v1/orders", order.sent, Idempotency_Key=key)
        self.scene.take(order, first)
        again = door.send("POST", "/v1/orders", order.sent, Idempotency_Key=key)
        if again.document == first and again.headers.get("idempotent-replayed") == "true":
            self.scene.witness(order.script, "replayed")
        other = door.send("POST", "/v1/orders", {**order.sent, "note": "Another order, really."})
        if other.status == 409:
            self.scene.witness(order.script, other.code)

    def _send_nonsense(self) -> None:
        """What has no form is refused, and nothing comes of it."""
        door = self._doors[self.scene.orders[0].shop]
        nonsense = {
            "broken JSON": b'{"reference": "NONSENSE-1", "lines": [',
            "number as money": {"reference": "NONSENSE-2", "total": 12.5},
            "unknown field": {"reference": "NONSENSE-3", "colour": "blue"},
        }
        for what, document in nonsense.items():
            if door.send("POST", "/v1/orders", document).status in (400, 422):
                self.scene.witness("malformed", f"{what} refused")
