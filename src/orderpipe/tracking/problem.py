"""
The page on which a customer says what is wrong with an order, or asks about it; it opens a case.
"""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response

from orderpipe.domain.cases import Cause, Channel, Kind
from orderpipe.domain.orders import public_id
from orderpipe.flow import OrderState
from orderpipe.serving.transactions import InWork, Work
from orderpipe.sideflows.hearing import TooOften, hear
from orderpipe.store.case_opening import Opening
from orderpipe.tracking import pieces
from orderpipe.tracking.failures import FriendlyRoute
from orderpipe.tracking.frames import order_form
from orderpipe.tracking.once import key_of
from orderpipe.tracking.pages import HEADERS
from orderpipe.tracking.pieces import Countable
from orderpipe.tracking.posted import InPosted, Posted
from orderpipe.tracking.replies import Problems
from orderpipe.tracking.visits import InVisit, Offer, Visit

CHOICES: dict[str, tuple[Kind, Cause]] = {
    "missing-item": (Kind.CLAIM, Cause.MISSING_ITEM), "damaged": (Kind.CLAIM, Cause.DAMAGED),
    "wrong-item": (Kind.ORDER_ERROR, Cause.WRONG_ITEM), "quality": (Kind.COMPLAINT, Cause.QUALITY),
    "late": (Kind.COMPLAINT, Cause.LATE), "billing": (Kind.COMPLAINT, Cause.BILLING), "other": (Kind.COMPLAINT, Cause.OTHER),
    "question": (Kind.ENQUIRY, Cause.OTHER),
}
"""What the customer may choose, and which case it opens."""

NEED_WORDS = frozenset({"other", "question"})
LONGEST = 5_000

router = APIRouter(prefix="/t", include_in_schema=False, route_class=FriendlyRoute, default_response_class=HTMLResponse)


@router.get("/{token}/problem")
def ask(visit: InVisit, cause: Annotated[str, Query(max_length=20)] = "") -> Response:
    """What is wrong, and with which items."""
    return _form(visit, {"cause": cause})


@router.post("/{token}/problem")
def take(visit: InVisit, posted: InPosted, work: InWork) -> Response:
    """Open the case, or show the form again with what is missing beside it."""
    said = visit.scene.words["problem"]
    lines, problems = pieces.read(posted, _lines(visit), said["pieces"])
    cause, text = posted.get("cause", ""), posted.get("text", "")
    if cause not in CHOICES:
        problems["cause"] = said["choose"]
    if len(text) > LONGEST:
        problems["text"] = visit.scene.words["problems"]["string-too-long"]
    if cause in NEED_WORDS and not text.strip():
        problems["text"] = visit.scene.words["problems"]["blank"]
    if problems:
        return _form(visit, posted, problems)
    kind, why = CHOICES[cause]
    opening = Opening(visit.order_id, kind, text, key_of(visit, posted), why, lines, channel=Channel.PAGE)
    try:
        heard = hear(work.tx, opening, now=visit.now)
    except TooOften:
        return _form(visit, posted, {"text": visit.scene.words["problems"]["too-often"]}, status=429)
    return RedirectResponse(f"cases/{public_id('case', heard.case_id)}", 303, HEADERS)


def offered(visit: Visit, _work: Work) -> Offer | None:
    """To say what is wrong, as long as there is an order."""
    return None if visit.state == OrderState.REJECTED else Offer("problem", f"{visit.path}/problem")


def _lines(visit: Visit) -> list[Countable]:
    return pieces.countable(visit, {line.number: line.quantity for line in visit.scene.order.lines})


def _form(visit: Visit, filled: Posted, problems: Problems | None = None, *, status: int = 422) -> Response:
    return order_form(visit, "problem", filled, problems, status=status, choices=list(CHOICES), lines=_lines(visit))
