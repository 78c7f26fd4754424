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
from orderpipe.domain.links import page_link as page_link  # where letters lead to
from orderpipe.flow import FulfillmentState, OrderState, WaitingFor
from orderpipe.serving.transactions import InWork, Now
from orderpipe.store import link_keys, notifications, standing
from orderpipe.tracking.failures import OldLink, UnknownLink
from orderpipe.tracking.forms import Scene
from orderpipe.tracking.words import words_of


@dataclass(frozen=True, slots=True)
class Visit:
    """
    Who looks at which order and when (UTC); `state` is the order's, `parts` those of its fulfillments, `path` where its page is, below
    which every action on it lies.
    """

    token: str
    order_id: int
    shop_id: int
    state: OrderState
    waiting_for: WaitingFor | None
    language: str
    scene: Scene
    parts: tuple[FulfillmentState, ...]
    now: datetime

    @property
    def path(self) -> str:
        """The order's page."""
        return f"/t/{self.token}"


@dataclass(frozen=True, slots=True)
class Offer:
    """
    Something the customer may do now: the words' name in `[offers]`, and the page below the order's where it is done.

    What we wait for is `urgent`, and stands at the top of the page; `number` tells several of one kind apart.
    """

    name: str
    path: str
    urgent: bool = False
    number: str = ""


def opened(token: str, work: InWork, now: Now) -> int:
    """The order that this link opens. Raises UnknownLink, OldLink."""
    try:
        return link_keys.signer(work.tx, now).read(token, Purpose.PAGE, now)
    except ExpiredLink as reason:
        raise OldLink from reason
    except BadLink as reason:
        raise UnknownLink from reason


InOpened = Annotated[int, Depends(opened, scope="function")]
"""Parameter of an endpoint below `/t/{token}` that may not need to look at the order at all."""


def visit(token: str, order_id: InOpened, work: InWork, now: Now) -> Visit:
    """The visit of this order. Raises UnknownLink where there is none."""
    found = standing.visited(work.tx, order_id)
    if found is None:
        raise UnknownLink
    order = notifications.orders_to_tell_of(work.tx, [order_id])[order_id]
    language = language_of(found.language)
    said = wording(language, order.time_zone, order.currency)
    scene = Scene(order, OrderView(order, said), said, words_of(language))
    return Visit(token, order_id, found.shop_id, found.state, found.waiting_for, language, scene, found.parts, now)


InVisit = Annotated[Visit, Depends(visit, scope="function")]
"""Parameter of an endpoint below `/t/{token}`."""
