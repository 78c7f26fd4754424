"""
A customer with a letter in hand: what it says, the page it leads to, and the order as the shop shows it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from orderpipe.simulation.browser import Browser, Page
from orderpipe.simulation.door import Door
from orderpipe.simulation.scene import Scene, Taken

_PAGE = re.compile(r"/t/[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Customer:
    """Whoever has ordered `taken` and has just read `text`; `shop` is the web shop, by which they see their order and pay."""

    taken: Taken
    text: str
    scene: Scene
    browser: Browser
    shop: Door

    @property
    def page(self) -> str | None:
        """Where the letter leads to: the address of the order's page, None in a letter without it."""
        found = _PAGE.search(self.text)
        return found[0] if found else None

    def home(self) -> Page | None:
        """The order's page; None where the letter does not lead there."""
        return self.browser.open(self.page) if self.page else None

    def offered(self, ending: str) -> Page | None:
        """What the order's page offers under this name, opened; None where it is not offered now."""
        home = self.home()
        return self.browser.follow(home, ending) if home and home.link(ending) else None

    def standing(self) -> Mapping[str, Any]:
        """The order as the shop's web page shows it to its customer."""
        order: Mapping[str, Any] = self.shop.get(f"/v1/orders/{self.taken.id}")
        return order

    def parts(self, **wanted: str) -> list[Mapping[str, Any]]:
        """The parts of the order that stand so."""
        return [part for part in self.standing()["fulfillments"] if all(part[name] == value for name, value in wanted.items())]

    def witness(self, what: str) -> None:
        """This has been seen."""
        self.scene.witness(self.taken.order.script, what)


Act = Callable[[Customer], bool]
"""Something that a customer does when a letter has come; whether it is done, else it is tried again with the next letter."""
