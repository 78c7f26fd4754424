"""
The page with one question: did everything arrive, and how satisfied is the customer, from 1 to 5.

Opening it records nothing, for programs that look through letters open every link; the button does.
"""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response

from orderpipe.domain.cases import Channel
from orderpipe.domain.feedback import SCORES, Rating, RatingClosed, is_low, may_still_rate
from orderpipe.flow import OrderState
from orderpipe.serving.transactions import InWork, Work
from orderpipe.sideflows.feedback import rate
from orderpipe.store import case_terms, feedback
from orderpipe.tracking.failures import FriendlyRoute
from orderpipe.tracking.frames import order_form, order_note
from orderpipe.tracking.pages import HEADERS
from orderpipe.tracking.posted import InPosted, Posted
from orderpipe.tracking.problem import LONGEST
from orderpipe.tracking.replies import Problems
from orderpipe.tracking.visits import InVisit, Offer, Visit

router = APIRouter(prefix="/t", include_in_schema=False, route_class=FriendlyRoute, default_response_class=HTMLResponse)
_ARRIVED = {"yes": True, "no": False}


@router.get("/{token}/rate")
def ask(
    visit: InVisit, work: InWork, score: Annotated[str, Query(max_length=5)] = "", arrived: Annotated[str, Query(max_length=5)] = ""
) -> Response:
    """The question, with what the link or an earlier answer says chosen already."""
    if closed := _closed(visit, work):
        return closed
    given = feedback.of_order(work.tx, visit.order_id)
    before = {"score": str(given.score or ""), "comment": given.comment} if given else {}
    return _form(visit, before | {name: value for name, value in (("score", score), ("arrived", arrived)) if value})


@router.post("/{token}/rate")
def take(visit: InVisit, posted: InPosted, work: InWork) -> Response:
    """Write the answer down; who says that something is missing is asked what."""
    if closed := _closed(visit, work):
        return closed
    score, arrived = posted.get("score", ""), _ARRIVED.get(posted.get("arrived", ""))
    chosen = int(score) if score in {str(one) for one in SCORES} else None
    comment = posted.get("comment", "")
    if chosen is None and arrived is None:
        return _form(visit, posted, {"score": visit.scene.words["rate"]["choose"]})
    if len(comment) > LONGEST:
        return _form(visit, posted, {"comment": visit.scene.words["problems"]["string-too-long"]})
    try:
        rate(work.tx, visit.order_id, Rating(chosen, comment, arrived), channel=Channel.PAGE, now=visit.now)
    except RatingClosed:
        return order_note(visit, "rated-before")
    return RedirectResponse("problem?cause=missing-item" if arrived is False else "rate/thanks", 303, HEADERS)


@router.get("/{token}/rate/thanks")
def thank(visit: InVisit, work: InWork) -> Response:
    """Thanks; and where the score was low, that we call."""
    given = feedback.of_order(work.tx, visit.order_id)
    low = is_low(given.score if given else None, case_terms.terms_of(work.tx, visit.shop_id).low_score)
    return order_note(visit, "rated-low" if low else "rated")


def offered(visit: Visit, _work: Work) -> Offer | None:
    """To rate what is complete."""
    return Offer("rate", f"{visit.path}/rate") if visit.state == OrderState.COMPLETED else None


def _closed(visit: Visit, work: Work) -> Response | None:
    if visit.state != OrderState.COMPLETED:
        return order_note(visit, "rate-early")
    days = case_terms.terms_of(work.tx, visit.shop_id).change_days
    return None if may_still_rate(feedback.of_order(work.tx, visit.order_id), days, visit.now) else order_note(visit, "rated-before")


def _form(visit: Visit, filled: Posted, problems: Problems | None = None) -> Response:
    return order_form(visit, "rate", filled, problems, scores=[str(one) for one in SCORES])
