"""
The office of one shop: decides what nobody else can settle, and lets the supplier bring what orders wait for.
"""

import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

from orderpipe.simulation.actor import Actor
from orderpipe.simulation.casework import Casework, book_refund
from orderpipe.simulation.catalogue import SHOPS
from orderpipe.simulation.door import Door
from orderpipe.simulation.forms import SampleOrder
from orderpipe.simulation.scene import Scene
from orderpipe.simulation.script import scripted

_DELIVERY_SECONDS = 4.0
"""How long the supplier takes."""

_DECISIONS = {"lost": "resend", "returned": "close"}


class Office(Actor):
    """The people in the office of one shop."""

    pause = 1.0

    def __init__(self, shop: str, scene: Scene) -> None:
        super().__init__(f"office of {shop}", scene)
        self._plan = SHOPS[shop]
        self._door = Door(scene.addresses.api, scene.keys[shop].office)
        self._casework = Casework(self._door, scene)
        self._ordered: dict[str, float] = {}
        self._came: set[str] = set()
        self._refunded: set[str] = set()
        self._decided: set[tuple[str, str]] = set()

    def look(self) -> None:
        """Decide what waits for a decision, see what is out of stock, go on with the cases, and give back what is to be given back."""
        for order in self._door.pages("/v1/orders", waiting_for="office", limit=200):
            self._decide(order["id"])
        self._restock()
        self._casework.look()
        self._refund_what_was_canceled()

    def _decide(self, order_id: str) -> None:
        """Send again what was lost, close what came back, cancel what nobody can be asked about; what broke stays."""
        order = self._door.get(f"/v1/orders/{order_id}")
        script = self.scene.script_of(order_id)
        failed = [part["state"] for part in order["fulfillments"] if part["state"] in _DECISIONS]
        decision = _DECISIONS[failed[0]] if failed else "cancel"
        broken = any(wait["last_error"] for wait in order["waits"] if wait["waiting_for"] == "office")
        if (order_id, decision) in self._decided or broken or self.scene.order(order_id) is None:
            return
        self._door.post(f"/v1/orders/{order_id}/decisions", {"decision": decision})
        self._decided.add((order_id, decision))
        self.scene.witness(script, decision)

    def _restock(self) -> None:
        """Have brought what has been waited for long enough: of each waiting part what it wants, where it waits."""
        wanted: Counter[tuple[str, str]] = Counter()
        for name, needs, script in self._waiting():
            if (played := scripted(script)) and not self.scene.has_witnessed(script, played.restocked_after):
                continue
            since = self._ordered.setdefault(name, time.monotonic())
            if name in self._came or time.monotonic() - since < _DELIVERY_SECONDS:
                continue
            self._came.add(name)
            wanted.update(needs)
            self.scene.witness(script, "restocked")
        receipts = [
            {"location": place, "sku": sku, "quantity": quantity, "cause": "supplier's delivery"}
            for (place, sku), quantity in wanted.items()
        ]
        if receipts:
            self._door.post_all("/v1/stock/receipts", receipts)

    def _waiting(self) -> list[tuple[str, dict[tuple[str, str], int], str]]:
        """What waits for stock: a name for it, what it wants by (location, SKU), and the exception that it plays."""
        parts = self._door.pages("/v1/fulfillments", waiting_for="stock", limit=500)
        waiting = [
            (part["id"], self._needs({line["sku"]: line["quantity"] for line in part["lines"]}, part["location"]),
             self.scene.script_of(part["order"]))
            for part in parts
        ]
        for order in self._door.pages("/v1/orders", waiting_for="stock", limit=200):
            ours = self.scene.order(order["id"])
            if ours is not None and order["waiting_for"] == "stock":
                waiting.append((order["id"], self._needs(_pieces(ours), None), ours.script))
        return [one for one in waiting if one[1]]

    def _needs(self, pieces: Mapping[str, int], location: str | None) -> dict[tuple[str, str], int]:
        """Where the supplier brings what: nothing of what they have no more of."""
        articles = {sku: self._plan.article(sku) for sku in pieces}
        return {
            (location or article.places[0], sku): pieces[sku] for sku, article in articles.items() if article.places and article.restock
        }


    def _refund_what_was_canceled(self) -> None:
        """Give back what was paid for what never came."""
        playing = self.scene.playing("gives-up")
        if playing is None or playing.order.shop != self._plan.code or playing.id in self._refunded:
            return
        for entry in self._door.pages(f"/v1/orders/{playing.id}/timeline", limit=500):
            if entry["what"] == "refund.due":
                book_refund(self._door, playing.id, reference=f"REF-{playing.number}", **entry["note"])
                self._refunded.add(playing.id)
                self.scene.witness("gives-up", "refunded")


def _pieces(order: SampleOrder) -> dict[str, int]:
    lines: list[Mapping[str, Any]] = order.meant["lines"]
    return {line["sku"]: line["quantity"] for line in lines}
