"""
The stages as one writes them with SQLAlchemy's ORM: a session and a commit each, rows loaded under a lock, decided on in Python, written.

They write the same rows as the hand-tuned ones of `plain.py` and leave out the same; engine and pool are orderpipe's own.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload, sessionmaker

from benchmarks.peers.mapped import Feedback, Fulfillment, FulfillmentLine, Intake, Journal, Order, Parcel, Promise
from benchmarks.peers.orm_rows import (
    dates,
    lines_as_given,
    lines_as_told,
    locked_order,
    locked_parcel,
    move,
    movement,
    order_as_given,
    products,
    remember,
    set_aside,
    soon,
    take_out,
    tell,
)
from benchmarks.peers.plain import CARRIER_AGAIN, SCANS_AGAIN, NotInOrder
from benchmarks.peers.statements import PAGE_LINK
from benchmarks.peers.working_days import after_working_days
from orderpipe.settings import settings
from orderpipe.stages.ship import sscc, tracking_number
from orderpipe.store.database import Database, connect

_Session = sessionmaker(expire_on_commit=False)


def session() -> Session:
    """A session on this process's engine."""
    return _Session(bind=_engine())


def disconnect() -> None:
    """Close this process's connections; the next session opens another."""
    _engine().dispose()


def record(shop_id: int, raw: bytes) -> tuple[int, int]:
    """Take an order down as it came; returns its id and that of the letter of acknowledgement."""
    now, given = datetime.now(UTC), json.loads(raw)
    until = {what: after_working_days(now, days) for what, days in (("confirm", 1), ("ship", 2), ("complete", 10))}
    with session() as tx, tx.begin():
        order = order_as_given(shop_id, raw, given, now)
        order.complete_by = until["complete"]
        order.lines = lines_as_given(tx, shop_id, given["lines"])
        tx.add(order)
        tx.flush()
        source = hashlib.sha256(raw).hexdigest()
        tx.add(Intake(
            shop_id=shop_id, channel="http", source_id=source, parser="json-order", raw=raw, state="recorded", received_at=now,
            order_id=order.id,
        ))
        note = {"by": "", "channel": "http"}
        tx.add(Journal(order_id=order.id, seq=1, at=now, actor="intake", what="order.received", after="received", note=note))
        targets = [{"what": what, "until": at.isoformat()} for what, at in until.items()]
        letter = tell(tx, order, "acknowledgement", {"targets": targets}, now)
    return order.id, letter.id


def validate(order_id: int) -> None:
    """What is required is there and adds up; remember the customer. Raises NotInOrder."""
    now = datetime.now(UTC)
    with session() as tx, tx.begin():
        order = locked_order(tx, order_id, "received", selectinload(Order.lines))
        if order is None:
            return
        known = {one.sku for one in products(tx, order.shop_id, [line.sku for line in order.lines]) if not one.discontinued}
        unknown = [line.sku for line in order.lines if line.sku not in known]
        missing = [name for name in ("line1", "city", "postal_code", "country") if not order.ship_to.get(name)]
        worth = sum(line.unit_price * line.quantity for line in order.lines)
        nobody = not order.customer["name"] or "@" not in order.customer["email"]
        if missing or not order.lines or unknown or nobody or order.total != worth:
            raise NotInOrder(f"Order {order_id} is not in order; missing in its address: {missing}, unknown articles: {unknown}.")
        remember(tx, order, now)
        move(tx, order, "validated", now, next_at=soon(now), due_at=after_working_days(now, 2))


def allocate(order_id: int) -> None:
    """Set stock aside for every line, if there is enough, and plan the parcel. Raises NoStock."""
    now = datetime.now(UTC)
    with session() as tx, tx.begin():
        order = locked_order(tx, order_id, "validated", selectinload(Order.lines))
        if order is None:
            return
        taken = set_aside(tx, order)
        parcel = Fulfillment(
            id=order.id * 1000 + 1, order_id=order.id, shop_id=order.shop_id, lane=order.lane, kind="parcel", reserved=True,
            location_id=taken[0].location_id, state="planned", waiting_for="promise", next_at=soon(now), stage_entered_at=now,
            due_at=after_working_days(now, 3),
            lines=[FulfillmentLine(number=line.number, sku=line.sku, quantity=line.quantity) for line in order.lines],
        )
        tx.add(parcel)
        tx.add_all(movement(parcel, line, "allocated", "order", now) for line in parcel.lines)
        move(tx, order, "allocated", now, next_at=soon(now), due_at=after_working_days(now, 2))


def promise(order_id: int) -> int:
    """Say when the parcel will be there, with the arithmetic kept; returns the letter's id."""
    now = datetime.now(UTC)
    with session() as tx, tx.begin():
        parts = selectinload(Order.fulfillments).options(joinedload(Fulfillment.location), selectinload(Fulfillment.lines))
        order = locked_order(tx, order_id, "allocated", parts)
        if order is None:
            return 0
        [parcel] = order.fulfillments
        begin, until, arithmetic = dates(parcel.location, order.ship_to["country"], now)
        tx.add(Promise(
            fulfillment_id=parcel.id, revision=1, from_at=begin, until_at=until, arithmetic=arithmetic, reason="first promise", at=now,
        ))
        move(
            tx, order, "promised", now, next_at=until + timedelta(days=1), waiting_for="fulfillments", note={"until": until.isoformat()},
        )
        part = {"from": begin.isoformat(), "until": until.isoformat(), "kind": "parcel", "lines": lines_as_told(parcel)}
        letter = tell(tx, order, "delivery-date", {"until": until.isoformat(), "parts": [part]}, now)
    return letter.id


def release(order_id: int) -> None:
    """Hand the promised and paid parcel to the warehouse; from now on it waits for the picker."""
    now = datetime.now(UTC)
    with session() as tx, tx.begin():
        parcel = locked_parcel(tx, order_id * 1000 + 1, "planned", joinedload(Fulfillment.order, innerjoin=True))
        if parcel and parcel.reserved and parcel.order.state == "promised" and not parcel.order.prepaid:
            due = after_working_days(now, 2)
            move(tx, parcel, "released", now, next_at=now + SCANS_AGAIN, due_at=due, waiting_for="pick-scans")


def pick(parcel_id: int) -> None:
    """Picked when every piece is scanned."""
    now = datetime.now(UTC)
    with session() as tx, tx.begin():
        parcel = locked_parcel(tx, parcel_id, "released", selectinload(Fulfillment.lines))
        if parcel and all(line.picked >= line.quantity for line in parcel.lines):
            move(tx, parcel, "picked", now, next_at=soon(now), due_at=after_working_days(now, 2))


def pack(parcel_id: int) -> None:
    """Packed when every piece is in the parcel."""
    now = datetime.now(UTC)
    with session() as tx, tx.begin():
        parcel = locked_parcel(tx, parcel_id, "picked", selectinload(Fulfillment.lines))
        if parcel and all(line.packed >= line.quantity for line in parcel.lines):
            move(tx, parcel, "packed", now, next_at=soon(now), due_at=after_working_days(now, 2))


def ship(parcel_id: int) -> int:
    """The parcel leaves with its label, its stock leaves the books; returns the letter's id."""
    now, number = datetime.now(UTC), tracking_number(parcel_id)
    with session() as tx, tx.begin():
        parcel = locked_parcel(
            tx, parcel_id, "packed", joinedload(Fulfillment.order, innerjoin=True), joinedload(Fulfillment.location),
            selectinload(Fulfillment.lines), selectinload(Fulfillment.promises),
        )
        if parcel is None:
            return 0
        take_out(tx, parcel)
        tx.add_all(movement(parcel, line, "shipped", "shipped", now) for line in parcel.lines)
        carrier, until = parcel.location.carrier, parcel.promises[-1].until_at
        tx.add(Parcel(
            fulfillment_id=parcel.id, sscc=sscc(parcel.id), carrier=carrier, tracking_number=number, status="shipped",
            shipped_at=now, status_at=now,
        ))
        move(tx, parcel, "shipped", now, next_at=now + CARRIER_AGAIN, due_at=after_working_days(now, 7), waiting_for="carrier")
        facts = {"tracking_number": number, "carrier": carrier, "until": until.isoformat(), "lines": lines_as_told(parcel)}
        letter = tell(tx, parcel.order, "shipped", facts, now, about=parcel.id)
    return letter.id


def deliver(parcel_id: int) -> None:
    """Delivered, when the carrier says so."""
    now = datetime.now(UTC)
    with session() as tx, tx.begin():
        parcel = locked_parcel(tx, parcel_id, "shipped")
        if parcel and tx.scalar(select(Parcel.status).where(Parcel.fulfillment_id == parcel_id)) == "delivered":
            move(tx, parcel, "delivered", now)


def complete(order_id: int) -> int:
    """Done when nothing is on its way any more; returns the id of the letter of thanks."""
    now = datetime.now(UTC)
    with session() as tx, tx.begin():
        order = locked_order(tx, order_id, "promised", selectinload(Order.fulfillments))
        if order is None or any(one.ended_at is None for one in order.fulfillments):
            return 0
        move(tx, order, "completed", now)
        tx.add(Feedback(order_id=order.id, shop_id=order.shop_id, asked_at=now, next_at=now + timedelta(days=7)))
        letter = tell(tx, order, "thank-you", {"delivered_on": now.isoformat(), "lines": None, "page_link": PAGE_LINK}, now)
    return letter.id


STAGES: tuple[Callable[[int], int | None], ...] = (
    validate, allocate, promise, release, pick, pack, ship, deliver, complete,
)
"""As those of `plain.py`: for an order's id, from picking to delivering for the parcel's; the letter to send then, if there is one."""


def _engine() -> Database:
    chosen = settings()
    return connect(chosen.database_url, chosen.database_pool)
