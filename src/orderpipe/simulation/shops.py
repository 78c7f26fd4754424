"""
The shops' own systems: send the orders of the sample over the day, one by one or in files, and make the mistakes that programs make.
"""

import json
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

from orderpipe.simulation.actor import Actor
from orderpipe.simulation.door import Door, Unanswered
from orderpipe.simulation.forms import FILE, OFFICE, WEB, SampleOrder
from orderpipe.simulation.scene import Scene

_SECONDS = 15.0
"""How long the sample takes to arrive, if it is not large."""

_LARGEST_FILE = 1_000

_AT_ONCE = 8
"""Customers who press the button at the same moment."""


class Shops(Actor):
    """The senders of both shops; `rate` orders come per second, those in files as soon as there are enough of them."""

    pause = 0.3

    def __init__(self, scene: Scene) -> None:
        super().__init__("shops", scene)
        self._singly = [order for order in scene.orders if order.by != FILE]
        self._in_files = [order for order in scene.orders if order.by == FILE]
        self.rate = max(len(self._singly) / _SECONDS, 5.0)
        self._customers = ThreadPoolExecutor(_AT_ONCE, "shop")
        self._connections = threading.local()
        self._sent = 0
        self._began = 0.0

    def look(self) -> None:
        """Send what has come in since the last look."""
        if not self._began:
            self._began = time.monotonic()
            self._send_nonsense()
        due = int((time.monotonic() - self._began) * self.rate)
        orders = self._singly[self._sent : due]
        self._sent += len(orders)
        list(self._customers.map(self._send, orders))
        if self._in_files:
            self._send_file()

    def _send(self, order: SampleOrder) -> None:
        try:
            if order.script == "sent-twice":
                self._send_twice(order)
            else:
                self.scene.take(order, self._door(order.shop, order.by).post("/v1/orders", order.sent))
        except Unanswered as error:
            self.scene.trouble(f"{self.name}: {order.reference}: {error}")

    def _door(self, shop: str, by: str = WEB) -> Door:
        """This thread's way to the shop: with the shop's own key, or the office's for orders by telephone."""
        keys = self.scene.keys[shop]
        key = keys.office if by == OFFICE else keys.shop
        doors: dict[str, Door] = self._connections.__dict__
        return doors.setdefault(key, Door(self.scene.addresses.api, key))

    def _send_file(self) -> None:
        """The next file of one shop's orders, one a line."""
        shop = self._in_files[0].shop
        lines = [order for order in self._in_files if order.shop == shop][:_LARGEST_FILE]
        content = "\n".join(json.dumps(order.sent) for order in lines).encode()
        results = self._door(shop).post("/v1/orders/bulk", content, Content_Type="application/x-ndjson")
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
        door, key = self._door(order.shop), str(uuid4())
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
        door = self._door(self.scene.orders[0].shop)
        nonsense = {
            "broken JSON": b'{"reference": "NONSENSE-1", "lines": [',
            "number as money": {"reference": "NONSENSE-2", "total": 12.5},
            "unknown field": {"reference": "NONSENSE-3", "colour": "blue"},
        }
        for what, document in nonsense.items():
            if door.send("POST", "/v1/orders", document).status in (400, 422):
                self.scene.witness("malformed", f"{what} refused")
