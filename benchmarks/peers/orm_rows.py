"""
What the stages written with the ORM have in common: rows found under a lock, a unit's move with its journal, letters, stock, dates.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any

from sqlalchemy import func, insert, select, tuple_
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session
from sqlalchemy.orm.interfaces import ORMOption

from benchmarks.peers.mapped import (
    Customer,
    Fulfillment,
    FulfillmentLine,
    Journal,
    Location,
    Notification,
    Order,
    OrderLine,
    Product,
    Stock,
    StockMovement,
)
from benchmarks.peers.plain import NoStock
from benchmarks.peers.working_days import after_working_days


def locked_order(tx: Session, order_id: int, state: str, *options: ORMOption) -> Order | None:
    """The order, if it stands in this state, locked until the commit."""
    wanted = select(Order).where(Order.id == order_id, Order.state == state).options(*options)
    return tx.scalar(wanted.with_for_update(of=Order, key_share=True))


def locked_parcel(tx: Session, parcel_id: int, state: str, *options: ORMOption) -> Fulfillment | None:
    """The parcel, if it stands in this state, locked until the commit."""
    wanted = select(Fulfillment).where(Fulfillment.id == parcel_id, Fulfillment.state == state).options(*options)
    return tx.scalar(wanted.with_for_update(of=Fulfillment, key_share=True))


def move(tx: Session, unit: Order | Fulfillment, after: str, now: datetime, *, note: dict[str, str] | None = None, **live: Any) -> None:
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


def tell(tx: Session, order: Order, kind: str, facts: dict[str, Any], now: datetime, *, about: int | None = None) -> Notification:
    """A letter to the customer, once for what it is about: the order, or else the unit named."""
    letter = Notification(
        order_id=order.id, audience="customer", channel="email", recipient=order.customer["email"], kind=kind, language=order.language,
        facts=facts, dedupe_key=f"{kind}:{about or order.id}", next_at=now, created_at=now,
    )
    tx.add(letter)
    return letter


def order_as_given(shop_id: int, raw: bytes, given: dict[str, Any], now: datetime) -> Order:
    """An order as the shop gave it."""
    kind = given.get("type", "standard")
    return Order(
        shop_id=shop_id, reference=given["reference"], content_hash=hashlib.sha256(raw).digest(), type=kind,
        lane="bulk" if kind == "bulk" else "standard", channel="http", language="en", ship_to=given["ship_to"],
        customer={"phone": "", "company": "", **given["customer"]}, payment_method=given["payment_method"], prepaid=False,
        currency=given["currency"], total=Decimal(given["total"]), backorder_policy="as-available", state="received",
        next_at=soon(now), received_at=now, stage_entered_at=now, due_at=after_working_days(now, 2),
    )


def lines_as_given(tx: Session, shop_id: int, given: Sequence[dict[str, Any]]) -> list[OrderLine]:
    """The lines of an order as the shop gave them."""
    kinds = {one.sku: one.kind for one in products(tx, shop_id, [line["sku"] for line in given])}
    return [
        OrderLine(
            number=number, sku=line["sku"], kind=kinds.get(line["sku"], "goods"), description=line["description"],
            quantity=line["quantity"], unit_price=Decimal(line["unit_price"]),
        )
        for number, line in enumerate(given, 1)
    ]


def products(tx: Session, shop_id: int, skus: Sequence[str]) -> Sequence[Product]:
    """Those of these articles that the shop has."""
    return tx.scalars(select(Product).where(Product.shop_id == shop_id, Product.sku.in_(skus))).all()


def remember(tx: Session, order: Order, now: datetime) -> None:
    """Remember the customer as the order gives it; a row that says the same is left alone."""
    email, name, phone = (order.customer[what] for what in ("email", "name", "phone"))
    new = postgresql.insert(Customer).values(
        shop_id=order.shop_id, contact_key=email, name=name, email=email, phone=phone, language="en", address=order.ship_to,
        confirmed_at=now,
    )
    given = {what: new.excluded[what] for what in ("name", "phone", "address")}
    changed = tuple_(Customer.name, Customer.phone, Customer.address).is_distinct_from(tuple_(*given.values()))
    tx.execute(new.on_conflict_do_update(
        index_elements=["shop_id", "contact_key"], set_={**given, "confirmed_at": new.excluded.confirmed_at}, where=changed,
    ))


def set_aside(tx: Session, order: Order) -> list[Stock]:
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


def take_out(tx: Session, parcel: Fulfillment) -> None:
    """The parcel's stock leaves the books."""
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


def movement(parcel: Fulfillment, line: FulfillmentLine, kind: str, cause: str, now: datetime) -> StockMovement:
    """A line's movement of stock: out of the books when shipped."""
    quantity = -line.quantity if kind == "shipped" else line.quantity
    return StockMovement(
        location_id=parcel.location_id, sku=line.sku, kind=kind, quantity=quantity, fulfillment_id=parcel.id, cause=cause, at=now,
    )


def dates(place: Location, country: str, now: datetime) -> tuple[datetime, datetime, list[dict[str, str]]]:
    """From when and until when the parcel will be there, and how that was reckoned."""
    ready = after_working_days(now, 1, hour=8)
    days, distance = place.carrier_days, "same country" if place.country == country else "abroad"
    travel = days["same_country" if place.country == country else "abroad"]
    until = after_working_days(ready, travel, hour=20)
    return until.replace(hour=8), until, [
        {"step": "prepare", "until": ready.isoformat(), "detail": f"picking and packing: a working day at {place.code}"},
        {"step": "carrier", "until": until.isoformat(), "detail": f"{place.carrier}, {distance}: {travel} working days"},
    ]


def lines_as_told(parcel: Fulfillment) -> list[dict[str, int]]:
    """The parcel's lines as letters tell them."""
    return [{"number": line.number, "quantity": line.quantity} for line in parcel.lines]


def soon(now: datetime) -> datetime:
    """When the unit would be looked at again if its next stage did not come."""
    return now + timedelta(minutes=1)
