"""
The customer's page of an order: how far it is, what is promised, and what the customer may do now; it renews itself while it is open.

Every 15 seconds a few lines of script ask whether anything has happened, by the number of the last journal entry: one index look-up, and
nothing is drawn when there is no news. A stream held open for every customer would hold a thread of the server for each.
"""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Header
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from orderpipe.flow import OrderState
from orderpipe.serving.transactions import InWork, Now, Parts, Work
from orderpipe.store import order_views, payments, visiting
from orderpipe.tracking import answering, canceling, case_page, changing, delays, preferences, problem, rating, returning, withdrawing
from orderpipe.tracking.failures import FriendlyRoute
from orderpipe.tracking.overview import Facts, overview
from orderpipe.tracking.pages import HEADERS, live_page
from orderpipe.tracking.visits import InOpened, Offer, Visit, visit

OFFERS: tuple[Callable[[Visit, Work], Offer | None], ...] = (
    answering.offered, delays.offered, changing.offered, canceling.offered, withdrawing.offered, rating.offered,
    problem.offered, returning.offered, preferences.offered,
)
"""Each says whether it may be done now, in the order in which the page shows them, below the cases that are open."""

router = APIRouter(prefix="/t", include_in_schema=False, route_class=FriendlyRoute, default_response_class=HTMLResponse)


@router.get("/{token}")
def show(
    token: str, order_id: InOpened, work: InWork, now: Now, parts: Parts, if_none_match: Annotated[str | None, Header()] = None
) -> Response:
    """How the order stands; to a browser that has seen it so, that nothing is new."""
    # the day belongs to it, for some offers end with one
    tag = f'"{visiting.last_seq(work.tx, order_id)}-{now:%Y%m%d}"'
    if if_none_match is not None and tag in if_none_match:
        return Response(status_code=304, headers={"ETag": tag, **HEADERS})
    return _page(visit(token, order_id, work, now), work, now, parts, tag)


def _page(seen: Visit, work: Work, now: Now, parts: Parts, tag: str) -> Response:
    tx, order_id, view = work.tx, seen.order_id, seen.scene.view
    facts = Facts(
        order_views.parts(tx, order_id), visiting.happened(tx, order_id), visiting.revisions(tx, order_id),
        payments.accounts(tx, [order_id])[order_id], parts.settings.tracking_links,
    )
    offers = [*case_page.offered(seen, work), *(offer for offered in OFFERS if (offer := offered(seen, work)))]
    canceled = [] if seen.state == OrderState.CANCELED else [
        {"number": line.number, "quantity": line.canceled} for line in order_views.lines(tx, order_id) if line.canceled
    ]
    return live_page(
        "home.html", seen.language, tag, heading=seen.scene.words["home"]["heading"].format(number=view.number), shop_name=view.shop_name,
        visit=seen, order=view, seen=overview(seen, facts), urgent=[offer for offer in offers if offer.urgent],
        offers=[offer for offer in offers if not offer.urgent], total_word=seen.scene.wording.phrases["words"]["total"],
        canceled=view.items(canceled), as_of=seen.scene.wording.moment(now),
        mail_from=seen.scene.order.mail_from or parts.settings.mail_from,
    )
