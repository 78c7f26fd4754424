"""
Returns: authorised for what was delivered, received by scan, inspected, and put back into stock or written off.

The customer is told when the goods may come, when they came, and when they were looked at.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from orderpipe.domain.cases import CaseRefused, Pieces, State, case_number
from orderpipe.domain.decisions import Audience, Tell
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
from orderpipe.sideflows.hearing import Heard, hear
from orderpipe.store import journal, link_keys, returns, scans, units
from orderpipe.store.case_opening import Opening
from orderpipe.store.journal import Entry
from orderpipe.store.metadata import Tx
from orderpipe.store.telling import tell


def authorise(tx: Tx, case_id: int, lines: Sequence[Pieces], *, by: str, now: datetime) -> Return:
    """Let these pieces of the case's order come back, and tell. Raises UnknownCase, CaseRefused for a closed case, ReturnRefused."""
    made = allow(tx, case_id, lines, by=by, now=now)
    told = _told(made) | {"case": case_number(case_id)} | label(tx, made, now)
    letter = Tell("return-authorised", told, f"return-authorised:{made.id}")
    tell(tx, [(made.order_id, letter)], office=settings().office_email, by=by, now=now)
    return made


def allow(tx: Tx, case_id: int, lines: Sequence[Pieces], *, by: str, now: datetime) -> Return:
    """Let these pieces come back, of which the customer hears by another letter. Raises what `authorise` raises."""
    case = cases.claimed(tx, case_id)
    if case.state == State.CLOSED:
        raise CaseRefused(f"Case {case.number} is closed.", case.state, case.allowed)
    check_authorisation(lines, returns.returnable(tx, case.order_id))
    return_id = returns.authorise(tx, case_id, case.order_id, lines, by=by, now=now, expires_at=now + VALID_FOR)
    made = returns.of_ids(tx, [return_id])[return_id]
    _note(tx, made, "return.authorised", by=by, now=now)
    return made


def label(tx: Tx, made: Return, now: datetime) -> dict[str, object]:
    """What a letter says of the parcel: the return's number, until when it is expected, and where the label is."""
    page = page_link(link_keys.signer(tx, now), settings().public_url, made.order_id, now)
    return {"number": made.number, "until": made.expires_at, "label_link": f"{page}/return/{made.number}"}


@dataclass(frozen=True, slots=True)
class Declared:
    """The case of something that comes back, and its return."""

    opened: Heard
    coming: Return


def send_back(tx: Tx, said: Opening, *, now: datetime) -> Declared:
    """The customer sends these lines back: they may come at once, and one letter says so. Raises ReturnRefused; then undo it all."""
    heard = hear(tx, replace(said, untold=frozenset({Audience.CUSTOMER})), now=now)
    if heard.again:
        return Declared(heard, [one for one in returns.of_order(tx, said.order_id) if one.case_id == heard.case_id][-1])
    return Declared(heard, authorise(tx, heard.case_id, said.lines, by=said.by, now=now))


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
    tx: Tx, one: Return, what: str, *, by: str, now: datetime, letters: Sequence[Tell] = (), pieces: int | None = None
) -> None:
    note = {"return": one.number, "case": public_id("case", one.case_id), "pieces": pieces}
    journal.write(tx, [Entry(one.order_id, what, note=note)], now=now, actor=by)
    tell(tx, [(one.order_id, letter) for letter in letters], office=settings().office_email, by=by, now=now)
