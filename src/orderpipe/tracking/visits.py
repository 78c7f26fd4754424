"""
A customer's visit: the link in a letter opens one order, in the order's language, with what may be told about it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends

from orderpipe.channels.views import OrderView
from orderpipe.channels.wording import language_of, wording
from orderpipe.domain.links import BadLink, ExpiredLink, Purpose
from orderpipe.domain.links import page_link as page_link
from orderpipe.flow import OrderState
from orderpipe.serving.transactions import InWork, Now
from orderpipe.store import link_keys, notifications, standing
from orderpipe.tracking.failures import OldLink, UnknownLink
from orderpipe.tracking.forms import Scene
from orderpipe.tracking.words import words_of


@dataclass(frozen=True, slots=True)
class Visit:
    """
    Who looks at which order at which instant (UTC); `state` is the order's, `path` where its page is, below which every action lies.
    """

    token: str
    order_id: int
    shop_id: int
    state: OrderState
    language: str
    scene: Scene
    now: datetime

    @property
    def path(self) -> str:
        """The order's page."""
        return f"/t/{self.token}"


@dataclass(frozen=True, slots=True)
class Offer:
    """Something the customer may do now: the words' name in `[offers]`, and the page below the order's where it is done."""

    name: str
    path: str


def _visit(token: str, work: InWork, now: Now) -> Visit:
    """What this link opens. Raises UnknownLink, OldLink."""
    try:
        order_id = link_keys.signer(work.tx, now).read(token, Purpose.PAGE, now)
    except ExpiredLink as reason:
        raise OldLink from reason
    except BadLink as reason:
        raise UnknownLink from reason
    return _of_order(token, order_id, work, now)


def _of_order(token: str, order_id: int, work: InWork, now: datetime) -> Visit:
    found = standing.visited(work.tx, order_id)
    if found is None:
        raise UnknownLink
    order = notifications.orders_to_tell_of(work.tx, [order_id])[order_id]
    language = language_of(found.language)
    said = wording(language, order.time_zone, order.currency)
    scene = Scene(order, OrderView(order, said), said, words_of(language))
    return Visit(token, order_id, found.shop_id, found.state, language, scene, now)


InVisit = Annotated[Visit, Depends(_visit, scope="function")]
"""Parameter of an endpoint below `/t/{token}`."""
