"""
The page on which a customer withdraws from the contract on what has left already, as the law of the European Union asks for.

Directive 2011/83/EU, article 11a: a function of that name, open as long as the right lasts; a statement that is filled in already; a
button that confirms it; and at once a letter with the statement, its date and its time.
"""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response

from orderpipe.channels.views import clean
from orderpipe.domain.cases import Kind
from orderpipe.serving.transactions import InWork, Work
from orderpipe.sideflows import withdrawals
from orderpipe.sideflows.withdrawals import NothingToWithdraw, Statement
from orderpipe.store import cases, visiting
from orderpipe.store.visiting import Withdrawable
from orderpipe.tracking.failures import FriendlyRoute
from orderpipe.tracking.frames import order_note, order_page
from orderpipe.tracking.once import key_of, new_form
from orderpipe.tracking.pages import HEADERS
from orderpipe.tracking.posted import InPosted, Posted
from orderpipe.tracking.visits import InVisit, Offer, Visit

LONGEST_NOTE = 2_000

router = APIRouter(prefix="/t", include_in_schema=False, route_class=FriendlyRoute, default_response_class=HTMLResponse)


@router.get("/{token}/withdraw")
def ask(visit: InVisit, work: InWork, done: Annotated[str | None, Query(max_length=1)] = None) -> Response:
    """The statement as it would be sent; and once it was, that and when it came."""
    right = visiting.withdrawable(work.tx, visit.order_id)
    if done is not None and right.declared_at:
        numbers = [one.number for one in cases.of_orders(work.tx, [visit.order_id]) if one.kind == Kind.WITHDRAWAL]
        return order_note(visit, "withdrawn", moment=visit.scene.wording.second(right.declared_at), case="".join(numbers[-1:]))
    return _form(visit, right) if right.open_at(visit.now) else order_note(visit, "not-withdrawable", status=409)


@router.post("/{token}/withdraw")
def declare(visit: InVisit, posted: InPosted, work: InWork) -> Response:
    """Take the withdrawal down."""
    chosen = _chosen(visit, posted)
    if not chosen and (right := visiting.withdrawable(work.tx, visit.order_id)).open_at(visit.now):
        return _form(visit, right, wrong=True)
    words = posted.get("note", "").replace("\x00", "")[:LONGEST_NOTE].strip()
    try:
        withdrawals.declare(work.tx, visit.order_id, Statement(chosen, key_of(visit, posted), words), visit.now)
    except NothingToWithdraw:
        return order_note(visit, "not-withdrawable", status=409)
    return RedirectResponse(f"{visit.path}/withdraw?done=1", 303, HEADERS)


def offered(visit: Visit, work: Work) -> Offer | None:
    """To withdraw, from when something is packed until the time for it is over."""
    left = {"packed", "shipped", "delivered"}.intersection(visit.parts)
    is_open = left and visiting.withdrawable(work.tx, visit.order_id).open_at(visit.now)
    return Offer("withdraw", f"{visit.path}/withdraw") if is_open else None


def _chosen(visit: Visit, posted: Posted) -> dict[int, int]:
    """The pieces by line as the statement on the page named them."""
    named = {line.number: posted.get(f"line-{line.number}", "") for line in visit.scene.order.lines}
    return {number: int(pieces) for number, pieces in named.items() if pieces.isascii() and pieces.isdigit() and len(pieces) < 10}


def _form(visit: Visit, right: Withdrawable, *, wrong: bool = False) -> Response:
    view, said = visit.scene.view, visit.scene.words["withdraw"]
    customer = visit.scene.order.customer
    reached_at = clean(customer.get("email") or customer.get("phone") or "")
    lines = [(f"line-{number}", view.item_name(number), pieces) for number, pieces in right.pieces.items()]
    return order_page(
        visit, "withdraw.html", said["heading"], status=422 if wrong else 200, wrong=wrong, lines=lines, once=new_form(), name=view.name,
        email=reached_at, until=said["until"].format(day=visit.scene.wording.last_day(right.until)) if right.until else "",
    )
