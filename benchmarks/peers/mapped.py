"""
orderpipe's own tables as classes of SQLAlchemy's ORM, for the peer that is written with it; named are the columns that it reads.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import DeclarativeBase, Mapped, relationship

from orderpipe.store import (
    customers,
    feedback,
    fulfillments,
    intakes,
    journal,
    notifications,
    orders,
    products,
    promises,
    shops,
    stock,
    tables,
    tracking,
)


class Base(DeclarativeBase):
    """Declarative over tables that are there."""

    metadata = tables.metadata


class Shop(Base):
    """A shop."""

    __table__ = shops.shop
    name: Mapped[str]
    mail_from: Mapped[str]
    time_zone: Mapped[str]
    country: Mapped[str]


class Product(Base):
    """An article of a shop."""

    __table__ = products.product
    shop_id: Mapped[int]
    sku: Mapped[str]
    kind: Mapped[str]
    discontinued: Mapped[bool]


class Customer(Base):
    """A customer."""

    __table__ = customers.customer
    name: Mapped[str]
    phone: Mapped[str]
    address: Mapped[Any]


class OrderLine(Base):
    """A line of an order."""

    __table__ = orders.order_line
    number: Mapped[int]
    sku: Mapped[str]
    kind: Mapped[str]
    description: Mapped[str]
    quantity: Mapped[int]
    unit_price: Mapped[Decimal]


class Location(Base):
    """Where stock lies."""

    __table__ = stock.location
    id: Mapped[int]
    shop_id: Mapped[int]
    code: Mapped[str]
    country: Mapped[str]
    carrier: Mapped[str]
    carrier_days: Mapped[dict[str, int]]


class FulfillmentLine(Base):
    """A line of a fulfillment."""

    __table__ = fulfillments.fulfillment_line
    number: Mapped[int]
    sku: Mapped[str]
    quantity: Mapped[int]
    picked: Mapped[int]
    packed: Mapped[int]


class Promise(Base):
    """A date promised."""

    __table__ = promises.promise
    until_at: Mapped[datetime]


class Unit(Base):
    """What an order and a fulfillment have in common."""

    __abstract__ = True
    id: Mapped[int]
    state: Mapped[str]
    waiting_for: Mapped[str | None]
    next_at: Mapped[datetime | None]
    stage_entered_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class Order(Unit):
    """An order."""

    __table__ = orders.orders
    shop_id: Mapped[int]
    reference: Mapped[str]
    lane: Mapped[str]
    language: Mapped[str]
    customer: Mapped[dict[str, Any]]
    ship_to: Mapped[dict[str, Any]]
    payment_method: Mapped[str]
    prepaid: Mapped[bool]
    currency: Mapped[str]
    total: Mapped[Decimal]
    received_at: Mapped[datetime]
    shop: Mapped[Shop] = relationship()
    lines: Mapped[list[OrderLine]] = relationship(order_by=orders.order_line.c.number)
    fulfillments: Mapped[list["Fulfillment"]] = relationship(back_populates="order")


class Fulfillment(Unit):
    """A fulfillment."""

    __table__ = fulfillments.fulfillment
    order_id: Mapped[int]
    location_id: Mapped[int]
    reserved: Mapped[bool]
    order: Mapped[Order] = relationship(back_populates="fulfillments")
    location: Mapped[Location] = relationship()
    lines: Mapped[list[FulfillmentLine]] = relationship(order_by=fulfillments.fulfillment_line.c.number)
    promises: Mapped[list[Promise]] = relationship(order_by=promises.promise.c.revision)


class Stock(Base):
    """What lies of an article at a location."""

    __table__ = stock.stock
    location_id: Mapped[int]
    sku: Mapped[str]
    on_hand: Mapped[int]
    allocated: Mapped[int]


class StockMovement(Base):
    """A movement of stock."""

    __table__ = stock.stock_movement


class Parcel(Base):
    """A parcel on its way."""

    __table__ = tracking.parcel
    fulfillment_id: Mapped[int]
    status: Mapped[str]


class Intake(Base):
    """An order as it came."""

    __table__ = intakes.intake


class Journal(Base):
    """A line of an order's journal."""

    __table__ = journal.journal
    order_id: Mapped[int]
    seq: Mapped[int]


class Feedback(Base):
    """What a customer says of an order when it is done."""

    __table__ = feedback.feedback
    order_id: Mapped[int]
    shop_id: Mapped[int]
    asked_at: Mapped[datetime]
    next_at: Mapped[datetime]


class Notification(Base):
    """A letter."""

    __table__ = notifications.notification
    id: Mapped[int]
    order_id: Mapped[int]
    audience: Mapped[str]
    channel: Mapped[str]
    recipient: Mapped[str]
    kind: Mapped[str]
    language: Mapped[str]
    facts: Mapped[dict[str, Any]]
    dedupe_key: Mapped[str]
    state: Mapped[str]
    attempts: Mapped[int]
    next_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    provider_id: Mapped[str | None]
    sent: Mapped[bytes | None]
