"""
All customers: read their letters and text messages, and do what these lead them to.

What they know of their orders they know from what orderpipe has written to them.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from orderpipe.simulation.actor import Actor
from orderpipe.simulation.browser import Browser
from orderpipe.simulation.customers import amending, canceling, choosing, complaining, paying, returning, unsubscribing
from orderpipe.simulation.customers.answering import Answering
from orderpipe.simulation.customers.customer import Act, Customer
from orderpipe.simulation.customers.rating import rate
from orderpipe.simulation.door import Door
from orderpipe.simulation.forms import SampleOrder
from orderpipe.simulation.scene import Scene, Taken

_LETTERS = 500
"""Letters looked at in one go at most."""

Letter = Mapping[str, Any]

_ACTS: Mapping[str, tuple[Act, ...]] = {
    "canceled-in-time": (canceling.before_paying, canceling.read_confirmation),
    "canceled-too-late": (canceling.when_it_has_left,),
    "rest-canceled": (canceling.the_rest,),
    "new-address": (amending.give_another_address,),
    "one-fewer": (amending.take_one_fewer,),
    "short-pick": (choosing.hear,),
    "slow-carrier": (choosing.hear,),
    "waits": (choosing.choose("wait"),),
    "part-now": (choosing.choose("part"),),
    "gives-up": (paying.pay, choosing.choose("cancel")),
    "damaged": (complaining.of_damage,),
    "missing": (complaining.of_what_is_missing,),
    "sent-back": (paying.pay, returning.send_back, returning.post_the_parcel),
    "withdrawn": (paying.pay, returning.withdraw, returning.post_the_parcel),
    "rated-well": (rate(5),),
    "rated-low": (rate(1, "It took long, and nobody answered the telephone."),),
    "unsubscribed": (unsubscribing.from_everything, amending.give_another_address),
}
"""What the customers of the script do, one thing after the other."""


class Customers(Actor):
    """All customers of both shops."""

    def __init__(self, scene: Scene) -> None:
        super().__init__("customers", scene)
        self._letters, self._messages = Door(scene.addresses.mail), Door(scene.addresses.sms)
        self._browser = Browser(scene.addresses.api)
        self._shops = {shop: Door(scene.addresses.api, keys.shop) for shop, keys in scene.keys.items()}
        self._read_to = {"/letters": _last(self._letters, "/letters"), "/messages": _last(self._messages, "/messages")}
        self._by_address = {address: order for order in scene.orders if _has_to_act(order) for address in _addresses(order)}
        self._answering = Answering(scene.addresses.api)
        self._done: defaultdict[str, int] = defaultdict(int)
        self._later: list[tuple[SampleOrder, str, str]] = []

    def look(self) -> None:
        """Read what has come since the last look, and act on it."""
        unread, self._later = self._later, []
        unread += [(order, self._text_of(letter), "email") for order, letter in self._new(self._letters, "/letters")]
        unread += [(order, message["text"], "sms") for order, message in self._new(self._messages, "/messages")]
        for order, text, channel in unread:
            taken = self.scene.taken_as(order)
            if taken is None:  # the shop has no answer to its request yet
                self._later.append((order, text, channel))
            else:
                self._read(Customer(taken, text, self.scene, self._browser, self._shops[order.shop]), channel)

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

    def _read(self, customer: Customer, channel: str) -> None:
        taken = customer.taken
        if customer.page:
            self.scene.show(taken, customer.page)
        if self._answering.read(customer, channel=channel):
            return
        acts, done = _acts(taken), self._done[taken.id]
        if done < len(acts) and acts[done](customer):
            self._done[taken.id] = done + 1


def _acts(taken: Taken) -> tuple[Act, ...]:
    prepaid = taken.order.meant.get("type") == "prepaid"
    return _ACTS.get(taken.order.script) or ((paying.pay,) if prepaid else ())


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
