"""
The page on which a customer changes an order: address and quantities, shown as they would be before anything is changed.

What the change would lead to is found out by making it and undoing it, so the page cannot promise what the order will not do.
"""

import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response

from orderpipe.channels.views import OrderView, clean
from orderpipe.domain.amendable import Matter, open_matters
from orderpipe.serving.transactions import InWork, Work
from orderpipe.sideflows import amendments
from orderpipe.sideflows.amendments import Amended, AmendRefused, Asked
from orderpipe.store import amending
from orderpipe.tracking import replies
from orderpipe.tracking.failures import FriendlyRoute
from orderpipe.tracking.forms import ADDRESS, Field, address_fields
from orderpipe.tracking.frames import order_form, order_note, order_page
from orderpipe.tracking.pages import HEADERS, countries_by_name
from orderpipe.tracking.posted import InPosted, Posted
from orderpipe.tracking.replies import Problems, as_number
from orderpipe.tracking.visits import InVisit, Offer, Visit

CUSTOMER = "customer"
"""What the journal calls whoever acts here."""

router = APIRouter(prefix="/t", include_in_schema=False, route_class=FriendlyRoute, default_response_class=HTMLResponse)


@dataclass(frozen=True, slots=True)
class Sheet:
    """What lies before the customer: what of the order can be changed, with the fields for it; `places` by the fields of lines."""

    visit: Visit
    matters: frozenset[Matter]
    address: tuple[Field, ...]
    lines: tuple[Field, ...]
    places: Mapping[str, int]

    @property
    def open(self) -> bool:
        """Whether anything can be changed here at all."""
        return bool(self.address or self.lines)


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing as it is and as it would be."""

    name: str
    before: str
    after: str


def _sheet(visit: InVisit, work: InWork) -> Sheet:
    subject = amending.subject(work.tx, visit.order_id, visit.now)
    assert subject is not None
    order = subject.order
    matters = open_matters(order.state, order.parts, paid=order.paid)
    view = visit.scene.view
    lines = {
        f"line-{line.number}": (place, line) for place, line in enumerate(order.lines) if line.left > 0 and Matter.FEWER in matters
    }
    fields = tuple(Field(name, view.item_name(line.number), "number", str(line.left)) for name, (_, line) in lines.items())
    address = address_fields(visit.scene) if Matter.ADDRESS in matters and order.ship_to else ()
    return Sheet(visit, matters, address, fields, {name: place for name, (place, _) in lines.items()})


InSheet = Annotated[Sheet, Depends(_sheet, scope="function")]


@router.get("/{token}/change")
def show(sheet: InSheet, done: Annotated[str | None, Query(max_length=1)] = None) -> Response:
    """The order as a form, filled in as it stands; afterwards, that it is changed."""
    if done is not None:
        return order_note(sheet.visit, "changed")
    return _form(sheet) if sheet.open else order_note(sheet.visit, "unchangeable", status=409)


@router.post("/{token}/change")
def take(sheet: InSheet, posted: InPosted, work: InWork) -> Response:
    """Show what would be different; once that is confirmed, change it."""
    if not sheet.open:
        return order_note(sheet.visit, "unchangeable", status=409)
    changes = _changes(sheet, posted)
    if not changes:
        return _form(sheet, posted, {"": sheet.visit.scene.words["change"]["nothing"]})
    key = posted.get("key", "")
    sure = re.fullmatch(r"[0-9a-f]{16}", key) is not None
    try:
        done = amendments.amend(
            work.tx, sheet.visit.order_id, Asked(changes, f"page {key}"), by=CUSTOMER, now=sheet.visit.now
        )
    except AmendRefused as refused:
        return _form(sheet, posted, _in_words(refused, sheet))
    if sure:
        work.hints(done.hints, restock=done.stock_freed)
        return RedirectResponse(f"{sheet.visit.path}/change?done=1", 303, HEADERS)
    work.undo()
    return _confirm(sheet, posted, changes, done)


def offered(visit: Visit, work: Work) -> Offer | None:  # noqa: ARG001  # every offer is asked alike
    """To change the order, while address or quantities can be."""
    matters = open_matters(visit.state, visit.parts)
    return Offer("change", f"{visit.path}/change") if matters & {Matter.ADDRESS, Matter.FEWER} else None


def _changes(sheet: Sheet, posted: Posted) -> dict[str, object]:
    """What the customer wrote that is not as it stands; a line emptied or set to 0 goes."""
    changes: dict[str, object] = {
        one.pointer: value for one in sheet.address if (value := posted.get(one.pointer, one.current).strip()) != one.current
    }
    for one in sheet.lines:
        value = as_number(posted.get(one.pointer, one.current))
        pointer = f"/lines/{sheet.places[one.pointer]}"
        if value in ("", "0"):
            changes[pointer] = None
        elif value != one.current:
            changes[f"{pointer}/quantity"] = value
    return changes


def _in_words(refused: AmendRefused, sheet: Sheet) -> Problems:
    """Why the order cannot be changed so, beside the fields."""
    problems = replies.in_words(refused.problems, sheet.visit.scene)
    fields = {f"/lines/{place}": name for name, place in sheet.places.items()}
    return {fields.get(pointer.removesuffix("/quantity"), pointer): words for pointer, words in problems.items()}


def _form(sheet: Sheet, posted: Posted | None = None, problems: Problems | None = None) -> Response:
    visit, known = sheet.visit, {one.pointer for one in (*sheet.address, *sheet.lines)}
    return order_form(
        visit, "change", posted or {}, problems, sheet=sheet, fewer_only=Matter.MORE not in sheet.matters,
        elsewhere=[words for name, words in (problems or {}).items() if name not in known],
        countries=countries_by_name(visit.language, visit.scene.order.country), colon=visit.scene.wording.phrases["words"]["colon"],
    )


def _confirm(sheet: Sheet, posted: Posted, changes: Mapping[str, object], done: Amended) -> Response:
    visit = sheet.visit
    said, wording = visit.scene.words["change"], visit.scene.wording
    fields = {one.pointer: posted.get(one.pointer, one.current) for one in (*sheet.address, *sheet.lines)}
    return order_page(
        visit, "confirm.html", said["sure_heading"], differences=list(_differences(sheet, changes, done)),
        arrives=said["arrives"].format(day=wording.last_day(done.until)) if done.until and not done.question else "",
        question=done.question, fields=fields | {"key": secrets.token_hex(8)},
    )


def _differences(sheet: Sheet, changes: Mapping[str, object], done: Amended) -> Iterator[Difference]:
    scene = sheet.visit.scene
    said = scene.words["change"]
    new: dict[str, Any] = {
        pointer.removeprefix(f"{ADDRESS}/"): value for pointer, value in changes.items() if pointer.startswith(ADDRESS)
    }
    if new:
        address = OrderView(replace(scene.order, ship_to={**(scene.order.ship_to or {}), **new}), scene.wording).address
        yield Difference(scene.words["home"]["address"], scene.view.address, address)
    for one in sheet.lines:
        pointer = f"/lines/{sheet.places[one.pointer]}"
        if pointer in changes or f"{pointer}/quantity" in changes:
            yield Difference(one.label, one.current, str(clean(str(changes.get(f"{pointer}/quantity", said["gone"])))))
    if done.total is not None and scene.order.total not in (None, done.total):
        yield Difference(said["total"], scene.view.total, scene.wording.money(done.total))
