"""
Rows become orders as the mapping says: exactly, with what the customers' file supplies, and so that the evidence gives them again.
"""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderpipe.intake import evidence, mapping
from orderpipe.intake.evidence import Form, Place
from orderpipe.intake.mapped_orders import (
    Sheet,
    cancellation_of,
    customer_key,
    no_order,
    order_of,
    placed_at,
    supplied_for,
)
from orderpipe.intake.receive import PARSERS
from orderpipe.intake.refusals import Malformed

RETAIL = mapping.preset("online-retail")
OLIST = mapping.preset("olist")
COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")
ANN = {
    "name": "Ann Ok", "email": "ann@customers.example", "line1": "1 High Street", "city": "London", "postal_code": "N1 1AA",
    "payment_method": "invoice",
}


def row(**changes: str) -> dict[str, str]:
    said = ("536365", "85123A", "LANTERN", "6", "2010-12-01 08:26:00", "2.55", "17850.0", "United Kingdom")
    return dict(zip(COLUMNS, said, strict=True)) | changes


def pointers(refused: Malformed) -> list[str]:
    return [error.pointer for error in refused.errors]


def test_each_row_is_a_line() -> None:
    order = order_of(RETAIL, Sheet([row(), row()]))
    assert (order.reference, order.channel, order.type, order.currency) == ("536365", "file", "bulk", "GBP")
    assert [(line.sku, line.quantity, line.unit_price) for line in order.lines] == [("85123A", 6, Decimal("2.55"))] * 2
    assert order.ship_to == {"country": "GB"}
    assert (order.customer.name, order.payment_method) == ("", "")


def test_the_customers_file_fills_what_the_file_leaves_open_and_nothing_else() -> None:
    sheet = Sheet([row()], supplied=ANN | {"country": "FR"})
    order = order_of(RETAIL, sheet)
    assert order.customer.email == ANN["email"]
    assert order.ship_to == {"line1": "1 High Street", "city": "London", "postal_code": "N1 1AA", "country": "GB"}
    assert supplied_for(RETAIL, sheet) == ["name", "email", "line1", "city", "postal_code", "payment_method"]


@pytest.mark.parametrize(("name", "code"), [
    ("EIRE", "IE"), ("USA", "US"), ("RSA", "ZA"), ("Czech Republic", "CZ"), ("DE", "DE"), ("Unspecified", "JE"), ("Channel Islands", "JE"),
])
def test_countries_are_known_by_their_names(name: str, code: str) -> None:
    order = order_of(RETAIL, Sheet([row(Country=name)], supplied={"country": "JE"}))
    assert (order.ship_to or {})["country"] == code


@pytest.mark.parametrize(("changes", "pointer"), [
    ({"Quantity": "six"}, "/lines/1/quantity"), ({"Quantity": ""}, "/lines/1/quantity"), ({"Quantity": "1.5"}, "/lines/1/quantity"),
    ({"UnitPrice": "1,234.50"}, "/lines/1/unit_price"), ({"UnitPrice": "1.23456"}, "/lines/1/unit_price"),
    ({"UnitPrice": "NaN"}, "/lines/1/unit_price"), ({"StockCode": "x" * 101}, "/lines/1/sku"),
])
def test_says_what_cannot_be_read_and_where(changes: dict[str, str], pointer: str) -> None:
    with pytest.raises(Malformed) as refused:
        order_of(RETAIL, Sheet([row(), row(**changes)]))
    assert pointers(refused.value) == [pointer]


def test_a_country_that_is_none_and_two_customers_are_told() -> None:
    with pytest.raises(Malformed) as refused:
        order_of(RETAIL, Sheet([row(Country="Freedonia"), row(CustomerID="1")]))
    assert set(pointers(refused.value)) == {"/customer", "/ship_to/country"}


def test_numbers_are_read_as_the_mapping_says() -> None:
    german = RETAIL.model_copy(update={"decimal": ",", "thousands": "."})
    order = order_of(german, Sheet([row(Quantity="1.000", UnitPrice="1.234,50")]))
    assert (order.lines[0].quantity, order.lines[0].unit_price) == (1000, Decimal("1234.5"))


@pytest.mark.parametrize(("changes", "said"), [
    ({"InvoiceNo": "A563185"}, "accounts"), ({"Quantity": "-3"}, "cancels nothing"), ({"UnitPrice": "0.0", "CustomerID": ""}, "neither"),
    ({"InvoiceNo": "C1", "Quantity": "-3"}, None), ({"UnitPrice": "0.0"}, None), ({}, None),
])
def test_knows_what_is_no_order(changes: dict[str, str], said: str | None) -> None:
    reason = no_order(RETAIL, [row(**changes)])
    assert (reason is None) if said is None else (reason is not None and said in reason)


def test_a_rule_must_fit_all_rows() -> None:
    assert no_order(RETAIL, [row(), row(Quantity="-3")]) is None


def test_a_cancellation_takes_pieces_back() -> None:
    taken = cancellation_of(RETAIL, [row(InvoiceNo="C536366", Quantity="-2")])
    assert (taken.reference, taken.of) == ("C536366", "536366")
    assert [(one.sku, one.quantity, one.unit_price) for one in taken.pieces] == [("85123A", 2, Decimal("2.55"))]
    with pytest.raises(Malformed):
        cancellation_of(RETAIL, [row(InvoiceNo="C536366", Quantity="2")])


def test_keys_and_instants_are_read_as_meant() -> None:
    assert customer_key(RETAIL, row()) == "17850"
    assert str(placed_at(RETAIL, row())) == "2010-12-01 08:26:00+00:00"
    assert placed_at(RETAIL, row(InvoiceDate="yesterday")) is None


OLIST_ROW = {
    "order_id": "e48", "customer_id": "9ef", "order_status": "delivered", "order_purchase_timestamp": "2017-05-16 15:05:35",
}
OLIST_BESIDE = {
    "items": [{"order_id": "e48", "product_id": "p1", "price": "21.99"}, {"order_id": "e48", "product_id": "p1", "price": "21.99"}],
    "payments": [{"order_id": "e48", "payment_type": "boleto"}, {"order_id": "e48", "payment_type": "voucher"}],
    "customers": [{"customer_city": "franca", "customer_state": "SP", "customer_zip_code_prefix": "14409"}],
}


def test_lines_and_customers_may_come_from_files_beside() -> None:
    order = order_of(OLIST, Sheet([OLIST_ROW], OLIST_BESIDE))
    assert [(line.sku, line.quantity) for line in order.lines] == [("p1", 1), ("p1", 1)]
    assert order.ship_to == {"city": "franca", "region": "SP", "postal_code": "14409", "country": "BR"}
    assert (order.payment_method, order.currency) == ("boleto", "BRL")
    with pytest.raises(Malformed, match="form") as refused:
        order_of(OLIST, Sheet([OLIST_ROW], {"items": [], "payments": [], "customers": []}))
    assert "no lines" in refused.value.errors[0].detail


def kept(chosen: Any, columns: tuple[str, ...], lines: str, sheet: Sheet, delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    header = (delimiter.join(columns) + "\r\n").encode(encoding)
    return evidence.of_rows(chosen, Form(columns, header, delimiter, encoding), lines.encode(encoding), sheet, Place("f.csv", 2, 2))


@pytest.mark.parametrize("named", [True, False])
def test_the_evidence_gives_the_same_order_again(named: bool) -> None:
    chosen = RETAIL if named else RETAIL.model_copy(update={"name": ""})
    sheet = Sheet([row(Description='A "blue";\nmug é')], supplied=ANN, order_type="express")
    line = '536365;85123A;"A ""blue"";\nmug é";6;2010-12-01 08:26:00;2.55;17850.0;United Kingdom\r\n'
    raw = kept(chosen, COLUMNS, line, sheet, ";", "latin-1")
    assert PARSERS[evidence.parser_of(chosen)](raw) == order_of(chosen, sheet)


def test_the_evidence_of_files_beside_gives_the_same_order_again() -> None:
    sheet = Sheet([OLIST_ROW], OLIST_BESIDE)
    raw = kept(OLIST, tuple(OLIST_ROW), ",".join(OLIST_ROW.values()) + "\n", sheet)
    assert PARSERS["csv:olist"](raw) == order_of(OLIST, sheet)


def test_the_evidence_of_a_line_of_json_gives_the_same_order_again() -> None:
    raw = evidence.of_json(b'{"reference": "J-1"}', "express", Place("f.jsonl", 1, 1))
    order = PARSERS[evidence.JSON_LINES](raw)
    assert (order.reference, order.type, order.channel) == ("J-1", "express", "file")


@given(st.binary(max_size=200))
def test_what_is_no_evidence_is_refused(raw: bytes) -> None:
    for name in ("csv", "csv:olist", "csv:online-retail", evidence.JSON_LINES):
        with pytest.raises(Malformed):
            PARSERS[name](raw)
