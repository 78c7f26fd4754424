"""
The page of a customer's case: how it stands, what was written, what may come back; whatever the customer adds reaches the office.
"""

from dataclasses import asdict

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response

from orderpipe.domain.cases import Case, paragraphs
from orderpipe.domain.orders import UnknownNumber, internal_id, public_id
from orderpipe.domain.remedies import RemedyKind
from orderpipe.serving.transactions import InWork, Work
from orderpipe.sideflows import hearing
from orderpipe.sideflows.hearing import TooOften
from orderpipe.store import cases as case_store
from orderpipe.store import refunds, returns
from orderpipe.tracking.failures import FriendlyRoute, UnknownLink
from orderpipe.tracking.frames import order_page
from orderpipe.tracking.once import key_of, new_form
from orderpipe.tracking.pages import HEADERS
from orderpipe.tracking.posted import InPosted
from orderpipe.tracking.problem import LONGEST
from orderpipe.tracking.visits import InVisit, Offer, Visit

router = APIRouter(prefix="/t", include_in_schema=False, route_class=FriendlyRoute, default_response_class=HTMLResponse)


@router.get("/{token}/cases/{case}")
def show(visit: InVisit, case: str, work: InWork) -> Response:
    """How the case stands. Raises UnknownLink for another order's."""
    return _page(visit, _of_visit(visit, case, work), work)


@router.post("/{token}/cases/{case}")
def add(visit: InVisit, case: str, posted: InPosted, work: InWork) -> Response:
    """Take down what the customer adds; a case that was answered is taken up again. Raises UnknownLink."""
    found, text = _of_visit(visit, case, work), posted.get("text", "")
    if not text.strip() or len(text) > LONGEST:
        problem = visit.scene.words["problems"]["string-too-long" if text.strip() else "blank"]
        return _page(visit, found, work, text=text, problem=problem)
    try:
        hearing.add(work.tx, found, text, key_of(visit, posted), now=visit.now)
    except TooOften:
        return _page(visit, found, work, text=text, problem=visit.scene.words["problems"]["too-often"], status=429)
    return RedirectResponse(public_id("case", found.id), 303, HEADERS)


def offered(visit: Visit, work: Work) -> list[Offer]:
    """To see each case that is still open."""
    found = [one for one in case_store.of_orders(work.tx, [visit.order_id]) if one.closed_at is None]
    return [Offer("case", f"{visit.path}/cases/{public_id('case', one.id)}", number=one.number) for one in found]


def _of_visit(visit: Visit, public: str, work: Work) -> Case:
    try:
        case_id = internal_id("case", public)
    except UnknownNumber:
        raise UnknownLink from None
    found = case_store.of_ids(work.tx, [case_id]).get(case_id)
    if found is None or found.order_id != visit.order_id:
        raise UnknownLink
    return found


def _page(visit: Visit, case: Case, work: Work, *, text: str = "", problem: str = "", status: int = 422) -> Response:
    said = visit.scene.words["case"]
    written = [
        (one.direction, visit.scene.wording.moment(one.at), paragraphs(one.body))
        for one in case_store.messages_of(work.tx, case.id) if one.direction != "note"
    ]
    until = visit.scene.wording.moment(case.clocks.resolve_by)
    return order_page(
        visit, "case.html", said["heading"].format(number=case.number), status=status if problem else 200,
        sentence=said["states"][case.state].format(until=until), written=written,
        items=visit.scene.view.items([asdict(one) for one in case.lines]),
        remedies=_remedies(visit, case, work),
        returns=[one for one in returns.of_order(work.tx, visit.order_id) if one.case_id == case.id], text=text, problem=problem,
        once=new_form(),
    )


def _remedies(visit: Visit, case: Case, work: Work) -> list[tuple[str, str]]:
    """What we do about it, and since when it is done, "" where that is not known."""
    done = {one.reference: one.done_at for one in refunds.of_case(work.tx, case.id)}
    chosen = [one for one in case.remedies if one["kind"] in set(RemedyKind)]
    days = [done.get(one.get("reference", "")) for one in chosen]
    told = visit.scene.view.remedies(chosen)
    return [(words, visit.scene.wording.day(at) if at else "") for words, at in zip(told, days, strict=True)]
