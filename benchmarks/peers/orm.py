"""
The stages as one writes them with SQLAlchemy's ORM: a session and a commit each, rows loaded under a lock, decided on in Python, written.

They write the same rows as the hand-tuned ones of `plain.py` and leave out the same; engine and pool are orderpipe's own.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any

from sqlalchemy import func, insert, select, tuple_
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session, joinedload, selectinload, sessionmaker
from sqlalchemy.orm.interfaces import ORMOption

from benchmarks.peers.mapped import (
    Customer,
    Fulfillment,
    FulfillmentLine,
    Intake,
    Journal,
    Location,
    Notification,
    Order,
    OrderLine,
    Parcel,
    Product,
    Promise,
    Stock,
    StockMovement,
)
from benchmarks.peers.plain import CARRIER_AGAIN, SCANS_AGAIN, NoStock, NotInOrder
from benchmarks.peers.working_days import after_working_days
from orderpipe.settings import settings
from orderpipe.stages.ship import sscc, tracking_number
from orderpipe.store.database import connect

_Session = sessionmaker(expire_on_commit=False)


def session() -> Session:
    """A session on this process's engine."""
    return _Session(bind=connect(settings().database_url))


def disconnect() -> None:
    """Close this process's connections; the next session opens another."""
    connect(settings().database_url).dispose()


def record(shop_id: int, raw: bytes) -> tuple[int, int]:
    """Take an order down as it came; returns its id and that of the letter of acknowledgement."""
    now, given = datetime.now(UTC), json.loads(raw)
    until = {what: after_working_days(now, days) for what, days in (("confirm", 1), ("ship", 2), ("complete", 10))}
    with session() as tx, tx.begin():
        order = _order(shop_id, raw, given, now)
        order.complete_by = until["complete"]
        order.lines = _lines(tx, shop_id, given["lines"])
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
        letter = _tell(tx, order, "acknowledgement", {"targets": targets}, now)
    return order.id, letter.id


def validate(order_id: int) -> None:
    """What is required is there and adds up; remember the customer. Raises NotInOrder."""
    now = datetime.now(UTC)
    with session() as tx, tx.begin():
        order = _locked_order(tx, order_id, "received", selectinload(Order.lines))
        if order is None:
            return
        known = {one.sku for one in _products(tx, order.shop_id, [line.sku for line in order.lines]) if not one.discontinued}
        unknown = [line.sku for line in order.lines if line.sku not in known]
        missing = [name for name in ("line1", "city", "postal_code", "country") if not order.ship_to.get(name)]
        worth = sum(line.unit_price * line.quantity for line in order.lines)
        nobody = not order.customer["name"] or "@" not in order.customer["email"]
        if missing or not order.lines or unknown or nobody or order.total != worth:
            raise NotInOrder(f"Order {order_id} is not in order; missing in its address: {missing}, unknown articles: {unknown}.")
        _remember(tx, order, now)
        _move(tx, order, "validated", now, next_at=_soon(now), due_at=after_working_days(now, 2))


def allocate(order_id: int) -> None:
    """Set stock aside for every line, if there is enough, and plan the parcel. Raises NoStock."""
    now = datetime.now(UTC)
    with session() as tx, tx.begin():
        order = _locked_order(tx, order_id, "validated", selectinload(Order.lines))
        if order is None:
            return
        taken = _set_aside(tx, order)
        parcel = Fulfillment(
            id=order.id * 1000 + 1, order_id=order.id, shop_id=order.shop_id, lane=order.lane, kind="parcel", reserved=True,
            location_id=taken[0].location_id, state="planned", waiting_for="promise", next_at=_soon(now), stage_entered_at=now,
            due_at=after_working_days(now, 3),
            lines=[FulfillmentLine(number=line.number, sku=line.sku, quantity=line.quantity) for line in order.lines],
        )
        tx.add(parcel)
        tx.add_all(_movement(parcel, line, "allocated", "order", now) for line in parcel.lines)
        _move(tx, order, "allocated", now, next_at=_soon(now), due_at=after_working_days(now, 2))


def promise(order_id: int) -> int:
    """Say when the parcel will be there, with the arithmetic kept; returns the letter's id."""
    now = datetime.now(UTC)
    with session() as tx, tx.begin():
        parts = selectinload(Order.fulfillments).options(joinedload(Fulfillment.location), selectinload(Fulfillment.lines))
        order = _locked_order(tx, order_id, "allocated", parts)
        if order is None:
            return 0
        [parcel] = order.fulfillments
        begin, until, arithmetic = _dates(parcel.location, order.ship_to["country"], now)
        tx.add(Promise(
            fulfillment_id=parcel.id, revision=1, from_at=begin, until_at=until, arithmetic=arithmetic, reason="first promise", at=now,
        ))
        _move(
            tx, order, "promised", now, next_at=until + timedelta(days=1), waiting_for="fulfillments", note={"until": until.isoformat()},
        )
        part = {"from": begin.isoformat(), "until": until.isoformat(), "kind": "parcel", "lines": _numbers(parcel)}
        letter = _tell(tx, order, "delivery-date", {"until": until.isoformat(), "parts": [part]}, now)
    return letter.id


def release(order_id: int) -> None:
    """Hand the promised and paid parcel to the warehouse; from now on it waits for the picker."""
    now = datetime.now(UTC)
    with session() as tx, tx.begin():
        parcel = _locked_parcel(tx, order_id * 1000 + 1, "planned", joinedload(Fulfillment.order, innerjoin=True))
        if parcel and parcel.reserved and parcel.order.state == "promised" and not parcel.order.prepaid:
            due = after_working_days(now, 2)
            _move(tx, parcel, "released", now, next_at=now + SCANS_AGAIN, due_at=due, waiting_for="pick-scans")


def pick(parcel_id: int) -> None:
    """Picked when every piece is scanned."""
    now = datetime.now(UTC)
    with session() as tx, tx.begin():
        parcel = _locked_parcel(tx, parcel_id, "released", selectinload(Fulfillment.lines))
        if parcel and all(line.picked >= line.quantity for line in parcel.lines):
            _move(tx, parcel, "picked", now, next_at=_soon(now), due_at=after_working_days(now, 2))


def pack(parcel_id: int) -> None:
    """Packed when every piece is in the parcel."""
    now = datetime.now(UTC)
    with session() as tx, tx.begin():
        parcel = _locked_parcel(tx, parcel_id, "picked", selectinload(Fulfillment.lines))
        if parcel and all(line.packed >= line.quantity for line in parcel.lines):
            _move(tx, parcel, "packed", now, next_at=_soon(now), due_at=after_working_days(now, 2))


def ship(parcel_id: int) -> int:
    """The parcel leaves with its label, its stock leaves the books; returns the letter's id."""
    now, number = datetime.now(UTC), tracking_number(parcel_id)
    with session() as tx, tx.begin():
        parcel = _locked_parcel(
            tx, parcel_id, "packed", joinedload(Fulfillment.order, innerjoin=True), joinedload(Fulfillment.location),
            selectinload(Fulfillment.lines), selectinload(Fulfillment.promises),
        )
        if parcel is None:
            return 0
        _take_out(tx, parcel)
        tx.add_all(_movement(parcel, line, "shipped", "shipped", now) for line in parcel.lines)
        carrier, until = parcel.location.carrier, parcel.promises[-1].until_at
        tx.add(Parcel(
            fulfillment_id=parcel.id, sscc=sscc(parcel.id), carrier=carrier, tracking_number=number, status="shipped",
            shipped_at=now, status_at=now,
        ))
        _move(tx, parcel, "shipped", now, next_at=now + CARRIER_AGAIN, due_at=after_working_days(now, 7), waiting_for="carrier")
        facts = {"tracking_number": number, "carrier": carrier, "until": until.isoformat(), "lines": _numbers(parcel)}
        letter = _tell(tx, parcel.order, "shipped", facts, now, about=parcel.id)
    return letter.id


def deliver(parcel_id: int) -> None:
    """Delivered, when the carrier says so."""
    now = datetime.now(UTC)
    with session() as tx, tx.begin():
        parcel = _locked_parcel(tx, parcel_id, "shipped")
        if parcel and tx.scalar(select(Parcel.status).where(Parcel.fulfillment_id == parcel_id)) == "delivered":
            _move(tx, parcel, "delivered", now)


def complete(order_id: int) -> int:
    """Done when nothing is on its way any more; returns the id of the letter of thanks."""
    now = datetime.now(UTC)
    with session() as tx, tx.begin():
        order = _locked_order(tx, order_id, "promised", selectinload(Order.fulfillments))
        if order is None or any(one.ended_at is None for one in order.fulfillments):
            return 0
        _move(tx, order, "completed", now)
        letter = _tell(tx, order, "thank-you", {"delivered_on": now.isoformat(), "lines": None}, now)
    return letter.id


STAGES: tuple[Callable[[int], int | None], ...] = (
    validate, allocate, promise, release, pick, pack, ship, deliver, complete,
)
"""As those of `plain.py`: for an order's id, from picking to delivering for the parcel's; the letter to send then, if there is one."""


def _locked_order(tx: Session, order_id: int, state: str, *options: ORMOption) -> Order | None:
    wanted = select(Order).where(Order.id == order_id, Order.state == state).options(*options)
    return tx.scalar(wanted.with_for_update(of=Order, key_share=True))


def _locked_parcel(tx: Session, parcel_id: int, state: str, *options: ORMOption) -> Fulfillment | None:
    wanted = select(Fulfillment).where(Fulfillment.id == parcel_id, Fulfillment.state == state).options(*options)
    return tx.scalar(wanted.with_for_update(of=Fulfillment, key_share=True))


def _move(tx: Session, unit: Order | Fulfillment, after: str, now: datetime, *, note: dict[str, str] | None = None, **live: Any) -> None:
    """Into the next state: without a time when it is looked at again, it has ended. The journal tells how long the last one took."""
    order_id, parcel_id = (unit.id, None) if isinstance(unit, Order) else (unit.order_id, unit.id)
    tx.execute(insert(Journal).values(
        order_id=order_id, seq=select(func.max(Journal.seq) + 1).where(Journal.order_id == order_id).scalar_subquery(), at=now,
        actor="stage", what=f"{'fulfillment' if parcel_id else 'order'}.{after}", fulfillment_id=parcel_id, before=unit.state, after=after,
        spent_seconds=(now - unit.stage_entered_at).total_seconds(),
        target_seconds=(unit.due_at - unit.stage_entered_at).total_seconds() if unit.due_at else None, **({"note": note} if note else {}),
    ))
    unit.state, unit.stage_entered_at = after, now
    unit.next_at, unit.due_at, unit.waiting_for = live.get("next_at"), live.get("due_at"), live.get("waiting_for")
    unit.ended_at = None if unit.next_at else now


def _tell(tx: Session, order: Order, kind: str, facts: dict[str, Any], now: datetime, *, about: int | None = None) -> Notification:
    letter = Notification(
        order_id=order.id, audience="customer", channel="email", recipient=order.customer["email"], kind=kind, language=order.language,
        facts=facts, dedupe_key=f"{kind}:{about or order.id}", next_at=now, created_at=now,
    )
    tx.add(letter)
    return letter


def _order(shop_id: int, raw: bytes, given: dict[str, Any], now: datetime) -> Order:
    kind = given.get("type", "standard")
    return Order(
        shop_id=shop_id, reference=given["reference"], content_hash=hashlib.sha256(raw).digest(), type=kind,
        lane="bulk" if kind == "bulk" else "standard", channel="http", language="en", ship_to=given["ship_to"],
        customer={"phone": "", "company": "", **given["customer"]}, payment_method=given["payment_method"], prepaid=False,
        currency=given["currency"], total=Decimal(given["total"]), backorder_policy="as-available", state="received",
        next_at=_soon(now), received_at=now, stage_entered_at=now, due_at=after_working_days(now, 2),
    )


def _lines(tx: Session, shop_id: int, given: Sequence[dict[str, Any]]) -> list[OrderLine]:
    kinds = {one.sku: one.kind for one in _products(tx, shop_id, [line["sku"] for line in given])}
    return [
        OrderLine(
            number=number, sku=line["sku"], kind=kinds.get(line["sku"], "goods"), description=line["description"],
            quantity=line["quantity"], unit_price=Decimal(line["unit_price"]),
        )
        for number, line in enumerate(given, 1)
    ]


def _products(tx: Session, shop_id: int, skus: Sequence[str]) -> Sequence[Product]:
    return tx.scalars(select(Product).where(Product.shop_id == shop_id, Product.sku.in_(skus))).all()


def _remember(tx: Session, order: Order, now: datetime) -> None:
    email, name, phone = (order.customer[what] for what in ("email", "name", "phone"))
    new = postgresql.insert(Customer).values(
        shop_id=order.shop_id, contact_key=email, name=name, email=email, phone=phone, language="en", address=order.ship_to, confirmed_at=now,
    )
    given = {what: new.excluded[what] for what in ("name", "phone", "address")}
    changed = tuple_(Customer.name, Customer.phone, Customer.address).is_distinct_from(tuple_(*given.values()))
    tx.execute(new.on_conflict_do_update(
        index_elements=["shop_id", "contact_key"], set_={**given, "confirmed_at": new.excluded.confirmed_at}, where=changed,
    ))


def _set_aside(tx: Session, order: Order) -> list[Stock]:
    """The stock of the first location that has enough of everything. Raises NoStock."""
    wanted = Counter[str]()
    for line in order.lines:
        wanted[line.sku] += line.quantity
    here = select(Location.id).where(Location.shop_id == order.shop_id)
    for _, rows in groupby(_locked_stock(tx, Stock.location_id.in_(here), wanted), key=lambda one: one.location_id):
        found = list(rows)
        if len(found) == len(wanted) and all(one.on_hand - one.allocated >= wanted[one.sku] for one in found):
            for one in found:
                one.allocated += wanted[one.sku]
            return found
    raise NoStock(f"Order {order.id} wants {dict(wanted)}, and no location has enough.")


def _take_out(tx: Session, parcel: Fulfillment) -> None:
    leaving = Counter[str]()
    for line in parcel.lines:
        leaving[line.sku] += line.quantity
    for one in _locked_stock(tx, Stock.location_id == parcel.location_id, leaving):
        one.allocated -= leaving[one.sku]
        one.on_hand -= leaving[one.sku]


def _locked_stock(tx: Session, where: Any, skus: Counter[str]) -> Sequence[Stock]:
    """In the order in which everybody locks, so that no two wait for each other."""
    wanted = select(Stock).where(where, Stock.sku.in_(skus)).order_by(Stock.location_id, Stock.sku)
    return tx.scalars(wanted.with_for_update(of=Stock, key_share=True)).all()


def _movement(parcel: Fulfillment, line: FulfillmentLine, kind: str, cause: str, now: datetime) -> StockMovement:
    quantity = -line.quantity if kind == "shipped" else line.quantity
    return StockMovement(
        location_id=parcel.location_id, sku=line.sku, kind=kind, quantity=quantity, fulfillment_id=parcel.id, cause=cause, at=now,
    )


def _dates(place: Location, country: str, now: datetime) -> tuple[datetime, datetime, list[dict[str, str]]]:
    """From when and until when the parcel will be there, and how that was reckoned."""
    ready = after_working_days(now, 1, hour=8)
    days, distance = place.carrier_days, "same country" if place.country == country else "abroad"
    travel = days["same_country" if place.country == country else "abroad"]
    until = after_working_days(ready, travel, hour=20)
    return until.replace(hour=8), until, [
        {"step": "prepare", "until": ready.isoformat(), "detail": f"picking and packing: a working day at {place.code}"},
        {"step": "carrier", "until": until.isoformat(), "detail": f"{place.carrier}, {distance}: {travel} working days"},
    ]


def _numbers(parcel: Fulfillment) -> list[dict[str, int]]:
    return [{"number": line.number, "quantity": line.quantity} for line in parcel.lines]


def _soon(now: datetime) -> datetime:
    return now + timedelta(minutes=1)
