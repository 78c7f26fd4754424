"""
The stages as one would write them by hand for one order at a time: one statement and one commit a stage, no batches, no framework.

All peers share it. It writes the same rows as orderpipe, decides what an ordinary order asks for, and leaves out every other case.
Called again for a unit that has moved on, a stage does nothing.
"""

import hashlib
import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from benchmarks.peers import statements
from benchmarks.peers.working_days import after_working_days
from orderpipe.settings import settings
from orderpipe.stages.ship import sscc, tracking_number

SCANS_AGAIN, CARRIER_AGAIN = timedelta(hours=12), timedelta(days=1)
_here = threading.local()


class NotInOrder(Exception):
    """A required field of the order is missing or makes no sense, which a peer leaves to people."""


class NoStock(Exception):
    """There is not enough of what the order wants."""


def connection() -> psycopg.Connection[Any]:
    """This thread's own connection: every statement is a transaction, and is prepared the first time."""
    if not hasattr(_here, "connection"):
        url = settings().database_url.replace("+psycopg", "")
        _here.connection = psycopg.connect(url, autocommit=True, prepare_threshold=0, options="-c timezone=UTC -c jit=off")
    opened: psycopg.Connection[Any] = _here.connection
    return opened


def disconnect() -> None:
    """Close this thread's connection, if it has one; the next call opens another, to where the settings point by then."""
    if hasattr(_here, "connection"):
        _here.connection.close()
        del _here.connection


def record(shop_id: int, raw: bytes) -> tuple[int, int]:
    """Take an order down as it came; returns its id and that of the letter of acknowledgement."""
    now, order = datetime.now(UTC), json.loads(raw)
    until = [("confirm", after_working_days(now, 1)), ("ship", after_working_days(now, 2)), ("complete", after_working_days(now, 10))]
    return _ids(statements.RECORD, {
        **{name: order[name] for name in ("reference", "payment_method", "currency", "total")},
        "shop": shop_id, "raw": raw, "hash": hashlib.sha256(raw).digest(), "source": hashlib.sha256(raw).hexdigest(),
        "type": order.get("type", "standard"), "lane": "bulk" if order.get("type") == "bulk" else "standard",
        "customer": Jsonb({"phone": "", "company": "", **order["customer"]}), "ship_to": Jsonb(order["ship_to"]),
        "skus": [line["sku"] for line in order["lines"]], "quantities": [line["quantity"] for line in order["lines"]],
        "descriptions": [line["description"] for line in order["lines"]], "prices": [line["unit_price"] for line in order["lines"]],
        "email": order["customer"]["email"], "now": now, "soon": _soon(now), "due": after_working_days(now, 2),
        "complete_by": until[-1][1], "facts": Jsonb({"targets": [{"what": what, "until": at.isoformat()} for what, at in until]}),
    })


def validate(order_id: int) -> None:
    """What is required is there and adds up; remember the customer. Raises NotInOrder."""
    row = connection().execute(statements.TO_VALIDATE, {"id": order_id}).fetchone()
    if row is None:
        return
    shop_id, customer, ship_to, total, lines, worth, unknown = row
    missing = [name for name in ("line1", "city", "postal_code", "country") if not ship_to.get(name)]
    if missing or not lines or unknown or not customer["name"] or "@" not in customer["email"] or total != worth:
        raise NotInOrder(f"Order {order_id} is not in order; missing in its address: {missing}, unknown articles: {unknown}.")
    now = datetime.now(UTC)
    _write(statements.VALIDATE, {
        "id": order_id, "shop": shop_id, "now": now, "soon": _soon(now), "due": after_working_days(now, 2), "address": Jsonb(ship_to),
        **{name: customer[name] for name in ("name", "email", "phone")},
    })


def allocate(order_id: int) -> None:
    """Set stock aside for every line, if there is enough, and plan the parcel. Raises NoStock."""
    now = datetime.now(UTC)
    with connection().transaction():
        row = connection().execute(statements.ALLOCATE, {
            "id": order_id, "now": now, "soon": _soon(now), "due": after_working_days(now, 2), "due_parcel": after_working_days(now, 3),
        }).fetchone()
        if row is not None and row[0] != row[1]:
            raise NoStock(f"Order {order_id} wants {row[0]} articles, and of {row[1]} there is enough.")


def promise(order_id: int) -> int:
    """Say when the parcel will be there, with the arithmetic kept; returns the letter's id."""
    row = connection().execute(statements.TO_PROMISE, {"id": order_id}).fetchone()
    if row is None:
        return 0
    parcel, place, country, carrier, home, days, lines = row
    now = datetime.now(UTC)
    ready = after_working_days(now, 1, hour=8)
    travel, distance = (days["same_country"], "same country") if home == country else (days["abroad"], "abroad")
    until = after_working_days(ready, travel, hour=20)
    return _id(statements.PROMISE, {
        "id": order_id, "parcel": parcel, "from": until.replace(hour=8), "until": until, "now": now, "again": until + timedelta(days=1),
        "arithmetic": Jsonb([
            {"step": "prepare", "until": ready.isoformat(), "detail": f"picking and packing: a working day at {place}"},
            {"step": "carrier", "until": until.isoformat(), "detail": f"{carrier}, {distance}: {travel} working days"},
        ]),
        "facts": Jsonb({"until": until.isoformat(), "parts": [
            {"from": until.replace(hour=8).isoformat(), "until": until.isoformat(), "kind": "parcel", "lines": lines}
        ]}),
        "note": Jsonb({"until": until.isoformat()}),
    })


def release(order_id: int) -> None:
    """Hand the promised and paid parcel to the warehouse; from now on it waits for the picker."""
    now = datetime.now(UTC)
    _write(statements.RELEASE, {"id": order_id * 1000 + 1, "now": now, "next": now + SCANS_AGAIN, "due": after_working_days(now, 2)})


def pick(parcel: int) -> None:
    """Picked when every piece is scanned."""
    now = datetime.now(UTC)
    _write(statements.PICK, {"id": parcel, "now": now, "next": _soon(now), "due": after_working_days(now, 2)})


def pack(parcel: int) -> None:
    """Packed when every piece is in the parcel."""
    now = datetime.now(UTC)
    _write(statements.PACK, {"id": parcel, "now": now, "next": _soon(now), "due": after_working_days(now, 2)})


def ship(parcel: int) -> int:
    """The parcel leaves with its label, its stock leaves the books; returns the letter's id."""
    now = datetime.now(UTC)
    return _id(statements.SHIP, {
        "id": parcel, "now": now, "next": now + CARRIER_AGAIN, "due": after_working_days(now, 7), "sscc": sscc(parcel),
        "number": tracking_number(parcel),
    })


def deliver(parcel: int) -> None:
    """Delivered, when the carrier says so."""
    _write(statements.DELIVER, {"id": parcel, "now": datetime.now(UTC)})


def complete(order_id: int) -> int:
    """Done when nothing is on its way any more; returns the id of the letter of thanks."""
    now = datetime.now(UTC)
    facts = Jsonb({"delivered_on": now.isoformat(), "lines": None, "page_link": statements.PAGE_LINK})
    return _id(statements.COMPLETE, {"id": order_id, "now": now, "facts": facts})


STAGES: tuple[Callable[[int], int | None], ...] = (
    validate, allocate, promise, release, pick, pack, ship, deliver, complete,
)
"""Every stage by its own name, for an order's id, from picking to delivering for the parcel's; the letter to send then, if there is one."""
OF_ORDER, OF_PICKED, OF_DELIVERED = ("validate", "allocate", "promise", "release"), ("pick", "pack", "ship"), ("deliver", "complete")
"""The three runs of an order: up to the warehouse, on when it is scanned, and to the end when the carrier has spoken."""


def links(step: str, parcel: int) -> list[tuple[str, int]]:
    """The stages that follow when the warehouse ("pick") or the carrier ("deliver") has spoken, each with the id it takes."""
    if step == "pick":
        return [(name, parcel) for name in OF_PICKED]
    return [("deliver", parcel), ("complete", parcel // 1000)]


def _soon(now: datetime) -> datetime:
    return now + timedelta(minutes=1)


def _write(statement: str, given: dict[str, object]) -> None:
    connection().execute(statement, given)


def _id(statement: str, given: dict[str, object]) -> int:
    row = connection().execute(statement, given).fetchone()
    return int(row[0]) if row else 0


def _ids(statement: str, given: dict[str, object]) -> tuple[int, int]:
    row = connection().execute(statement, given).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])

