"""
The customer's page of an order: how it stands, and what the customer may do now.
"""

from collections.abc import Callable

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from orderpipe.serving.transactions import InWork, Work
from orderpipe.tracking import answering, case_page, delays, preferences, problem, rating, returning
from orderpipe.tracking.failures import FriendlyRoute
from orderpipe.tracking.pages import page
from orderpipe.tracking.visits import InVisit, Offer, Visit

OFFERS: tuple[Callable[[Visit, Work], Offer | None], ...] = (
    answering.offered, delays.offered, case_page.offered, rating.offered, problem.offered, returning.offered, preferences.offered,
)
"""Each says whether it may be done now, in the order in which the page shows them."""

router = APIRouter(prefix="/t", include_in_schema=False, route_class=FriendlyRoute, default_response_class=HTMLResponse)


@router.get("/{token}")
def show(visit: InVisit, work: InWork) -> Response:
    """How the order stands."""
    words, view = visit.scene.words["home"], visit.scene.view
    offers = [offer for offered in OFFERS if (offer := offered(visit, work))]
    return page(
        "home.html", visit.language, heading=words["heading"].format(number=view.number), shop_name=view.shop_name,
        visit=visit, sentence=words["states"][visit.state], offers=offers,
    )
