"""
Whatever is written into a free text over HTTP is kept to the last character or refused in a sentence, and breaks nothing.

The fields are read from the OpenAPI document: one that is new fails here until it is said below where its text is kept.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text as sql

from orderpipe import broker
from orderpipe.api.app import create_app
from orderpipe.assembly import Assembly
from orderpipe.domain.cases import Kind, Pieces
from orderpipe.domain.orders import Contact, public_id
from orderpipe.domain.returns import return_number
from orderpipe.domain.webhooks import is_pattern
from orderpipe.settings import Settings
from orderpipe.sideflows import cases, returns
from orderpipe.store import shops
from orderpipe.store.case_opening import Opening
from orderpipe.store.shops import Role
from tests import builders, hostile
from tests.api.free_texts import FreeText, at, free_texts, with_text
from tests.api.test_openapi import examples_of
from tests.floor import Floor

Document = dict[str, Any]


class Hall:
    """The HTTP door of the floor's shop, with whatever a fact may be about: orders, a case, a return, an endpoint."""

    def __init__(self, floor: Floor, client: TestClient) -> None:
        self.floor, self.client = floor, client
        self.openapi, self.fields = _documented(client)
        self.delivered = floor.delivered({"SKU-1": 3}, total=30)
        with floor.engine.begin() as tx:
            self.shop_id = builders.shop(tx)
            self.headers = {
                "Authorization": f"Bearer {shops.create_key(tx, self.shop_id, Role.OFFICE)}", "Content-Type": "application/json",
            }
            opening = Opening(self.delivered, Kind.COMPLAINT, "It is broken.", "hall")
            self.case_id = cases.open_case(tx, opening, now=floor.now).case_id
            back = Opening(self.delivered, Kind.RETURN, "", "back", lines=(Pieces(1, 1),))
            coming = returns.send_back(tx, back, now=floor.now).coming
            assert coming
        self.return_number = return_number(coming.id)
        self.endpoint = self.done("POST", "/v1/webhook-endpoints", {"url": "https://1.1.1.1/hooks"})["id"]

    def sent(self, method: str, path: str, body: object) -> Any:
        """The answer to the office, which may do everything."""
        return self.client.request(method, path, content=json.dumps(body).encode(), headers=self.headers)

    def done(self, method: str, path: str, body: object) -> Any:
        """What is answered when it is taken."""
        answer = self.sent(method, path, body)
        assert answer.is_success, answer.text[:1000]
        return answer.json()

    def rows(self, statement: str, **given: Any) -> list[tuple[Any, ...]]:
        with self.floor.engine.begin() as tx:
            return [tuple(row) for row in tx.execute(sql(statement), given)]

    def path(self, door: str) -> tuple[str, str]:
        """Method and address of a door, with something that is there for everything it names."""
        method, _, path = door.partition(" ")
        there = {
            "order": public_id("order", self.delivered), "fulfillment": public_id("fulfillment", self.delivered * 1000 + 1),
            "case": public_id("case", self.case_id), "return": self.return_number, "endpoint": self.endpoint,
            "query": public_id("query", 1), "token": "x" * 40, "mail": "1", "name": "on-time", "alarm": "A-1",
        }
        return method, path.format_map(there)

    def example(self, door: str) -> Any:
        """The first example of what a door takes."""
        method, _, path = door.partition(" ")
        operation = self.openapi["paths"].get(path, {}).get(method.lower(), {})
        return next((example for _, example in examples_of(self.openapi, operation)), {})


_documents: list[tuple[Document, Mapping[tuple[str, str], FreeText]]] = []


def _documented(client: TestClient) -> tuple[Document, Mapping[tuple[str, str], FreeText]]:
    """The OpenAPI document and its free texts; it takes a second, and is always the same."""
    if not _documents:
        document = client.get("/openapi.json").json()
        _documents.append((document, free_texts(document)))
    return _documents[0]


@pytest.fixture
def hall(floor: Floor) -> Iterator[Hall]:
    parts = Assembly(Settings(), floor.engine, lambda: floor.now, broker.send_stage, broker.send_task)
    with TestClient(create_app(parts)) as client:
        yield Hall(floor, client)


@dataclass(frozen=True)
class Kept:
    """
    Where a door keeps its texts: `fields` in the order of the columns that `send` finds; `known` are those which have to name
    something that is there (a SKU, a code, an address), and `like` the door that keeps the same texts by the same way.
    """

    fields: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    send: Callable[[Hall, Sequence[Document]], list[tuple[Any, ...]]] | None = None
    like: str = ""
    as_kept: Mapping[str, Callable[[str], str]] = field(default_factory=dict)


def _orders(hall: Hall, texts: Sequence[Document]) -> list[tuple[Any, ...]]:
    for one in texts:
        given = one | {"ship_to": one["ship_to"] | {"country": "GB"}, "lines": [one["lines"][0] | {"quantity": 1}]}
        hall.done("POST", "/v1/orders", given)
    customer = ", ".join(f"customer ->> '{name}'" for name in ("name", "email", "phone", "company"))
    place = ", ".join(f"ship_to ->> '{name}'" for name in ("name", "line1", "line2", "city", "region", "postal_code"))
    return hall.rows(
        f"SELECT reference, {customer}, {place}, payment_method, purchase_order, note, sku, description"
        " FROM orders o JOIN order_line l ON l.order_id = o.id WHERE o.id > :first ORDER BY o.id", first=hall.delivered,
    )


def _answered(hall: Hall, texts: Sequence[Document], address: Callable[[str, str], str]) -> list[tuple[Any, ...]]:
    """`address` is where an answer goes, by the question's id and the token of its link."""
    missing: dict[str, Any] = {"customer": Contact("", "ann@customers.example"), "payment_method": "", "ship_to": None}
    orders = [hall.floor.order(**missing) for _ in texts]
    hall.floor.receive(*orders)
    asked = dict(hall.rows("SELECT order_id, id FROM query WHERE state = 'open'"))
    for order_id, one in zip(orders, texts, strict=True):
        token = hall.floor.told(order_id, "question")[-1]["link"].rpartition("/")[2]
        said = one["changes"]["x"]
        place = {"line1": said, "city": said, "postal_code": "N1 1AA", "country": "GB"}
        changes = {"/customer/name": said, "/payment_method": said, "/ship_to": place}
        hall.done("POST", address(public_id("query", asked[order_id]), token), {"changes": changes})
    return hall.rows("SELECT payment_method, ship_to ->> 'line1' FROM orders WHERE id = ANY(:ids) ORDER BY id", ids=orders)


def _amended(hall: Hall, texts: Sequence[Document]) -> list[tuple[Any, ...]]:
    hall.floor.stock()
    order_id = hall.floor.order()
    hall.floor.receive(order_id)
    found = []
    for one in texts:
        said = one["changes"]["x"]
        hall.done("POST", f"/v1/orders/{public_id('order', order_id)}/amendments", {"changes": {
            "/customer/company": said, "/ship_to": {"line1": said, "city": said, "postal_code": "N1 1AA", "country": "GB"},
        }})
        found += hall.rows("SELECT customer ->> 'company', ship_to ->> 'line1' FROM orders WHERE id = :id", id=order_id)
    return found


def _paid(hall: Hall, texts: Sequence[Document]) -> list[tuple[Any, ...]]:
    order = public_id("order", hall.delivered)
    told = hall.done("POST", "/v1/payments", [one | {"order": order, "amount": "1.00", "currency": "GBP"} for one in texts])
    assert told["refused"] == 0, told
    booked = dict(hall.rows("SELECT reference, method FROM payment"))
    return [(one["reference"], booked.get(one["reference"])) for one in texts]


def _scanned(hall: Hall, texts: Sequence[Document]) -> list[tuple[Any, ...]]:
    unit = public_id("fulfillment", hall.delivered * 1000 + 1)
    hall.done("POST", "/v1/scans", [one | {"fulfillment": unit, "phase": "pick"} for one in texts])
    found = hall.rows("SELECT client_id, barcode, operator, station FROM scan WHERE code IS NOT NULL ORDER BY id")
    return [(barcode, client_id, operator, station) for client_id, barcode, operator, station in found]


def _performed(hall: Hall, texts: Sequence[Document]) -> list[tuple[Any, ...]]:
    orders = [hall.floor.order({"FITTING": 1}, kind="service") for _ in texts]
    hall.floor.receive(*orders)
    units = [{"fulfillment": public_id("fulfillment", order_id * 1000 + 1)} for order_id in orders]
    hall.done("POST", "/v1/performed", [one | unit for one, unit in zip(texts, units, strict=True)])
    return hall.rows("SELECT client_id, operator, note FROM scan WHERE phase = 'performed' ORDER BY id")


def _tracked(hall: Hall, texts: Sequence[Document]) -> list[tuple[Any, ...]]:
    at = hall.floor.now.isoformat()
    hall.done("POST", "/v1/tracking-events", [one | {"status": "in_transit", "at": at} for one in texts])
    return hall.rows("SELECT tracking_number, event_id, place FROM tracking_event WHERE event_id NOT LIKE 'word-%' ORDER BY id")


def _stocked(hall: Hall, texts: Sequence[Document]) -> list[tuple[Any, ...]]:
    hall.done("POST", "/v1/stock/receipts", [one | {"location": "main", "sku": "SKU-1", "quantity": 1} for one in texts])
    by_whom = r" \(office key [^)]*\)$"
    return hall.rows(
        "SELECT regexp_replace(cause, :by_whom, '') FROM stock_movement WHERE cause ~ :by_whom ORDER BY id", by_whom=by_whom
    )


def _listed(hall: Hall, texts: Sequence[Document]) -> list[tuple[Any, ...]]:
    hall.done("POST", "/v1/products", [{"sku": one["sku"], "description": one["description"]} for one in texts])
    listed = dict(hall.rows("SELECT sku, description FROM product"))
    return [(one["sku"], listed.get(one["sku"])) for one in texts]


def _opened(hall: Hall, texts: Sequence[Document]) -> list[tuple[Any, ...]]:
    for one in texts:
        hall.done("POST", f"/v1/orders/{public_id('order', hall.delivered)}/cases", one | {"kind": "enquiry"})
    return hall.rows("SELECT m.body FROM case_message m JOIN case_file c ON c.id = m.case_id WHERE c.kind = 'enquiry' ORDER BY m.id")


def _owned(hall: Hall, texts: Sequence[Document]) -> list[tuple[Any, ...]]:
    found = []
    for one in texts:
        hall.done("POST", f"/v1/cases/{public_id('case', hall.case_id)}/assess", one)
        found += hall.rows("SELECT owner FROM case_file WHERE id = :id", id=hall.case_id)
    return found


def _written(step: str) -> Callable[[Hall, Sequence[Document]], list[tuple[Any, ...]]]:
    def send(hall: Hall, texts: Sequence[Document]) -> list[tuple[Any, ...]]:
        (last,), = hall.rows("SELECT max(id) FROM case_message")
        for one in texts:
            hall.done("POST", f"/v1/cases/{public_id('case', hall.case_id)}/{step}", one)
        return hall.rows("SELECT body FROM case_message WHERE id > :last ORDER BY id", last=last)

    return send


def _returned(hall: Hall, texts: Sequence[Document]) -> list[tuple[Any, ...]]:
    hall.done("POST", f"/v1/returns/{hall.return_number}/scans", list(texts))
    found = {row[1]: row for row in hall.rows("SELECT barcode, client_id, operator FROM return_scan")}
    return [found.get(one["client_id"], ()) for one in texts]


def _registered(hall: Hall, texts: Sequence[Document]) -> list[tuple[Any, ...]]:
    found = []
    for one in texts:
        told = hall.done("PATCH", f"/v1/webhook-endpoints/{hall.endpoint}", {"description": one["description"]})
        found.append((told["description"],))
    return found


_CUSTOMER = tuple(f"/customer/{name}" for name in ("name", "email", "phone", "company"))
_PLACE = tuple(f"/ship_to/{name}" for name in ("name", "line1", "line2", "city", "region", "postal_code"))
_ANSWER = ("/changes/*", "/changes/*/*")
DOORS: dict[str, Kept] = {
    "POST /v1/orders": Kept(
        ("/reference", *_CUSTOMER, *_PLACE, "/payment_method", "/purchase_order", "/note", "/lines/[]/sku", "/lines/[]/description"),
        ("/type", "/language", "/ship_to/country", "/currency"), _orders, as_kept={"/purchase_order": str.strip},
    ),
    "POST /v1/orders/bulk": Kept(known=("",)),
    "POST /v1/queries/{query}/answer": Kept(
        _ANSWER, ("/confirmed/[]",), lambda hall, texts: _answered(hall, texts, lambda query, token: f"/v1/queries/{query}/answer"),
        as_kept=dict.fromkeys(_ANSWER, str.strip),
    ),
    "POST /v1/answers/{token}": Kept(
        _ANSWER, ("/confirmed/[]",), lambda hall, texts: _answered(hall, texts, lambda query, token: f"/v1/answers/{token}"),
        as_kept=dict.fromkeys(_ANSWER, str.strip),
    ),
    "POST /v1/orders/{order}/amendments": Kept(
        _ANSWER, ("/changes/*/sku", "/changes/*/unit_price", "/changes/*/[]/sku", "/changes/*/[]/unit_price"), _amended,
        as_kept=dict.fromkeys(_ANSWER, str.strip),
    ),
    "POST /v1/orders/{order}/payments": Kept(like="POST /v1/payments"),
    "POST /v1/payments": Kept(("/reference", "/method"), ("/currency", "/order"), _paid),
    "POST /v1/fulfillments/{fulfillment}/scans": Kept(like="POST /v1/scans"),
    "POST /v1/scans": Kept(
        ("/barcode", "/client_id", "/operator", "/station"), ("/fulfillment",), _scanned, as_kept={"/barcode": str.strip},
    ),
    "POST /v1/fulfillments/{fulfillment}/performed": Kept(like="POST /v1/performed"),
    "POST /v1/performed": Kept(("/client_id", "/by", "/note"), ("/fulfillment",), _performed),
    "POST /v1/tracking-events": Kept(("/tracking_number", "/event_id", "/place"), (), _tracked),
    "POST /v1/stock/receipts": Kept(("/cause",), ("/location", "/sku"), _stocked),
    "POST /v1/products": Kept(("/sku", "/description"), ("/gtins/[]/gtin", "/substitute_sku"), _listed),
    "POST /v1/orders/{order}/cases": Kept(("/text",), (), _opened),
    "POST /v1/cases/{case}/assess": Kept(("/owner",), (), _owned),
    "POST /v1/cases/{case}/investigate": Kept(("/note",), (), _written("investigate")),
    "POST /v1/cases/{case}/respond": Kept(("/text",), (), _written("respond")),
    "POST /v1/cases/{case}/messages": Kept(("/text",), (), _written("messages")),
    "POST /v1/cases/{case}/credits": Kept(known=("/reference",)),
    "POST /v1/mails/{mail}/settle": Kept(known=("/order",)),
    "POST /v1/returns/{return}/scans": Kept(("/barcode", "/client_id", "/operator"), (), _returned, as_kept={"/barcode": str.strip}),
    "POST /v1/webhook-endpoints": Kept(("/description",), ("/url", "/events/[]"), like="PATCH /v1/webhook-endpoints/{endpoint}"),
    "PATCH /v1/webhook-endpoints/{endpoint}": Kept(("/description",), ("/url", "/events/[]"), _registered),
    "POST /v1/customers/export": Kept(known=("/customer",)),
    "POST /v1/customers/erase": Kept(known=("/customer",)),
}


def test_every_free_text_has_its_place_in_this_table(hall: Hall) -> None:
    told = {(door, pointer) for door, kept in DOORS.items() for pointer in (*kept.fields, *kept.known)}
    told |= {(door, one) for door, kept in DOORS.items() if kept.like for one in DOORS[kept.like].fields}
    told |= {(door, one) for door, kept in DOORS.items() if kept.like for one in DOORS[kept.like].known if (door, one) in hall.fields}
    assert told == set(hall.fields)


def _same(door: str, hall: Hall, texts: Sequence[str]) -> None:
    """All of these texts, sent into every field of this door, are found again as they were."""
    kept = DOORS[door]
    assert kept.send is not None
    sent = [_filled(kept.fields, one, hall.fields, door) for one in texts]
    wanted = [tuple(kept.as_kept.get(pointer, str)(at(one, _plain(pointer))) for pointer in kept.fields) for one in sent]
    assert kept.send(hall, sent) == wanted


def _filled(pointers: Sequence[str], text: str, fields: Mapping[tuple[str, str], FreeText], door: str) -> Document:
    document: Any = {}
    for pointer in pointers:
        document = with_text(document, _plain(pointer), fields[door, pointer].fitted(text))
    return dict(document)


def _plain(pointer: str) -> str:
    """Words in a document of words are the same as words alone, and sent beside them."""
    return pointer.replace("/*/*", "/*")


def test_keeps_every_text_as_it_is(hall: Hall) -> None:
    for door, kept in DOORS.items():
        if kept.send:
            _same(door, hall, hostile.few()[:: 3 if "/changes/*" in kept.fields else 1])  # those need an order for each


def test_keeps_every_naughty_string_as_it_is(hall: Hall) -> None:
    for door in ("POST /v1/payments", "POST /v1/scans", "POST /v1/tracking-events", "POST /v1/stock/receipts", "POST /v1/products"):
        _same(door, hall, hostile.naughty())
    lines = [{"sku": one[:100], "description": one, "quantity": 1} for one in hostile.naughty()]
    order = hall.done("POST", "/v1/orders", {"reference": "NAUGHTY", "lines": lines})["id"]
    told = hall.client.get(f"/v1/orders/{order}", headers=hall.headers).json()
    assert [(one["sku"], one["description"]) for one in told["lines"]] == [(one["sku"], one["description"]) for one in lines]


def test_refuses_in_a_sentence_what_no_text_can_hold(hall: Hall) -> None:
    for (door, pointer), one in hall.fields.items():
        if door == "POST /v1/orders/bulk":
            continue  # its lines are orders
        for name, text in {**hostile.UNSTORABLE, "too long": "x" * (one.longest + 1)}.items():
            answer = hall.sent(*hall.path(door), with_text(hall.example(door), pointer, text))
            assert 400 <= answer.status_code < 500, (door, pointer, name, answer.text)
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["detail"], (door, pointer, name)


def test_keeps_the_bytes_of_an_order_that_it_refuses_for_its_characters(hall: Hall) -> None:
    for place, text in enumerate(hostile.UNSTORABLE.values()):
        hall.sent("POST", "/v1/orders", {"reference": f"R-{place}", "note": text})
        raw = hall.rows("SELECT raw, state FROM intake ORDER BY id DESC LIMIT 1")[0]
        assert (json.loads(bytes(raw[0]))["note"], raw[1]) == (text, "refused")


def test_what_has_to_name_something_is_refused_where_it_names_nothing(hall: Hall) -> None:
    for door, kept in DOORS.items():
        for pointer in (one for one in kept.known if one):
            fits = hall.fields[door, pointer].fitted
            for text in hostile.few():
                if pointer == "/events/[]" and is_pattern(text):
                    continue  # a word may be the name of an event that is yet to come
                answer = hall.sent(*hall.path(door), with_text(hall.example(door), pointer, fits(text)))
                assert 400 <= answer.status_code < 500, (door, pointer, text, answer.text)


def test_no_hostile_parameter_breaks_a_door(hall: Hall) -> None:
    some = [hostile.STORABLE[one] for one in ("quotes", "header", "right to left", "sql", "astral")] + ["a\0b", "9" * 400]
    for path, item in hall.openapi["paths"].items():
        for method, operation in item.items():
            for parameter in operation.get("parameters", ()):
                for text in some:
                    answer = _with_parameter(hall, method.upper(), path, parameter, text)
                    assert answer.status_code < 500, (method, path, parameter["name"], text, answer.text)


def _with_parameter(hall: Hall, method: str, path: str, parameter: Document, text: str) -> Any:
    headers, asked = dict(hall.headers), {}
    if parameter["in"] == "path":
        path = path.replace("{" + parameter["name"] + "}", quote(text, safe=""))
    elif parameter["in"] == "query":
        asked[parameter["name"]] = text
    else:
        headers[parameter["name"]] = quote(text)  # nothing else travels in a header
    door = f"{method} {path}"
    _, address = hall.path(door)
    return hall.client.request(method, address, params=asked, headers=headers, content=json.dumps(hall.example(door)).encode())
