"""
The page on which a customer sends back what was delivered, within the shop's return period; and the label for the parcel.
"""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response

from orderpipe.domain.cases import Cause, Channel, Kind
from orderpipe.domain.orders import UnknownNumber, public_id
from orderpipe.domain.returns import ReturnRefused, return_id_of
from orderpipe.serving.transactions import InWork, Work
from orderpipe.sideflows.returns import send_back
from orderpipe.store import case_terms, locations, returns
from orderpipe.store.case_opening import Opening
from orderpipe.tracking import pieces
from orderpipe.tracking.bars import bars_of
from orderpipe.tracking.failures import FriendlyRoute, UnknownLink
from orderpipe.tracking.frames import order_form, order_note, order_page
from orderpipe.tracking.once import key_of
from orderpipe.tracking.pages import HEADERS
from orderpipe.tracking.pieces import Countable
from orderpipe.tracking.posted import InPosted, Posted
from orderpipe.tracking.problem import LONGEST
from orderpipe.tracking.replies import Problems
from orderpipe.tracking.visits import InVisit, Offer, Visit

REASONS = (Cause.CHANGED_MIND, Cause.DAMAGED, Cause.WRONG_ITEM, Cause.QUALITY, Cause.OTHER)

router = APIRouter(prefix="/t", include_in_schema=False, route_class=FriendlyRoute, default_response_class=HTMLResponse)


@router.get("/{token}/return")
def ask(visit: InVisit, work: InWork) -> Response:
    """Which pieces come back, and why."""
    lines = _lines(visit, work)
    return _form(visit, lines, {}) if lines else order_note(visit, "no-return")


@router.post("/{token}/return")
def take(visit: InVisit, posted: InPosted, work: InWork) -> Response:
    """Authorise the return, or show the form again with what is missing beside it."""
    said, lines = visit.scene.words["return"], _lines(visit, work)
    wanted, problems = pieces.read(posted, lines, visit.scene.words["problem"]["pieces"])
    text, cause = posted.get("text", ""), posted.get("cause", "")
    if not wanted and not problems:
        problems["items"] = said["none"]
    if cause not in REASONS:
        problems["cause"] = said["choose"]
    if len(text) > LONGEST:
        problems["text"] = visit.scene.words["problems"]["string-too-long"]
    if problems:
        return _form(visit, lines, posted, problems) if lines else order_note(visit, "no-return")
    opening = Opening(visit.order_id, Kind.RETURN, text, key_of(visit, posted), Cause(cause), wanted, channel=Channel.PAGE)
    try:
        declared = send_back(work.tx, opening, now=visit.now)
    except ReturnRefused:  # somebody else has sent the same pieces back meanwhile
        work.undo()
        return _form(visit, lines, posted, {"items": said["gone"]})
    return RedirectResponse(f"cases/{public_id('case', declared.opened.case_id)}", 303, HEADERS)


@router.get("/{token}/return/{number}")
def label(visit: InVisit, number: str, work: InWork) -> Response:
    """The label to be printed and put on the parcel. Raises UnknownLink for another order's."""
    try:
        found = returns.of_ids(work.tx, [return_id := return_id_of(number)]).get(return_id)
    except UnknownNumber:
        raise UnknownLink from None
    if found is None or found.order_id != visit.order_id:
        raise UnknownLink
    until = visit.scene.wording.day(found.expires_at)
    return order_page(
        visit, "label.html", visit.scene.words["label"]["heading"], number=found.number, bars=bars_of(found.number), until=until,
        place=locations.name_of(work.tx, found.shop_id, found.location),
        items=visit.scene.view.items([{"number": one.number, "quantity": one.quantity} for one in found.items]),
    )


def offered(visit: Visit, work: Work) -> Offer | None:
    """To send something back, while the return period runs."""
    return Offer("return", f"{visit.path}/return") if _lines(visit, work) else None


def _lines(visit: Visit, work: Work) -> list[Countable]:
    since = visit.now - case_terms.terms_of(work.tx, visit.shop_id).return_period
    return pieces.countable(visit, returns.returnable(work.tx, visit.order_id, delivered_since=since))


def _form(visit: Visit, lines: list[Countable], filled: Posted, problems: Problems | None = None) -> Response:
    return order_form(visit, "return", filled, problems, reasons=[str(one) for one in REASONS], lines=lines)
