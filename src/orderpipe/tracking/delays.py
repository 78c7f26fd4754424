"""
The page on which a customer sees what is late, the old date and the new, and chooses what becomes of it.

Canceling is asked about once more; everything else can be thought over until it is packed.
"""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response

from orderpipe.channels.delay_words import substitutes_named
from orderpipe.domain.delay_terms import Choice, still_open
from orderpipe.flow import FULFILLMENT_ENDS
from orderpipe.serving.transactions import InWork, Now, Work
from orderpipe.sideflows import delay_choices
from orderpipe.sideflows.delay_choices import ChoiceRefused
from orderpipe.sideflows.delay_offers import named_for
from orderpipe.sideflows.queries import How
from orderpipe.store import delays, fulfillments
from orderpipe.store.delays import Delay
from orderpipe.tracking.failures import FriendlyRoute
from orderpipe.tracking.pages import HEADERS, note, page
from orderpipe.tracking.posted import InPosted
from orderpipe.tracking.visits import InVisit, Offer, Visit

CUSTOMER = "customer"
"""What the journal calls whoever chooses here."""

router = APIRouter(prefix="/t", include_in_schema=False, route_class=FriendlyRoute, default_response_class=HTMLResponse)


def offered(visit: Visit, work: Work) -> Offer | None:
    """What is late, as long as the customer knows of it and it is not over; urgent until something is chosen."""
    delay = _known(visit, work)
    return Offer("delay", f"{visit.path}/delay", urgent=not delay.chosen) if delay else None


@router.get("/{token}/delay")
def show(visit: InVisit, work: InWork) -> Response:
    """What is late, and what may be chosen now."""
    delay = _known(visit, work)
    return _sheet(visit, work, delay) if delay else _note(visit, "on-time")


@router.post("/{token}/delay")
def take(visit: InVisit, posted: InPosted, work: InWork, now: Now) -> Response:
    """Apply what was chosen; a cancellation only when it was asked about once more."""
    delay, said = _known(visit, work), posted.get("choice", "")
    if delay is None:
        return _note(visit, "on-time")
    if said not in still_open(delay.options, delay.chosen):
        return _sheet(visit, work, delay, unchosen=True)
    if said == Choice.CANCEL and "sure" not in posted:
        words = visit.scene.words["delay"]
        return page("delay-cancel.html", visit.language, heading=words["sure_heading"], shop_name=visit.scene.view.shop_name, visit=visit)
    try:
        chosen = delay_choices.choose(work.tx, visit.order_id, Choice(said), by=CUSTOMER, how=How.PAGE, now=now)
    except ChoiceRefused:
        work.undo()
        return _note(visit, "choice-gone", status=409)
    work.hints(chosen.hints, restock=chosen.stock_freed)
    return _note(visit, "canceled-late") if chosen.choice == Choice.CANCEL else RedirectResponse("delay", 303, HEADERS)


def _known(visit: Visit, work: Work) -> Delay | None:
    """The order's delay that its customer was told of, until what was late has come; the books close it a little later."""
    delay = delays.open_of(work.tx, [visit.order_id]).get(visit.order_id)
    if delay is None or delay.state not in ("told", "chosen"):
        return None
    states = dict(fulfillments.states_of(work.tx, [visit.order_id])[visit.order_id])
    return delay if any(states[one] not in FULFILLMENT_ENDS for one in delay.fulfillment_ids) else None


def _sheet(visit: Visit, work: Work, delay: Delay, *, unchosen: bool = False) -> Response:
    words, said, view = visit.scene.words["delay"], visit.scene.wording, visit.scene.view
    lines = [
        {"number": line.number, "quantity": line.quantity}
        for some in fulfillments.lines_of(work.tx, delay.fulfillment_ids).values() for line in some if line.quantity
    ]
    until = said.last_day(delay.answer_until) if delay.answer_until else ""
    return page(
        "delay.html", visit.language, status=422 if unchosen else 200, heading=words["heading"], shop_name=view.shop_name, visit=visit,
        why=words["why"][delay.cause], items=view.items(lines), was=said.last_day(delay.original_until),
        until=said.last_day(delay.revised_until) if delay.revised_until else words["dateless"],
        choices=_choices(visit, work, delay, words) if delay.options != (Choice.WAIT,) else [], unchosen=unchosen,
        chosen=words["chosen"].get(delay.chosen, "") if delay.options != (Choice.WAIT,) else "",
        silence=words["silence"][delay.silence].format(until=until) if delay.state == "told" and delay.silence else "",
    )


def _choices(visit: Visit, work: Work, delay: Delay, words: Mapping[str, Any]) -> list[tuple[Choice, str]]:
    choices = still_open(delay.options, delay.chosen)
    instead = named_for(work.tx, [delay] if Choice.SUBSTITUTE in choices else [])
    names = substitutes_named(instead.get(visit.order_id, []), visit.scene.wording)
    return [(one, words["choices"][one].format(names=names)) for one in choices]


def _note(visit: Visit, kind: str, *, status: int = 200) -> Response:
    return note(kind, visit.language, status=status, shop_name=visit.scene.view.shop_name, number=visit.scene.order.number)
