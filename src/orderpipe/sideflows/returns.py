"""
Returns: authorised for what was delivered, received by scan, inspected, and put back into stock or written off.

The customer is told when the goods may come, when they came, and when they were looked at.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from orderpipe.domain.cases import CaseRefused, Cause, Channel, Kind, Pieces, State
from orderpipe.domain.decisions import Tell
from orderpipe.domain.links import page_link
from orderpipe.domain.orders import public_id
from orderpipe.domain.receipts import Receipt
from orderpipe.domain.returns import (
    VALID_FOR,
    Inspection,
    Item,
    Return,
    ReturnRefused,
    ReturnScan,
    ReturnState,
    Scanned,
    UnknownReturn,
    check_authorisation,
    inspect,
    receive,
    state_of,
)
from orderpipe.settings import settings
from orderpipe.sideflows import cases, receipts
from orderpipe.store import journal, link_keys, returns, scans, units
from orderpipe.store.case_opening import Opened, Opening
from orderpipe.store.journal import Entry
from orderpipe.store.metadata import Tx
from orderpipe.store.telling import tell


def authorise(tx: Tx, case_id: int, lines: Sequence[Pieces], *, by: str, now: datetime) -> Return:
    """Let these pieces of the case's order come back. Raises UnknownCase, CaseRefused for a closed case, ReturnRefused."""
    case = cases.claimed(tx, case_id)
    if case.state == State.CLOSED:
        raise CaseRefused(f"Case {case.number} is closed.", case.state, case.allowed)
    check_authorisation(lines, returns.returnable(tx, case.order_id))
    return_id = returns.authorise(tx, case_id, case.order_id, lines, by=by, now=now, expires_at=now + VALID_FOR)
    made = returns.of_ids(tx, [return_id])[return_id]
    link = f"{page_link(link_keys.signer(tx, now), settings().public_url, case.order_id, now)}/return/{made.number}"
    told = _told(made) | {"case": case.number, "until": made.expires_at, "label_link": link}
    letter = Tell("return-authorised", told, f"return-authorised:{return_id}")
    _note(tx, made, "return.authorised", by=by, now=now, letters=[letter])
    return made


@dataclass(frozen=True, slots=True)
class Declared:
    """What declaring a withdrawal or a return led to; no return where nothing of it was delivered."""

    opened: Opened
    coming: Return | None


def send_back(tx: Tx, opening: Opening, *, now: datetime) -> Declared:
    """Open a case about goods that come back and authorise its lines at once. Raises ReturnRefused; then undo it all."""
    opened = cases.open_case(tx, opening, now=now)
    if not opened.new:
        found = [one for one in returns.of_order(tx, opening.order_id) if one.case_id == opened.case_id]
        return Declared(opened, found[0] if found else None)
    coming = authorise(tx, opened.case_id, opening.lines, by=opening.by, now=now) if opening.lines else None
    return Declared(opened, coming)


def declare_withdrawal(
    tx: Tx, order_id: int, *, text: str, by: str, channel: Channel, now: datetime, lines: Sequence[Pieces] = ()
) -> Declared:
    """
    The customer withdraws from the contract: a case of its own, once per order, and a return for what was delivered (or these pieces).

    What has not left the house is for the cancellation. Raises ReturnRefused for pieces that were not delivered.
    """
    units.lock_orders(tx, [order_id])
    wanted = tuple(lines) or tuple(Pieces(*one) for one in returns.returnable(tx, order_id).items())
    opening = Opening(
        order_id, Kind.WITHDRAWAL, text, f"withdrawal:{order_id}", Cause.CHANGED_MIND, wanted, by=by, channel=channel
    )
    return send_back(tx, opening, now=now)


def record_scans(tx: Tx, return_id: int, sent: Sequence[ReturnScan], *, by: str, now: datetime) -> list[Scanned]:
    """Scans of what came back; a refused one is kept with its reason, one sent before counts once. Raises UnknownReturn."""
    held = claimed(tx, return_id)
    known = returns.known_scans(tx, return_id, {one.client_id for one in sent})
    meanings = scans.meanings(tx, held.shop_id, {one.barcode for one in sent})
    outcomes, items = receive(sent, held.items, meanings, known)
    fresh = [one for one in outcomes if not one.repeated]
    returns.keep_scans(tx, return_id, fresh, now)
    counted = sum(one.pieces for one in fresh if one.code is None)
    if counted:
        _save(tx, held, items, "received", pieces=counted, by=by, now=now)
    return outcomes


def record_inspection(tx: Tx, return_id: int, found: Sequence[Inspection], *, by: str, now: datetime) -> Return:
    """
    Pieces that came back go into stock again, or are written off; each is a movement. Raises UnknownReturn, ReturnRefused.

    Whoever waits for the stock is woken by the restock job.
    """
    held = claimed(tx, return_id)
    items = inspect(found, held.items)
    skus = {one.number: one.sku for one in held.items}
    postings = [one for inspected in found for one in _postings(inspected, skus[inspected.number], held)]
    refused = [one for one in receipts.post_all(tx, postings, shop_id=held.shop_id, by=by, now=now) if one.code]
    if refused:
        raise ReturnRefused(refused[0].sentence, refused[0].code or "")
    pieces = sum(one.restock + one.write_off for one in found)
    return _save(tx, held, items, "inspected", pieces=pieces, by=by, now=now)


def _postings(one: Inspection, sku: str, held: Return) -> list[Receipt]:
    """Everything that came is received; what is of no more use is taken off again."""
    came = one.restock + one.write_off
    made = [Receipt(held.location, sku, came, f"return {held.number}")]
    return [*made, Receipt(held.location, sku, -one.write_off, f"written off, return {held.number}")] if one.write_off else made


def claimed(tx: Tx, return_id: int) -> Return:
    """The return, with its order's lock. Raises UnknownReturn."""
    found = returns.order_of(tx, return_id)
    if found is None:
        raise UnknownReturn("There is no such return.")
    units.lock_orders(tx, [found[1]])
    return returns.of_ids(tx, [return_id])[return_id]


def _save(tx: Tx, held: Return, items: Sequence[Item], step: str, *, pieces: int, by: str, now: datetime) -> Return:
    state = state_of(items, expired=held.state == ReturnState.EXPIRED)
    returns.save(tx, held.id, state, items)
    after = returns.of_ids(tx, [held.id])[held.id]
    # of many scans of one parcel the customer hears once, and again when everything was looked at
    due = state == ReturnState.INSPECTED if step == "inspected" else held.state != ReturnState.RECEIVED
    letters = [Tell("return-progress", _told(after) | {"step": step}, f"return-{step}:{held.id}")] if due else []
    _note(tx, after, f"return.{step}", by=by, now=now, letters=letters, pieces=pieces)
    return after


def _told(one: Return) -> dict[str, object]:
    return {"number": one.number, "lines": [{"number": item.number, "quantity": item.quantity} for item in one.items]}


def _note(
    tx: Tx, one: Return, what: str, *, by: str, now: datetime, letters: Sequence[Tell], pieces: int | None = None
) -> None:
    note = {"return": one.number, "case": public_id("case", one.case_id), "pieces": pieces}
    journal.write(tx, [Entry(one.order_id, what, note=note)], now=now, actor=by)
    tell(tx, [(one.order_id, letter) for letter in letters], office=settings().office_email, by=by, now=now)
