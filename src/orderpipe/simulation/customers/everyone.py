"""
The customers: read their letters and text messages, answer what they are asked, pay, and now and then cancel.

What they know of their orders they know from what orderpipe has written to them.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from orderpipe.simulation.actor import Actor
from orderpipe.simulation.door import Door, Refused
from orderpipe.simulation.forms import SampleOrder, value_at
from orderpipe.simulation.scene import Scene, Taken

_LINK = re.compile(r"/q/([A-Za-z0-9_-]+)")
_LETTERS = 500
"""Letters looked at in one go at most."""

Letter = Mapping[str, Any]


class Customers(Actor):
    """All customers of both shops."""

    def __init__(self, scene: Scene) -> None:
        super().__init__("customers", scene)
        self._letters, self._messages = Door(scene.addresses.mail), Door(scene.addresses.sms)
        self._page = Door(scene.addresses.api)
        self._shops = {shop: Door(scene.addresses.api, keys.shop) for shop, keys in scene.keys.items()}
        self._read_to = {"/letters": _last(self._letters, "/letters"), "/messages": _last(self._messages, "/messages")}
        self._by_address = {address: order for order in scene.orders if _has_to_act(order) for address in _addresses(order)}
        self._answered: dict[str, int] = {}
        self._done: set[str] = set()
        self._later: list[tuple[SampleOrder, str, str]] = []
        self._acts: dict[str, Callable[[Taken, Mapping[str, Any]], bool]] = {
            "canceled-in-time": self._cancel_unpaid, "canceled-too-late": self._cancel_shipped, "rest-canceled": self._cancel_rest,
        }

    def look(self) -> None:
        """Read what has come since the last look, and act on it."""
        unread, self._later = self._later, []
        unread += [(order, self._text_of(letter), "email") for order, letter in self._new(self._letters, "/letters")]
        unread += [(order, message["text"], "sms") for order, message in self._new(self._messages, "/messages")]
        for order, text, channel in unread:
            taken = self.scene.taken_as(order)
            if taken is None:  # the shop has no answer to its request yet
                self._later.append((order, text, channel))
            elif link := _LINK.search(text):
                self._answer(taken, link[1], channel)
            else:
                self._act(taken)

    def _new(self, catcher: Door, path: str) -> Iterable[tuple[SampleOrder, Letter]]:
        page = catcher.get(path, since=self._read_to[path], limit=_LETTERS, brief=1)
        for letter in page["data"]:
            to = letter["to"] if isinstance(letter["to"], list) else [letter["to"]]
            for order in filter(None, (self._by_address.get(_plain(address)) for address in to)):
                yield order, letter
        self._read_to[path] = page["next_since"]

    def _text_of(self, letter: Letter) -> str:
        """Open a letter of which only the envelope has been seen."""
        return str(self._letters.get("/letters", since=letter["id"] - 1, limit=1)["data"][0]["text"])

    def _answer(self, taken: Taken, token: str, channel: str) -> None:
        """Answer a question from what the customer has in mind; a reminder of one that is answered is put aside."""
        order, times = taken.order, self._answered.get(taken.id, 0)
        if order.script == "no-answer" or token in self._done:
            return
        asked = [doubt["field"] for question in self._standing(taken)["questions"] for doubt in question["doubts"]]
        if not asked:  # each letter has a link of its own
            return
        slips = order.slips if times == 0 else {}
        changes = {field: slips.get(field, value_at(order.meant, field)) for field in asked}
        self._page.post(f"/v1/answers/{token}", {"changes": changes})
        self._done.add(token)
        self._answered[taken.id] = times + 1
        self.scene.witness(order.script, "answered again" if times else "answered")
        if channel == "sms":
            self.scene.witness(order.script, "asked by SMS")

    def _standing(self, taken: Taken) -> Any:
        """The order as the shop's web page shows it to its customer."""
        return self._shops[taken.order.shop].get(f"/v1/orders/{taken.id}")

    def _act(self, taken: Taken) -> None:
        """A letter has come: see where the order stands, if that matters to this customer."""
        prepaid = taken.order.meant.get("type") == "prepaid"
        act = self._acts.get(taken.order.script) or (self._pay if prepaid else None)
        if act is None or taken.id in self._done:
            return
        if act(taken, self._standing(taken)):
            self._done.add(taken.id)

    def _pay(self, taken: Taken, standing: Mapping[str, Any]) -> bool:
        if not _parts(standing, waiting_for="payment"):
            return False
        self.scene.witness(taken.order.script, "unpaid")
        payment = {
            "reference": f"PAY-{taken.number}", "amount": taken.order.meant["total"], "currency": taken.order.meant["currency"],
            "method": "transfer",
        }
        self._shops[taken.order.shop].post(f"/v1/orders/{taken.id}/payments", payment)
        self.scene.witness(taken.order.script, "paid")
        return True

    def _cancel_unpaid(self, taken: Taken, standing: Mapping[str, Any]) -> bool:
        return bool(_parts(standing, waiting_for="payment")) and self._cancel(taken)

    def _cancel_rest(self, taken: Taken, standing: Mapping[str, Any]) -> bool:
        return bool(_parts(standing, waiting_for="stock") and _parts(standing, state="delivered")) and self._cancel(taken)

    def _cancel_shipped(self, taken: Taken, standing: Mapping[str, Any]) -> bool:
        return bool(_parts(standing, state="shipped") or _parts(standing, state="delivered")) and self._cancel(taken)

    def _cancel(self, taken: Taken) -> bool:
        try:
            self._shops[taken.order.shop].post(f"/v1/orders/{taken.id}/cancel", {"reason": "customer"})
        except Refused as refusal:
            if refusal.answer.status != 409:
                raise
            self.scene.witness(taken.order.script, "cancel refused")
        else:
            self.scene.witness(taken.order.script, "canceled")
        return True


def _parts(standing: Mapping[str, Any], **wanted: str) -> list[Mapping[str, Any]]:
    return [part for part in standing["fulfillments"] if all(part[name] == value for name, value in wanted.items())]


def _has_to_act(order: SampleOrder) -> bool:
    """Whether the customer of this order may have to do something; the others need not open their letters."""
    return bool(order.script) or order.sent != order.meant or order.meant.get("type") == "prepaid"


def _addresses(order: SampleOrder) -> list[str]:
    """Where orderpipe can reach the customer of this order: what arrived with it."""
    customer = order.sent.get("customer", {})
    return [_plain(customer[way]) for way in ("email", "phone") if customer.get(way)]


def _plain(address: str) -> str:
    return address.casefold() if "@" in address else "".join(digit for digit in address if digit.isdigit())


def _last(catcher: Door, path: str) -> int:
    """The last letter of earlier runs."""
    newest = catcher.get(path, limit=1)["data"]
    return int(newest[0]["id"]) if newest else 0
