"""
The page on which a customer cancels an order: asked once more, done at once, and confirmed by a letter with date and time.

What is packed already goes on its way; from that the customer may withdraw.
"""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response

from orderpipe.channels.parts import Item
from orderpipe.flow import CANCELABLE, ORDER_ENDS, FulfillmentState, OrderState
from orderpipe.serving.transactions import InWork, Work
from orderpipe.sideflows import cancellations
from orderpipe.sideflows.cancellations import CancelRefused
from orderpipe.store import order_views, visiting
from orderpipe.tracking.failures import FriendlyRoute
from orderpipe.tracking.frames import order_note, order_page
from orderpipe.tracking.pages import HEADERS
from orderpipe.tracking.visits import InVisit, Offer, Visit

router = APIRouter(prefix="/t", include_in_schema=False, route_class=FriendlyRoute, default_response_class=HTMLResponse)


@router.get("/{token}/cancel")
def ask(visit: InVisit, work: InWork, done: Annotated[str | None, Query(max_length=1)] = None) -> Response:
    """Ask once more before anything is canceled; what can only be withdrawn from is withdrawn from elsewhere."""
    if done is not None or visit.state == OrderState.CANCELED:
        return order_note(visit, "canceled" if visit.state == OrderState.CANCELED else "partly-canceled")
    if not _can(visit):
        if visiting.withdrawable(work.tx, visit.order_id).open_at(visit.now):
            return RedirectResponse(f"{visit.path}/withdraw", 303, HEADERS)
        return order_note(visit, "too-late", status=409)
    return order_page(visit, "stop.html", visit.scene.words["stop"]["heading"], items=_items(visit, work))


@router.post("/{token}/cancel")
def cancel(visit: InVisit, work: InWork) -> Response:
    """Cancel what can be canceled."""
    try:
        canceled = cancellations.cancel(work.tx, visit.order_id, reason="customer", by=cancellations.CUSTOMER, now=visit.now)
    except CancelRefused:
        return order_note(visit, "canceled" if visit.state == OrderState.CANCELED else "too-late", status=409)
    work.hints(canceled.hints, restock=canceled.stock_freed)
    return RedirectResponse(f"{visit.path}/cancel?done=1", 303, HEADERS)


def offered(visit: Visit, work: Work) -> Offer | None:  # noqa: ARG001  # every offer is asked alike
    """To cancel, while something is not packed."""
    return Offer("cancel", f"{visit.path}/cancel") if _can(visit) else None


def _can(visit: Visit) -> bool:
    return visit.state not in ORDER_ENDS and (not visit.parts or any(part in CANCELABLE for part in visit.parts))


def _items(visit: Visit, work: Work) -> list[Item]:
    """What would be canceled where that is not everything."""
    if all(part in CANCELABLE or part == FulfillmentState.CANCELED for part in visit.parts):
        return []
    pieces: dict[int, int] = {}
    for part in order_views.parts(work.tx, visit.order_id):
        for line in part.lines if part.state in CANCELABLE else ():
            pieces[line["number"]] = pieces.get(line["number"], 0) + line["quantity"]
    return visit.scene.view.items([{"number": number, "quantity": quantity} for number, quantity in sorted(pieces.items()) if quantity])
