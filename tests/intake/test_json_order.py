"""
An order as JSON: taken down exactly, incomplete or not; what has no form is refused with everything that is wrong.
"""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from orderpipe.domain.orders import Contact, DraftLine, OrderDraft
from orderpipe.intake.json_order import MOST_LINES, parse
from orderpipe.intake.outcomes import Recorded
from orderpipe.intake.record import record
from orderpipe.intake.refusals import Malformed
from tests.intake.conftest import NOW, ORDER, received
from tests.needs import require

NAUGHTY = [
    "", " ", "\t\n", "null", "undefined", "\u202e drow", "😀👩‍👩‍👧", "Ω≈ç√∫", "田中さん", "' OR 1=1 --", "\x01\x7f\x9f", "\ufeff", "%s{}\\",
]


def read(**changed: Any) -> OrderDraft:
    return parse(json.dumps(ORDER | changed).encode())


def complaints(raw: bytes | dict[str, Any]) -> dict[str, str]:
    """Code by pointer of everything that is wrong."""
    with pytest.raises(Malformed) as refusal:
        parse(raw if isinstance(raw, bytes) else json.dumps(raw).encode())
    assert all(error.detail.endswith((".", "?")) for error in refusal.value.errors)
    return {error.pointer: error.code for error in refusal.value.errors}


def test_takes_an_order_down_as_it_was_said() -> None:
    said = {"type": "express", "channel": "email", "language": "zh-CN", "note": " two spaces ", "backorder_policy": "all-at-once"}
    draft = read(requested_on="2026-12-24", **said)
    assert draft == OrderDraft(
        reference="WEB-1", customer=Contact("Ann Ok", "ann@customers.example"), lines=(DraftLine("SKU-1", 2, "", Decimal("10.00")),),
        type="express", channel="email", language="zh-CN",
        ship_to={"line1": "1 High Street", "city": "London", "postal_code": "N1 1AA", "country": "GB"}, payment_method="invoice",
        currency="GBP", total=Decimal("20.00"), requested_on=date(2026, 12, 24), note=" two spaces ", backorder_policy="all-at-once",
    )


def test_what_is_missing_is_no_fault_of_form() -> None:
    nothing = OrderDraft(reference="A", customer=Contact(), lines=())
    assert parse(b'{"reference": "A"}') == nothing
    assert parse(b'{"reference": "A", "customer": null, "ship_to": {}, "lines": [], "total": null, "note": null}') == nothing
    assert parse(b'{"reference": "A", "lines": [{"quantity": -3}, {}]}').lines == (DraftLine("", -3), DraftLine("", 0))


def test_says_everything_that_is_wrong_at_once() -> None:
    assert complaints({
        "reference": " ", "total": 12.5, "currency": "EURO", "language": "english please", "requested_on": "tomorrow",
        "channel": "fax", "backorder_policy": "soon", "customer": {"name": 7}, "ship_to": {"country": "Britain"},
        "lines": [{"quantity": "2", "unit_price": "1,50"}, {"quantity": 1.5, "colour": "red"}, "mug"],
    }) == {
        "/reference": "string-pattern-mismatch", "/total": "money-format", "/currency": "currency", "/language": "language",
        "/requested_on": "date-parsing", "/channel": "literal-error", "/backorder_policy": "literal-error",
        "/customer/name": "string-type", "/ship_to/country": "country", "/lines/0/quantity": "int-type",
        "/lines/0/unit_price": "money-format", "/lines/1/quantity": "int-type", "/lines/1/colour": "unknown-field",
        "/lines/2": "model-type",
    }


def test_names_the_field_that_may_have_been_meant() -> None:
    with pytest.raises(Malformed) as refusal:
        parse(b'{"reference": "A", "curency": "GBP", "a~/b": 1}')
    assert [(error.pointer, error.detail) for error in refusal.value.errors] == [
        ("/curency", "There is no field 'curency' here. Is 'currency' meant?"), ("/a~0~1b", "There is no field 'a~/b' here."),
    ]


@pytest.mark.parametrize("money", [12.5, 12, "12,5", "1 000", "1e3", "NaN", "", "£5", "12.345", "１２", "12\n", "+5", "9" * 13])
def test_money_is_a_decimal_string(money: object) -> None:
    assert complaints(ORDER | {"total": money}) == {"/total": "money-format"}


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b'"x"', b"7", b"null", b"\xff", b'{"reference": "\\ud800"}', b"[" * 100_000, b'{"a":' * 5_000]
)
def test_refuses_what_is_no_json_object(raw: bytes) -> None:
    assert list(complaints(raw)) == [""]


def test_keeps_within_bounds() -> None:
    assert complaints(ORDER | {"lines": [{}] * (MOST_LINES + 1)}) == {"/lines": "too-long"}
    assert complaints(ORDER | {"reference": "x" * 101}) == {"/reference": "string-too-long"}
    assert complaints(ORDER | {"lines": [{"quantity": 10**30}]}) == {"/lines/0/quantity": "less-than-equal"}
    assert len(complaints({"lines": [{"x": 1}] * 1000})) == 50
    assert len(read(lines=[{}] * MOST_LINES).lines) == MOST_LINES


def test_says_where_a_nul_character_stands() -> None:
    wrong = ORDER | {"note": "a\0b", "lines": [{"description": "\0"}], "ship_to": {"city": "Lon\0don"}}
    assert complaints(wrong) == {
        "/note": "nul-character", "/lines/0/description": "nul-character", "/ship_to/city": "nul-character",
    }
    assert read(note="a\\u0000b").note == "a\\u0000b"


def test_equal_content_has_an_equal_hash_however_it_is_written() -> None:
    one = read(total="20.0", note=None, lines=[{"quantity": 2, "sku": "SKU-1", "unit_price": "10"}])
    assert one.content_hash() == read(total="20.00", lines=[{"sku": "SKU-1", "quantity": 2, "unit_price": "10.0000"}]).content_hash()
    assert one.content_hash() != read(total="20.01").content_hash()


@given(st.text(max_size=200, alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_any_text_is_kept_as_it_is(words: str) -> None:
    draft = read(note=words, customer={"name": words}, lines=[{"description": words}])
    assert (draft.note, draft.customer.name, draft.lines[0].description) == (words, words, words)


@given(st.binary(max_size=300))
def test_no_bytes_break_the_parser(raw: bytes) -> None:
    complaints(raw)


def test_naughty_strings_reach_the_database_unchanged(engine: Engine, shop_id: int) -> None:
    _through_the_database(engine, shop_id, NAUGHTY)


def test_the_big_list_of_naughty_strings_reaches_the_database_unchanged(engine: Engine, shop_id: int) -> None:
    naughty = json.loads((require("real-data") / "naughty" / "blns.json").read_text())
    _through_the_database(engine, shop_id, [one for one in naughty if "\0" not in one and len(one) <= 300])


def _through_the_database(engine: Engine, shop_id: int, texts: list[str]) -> None:
    messages = [
        received(shop_id, {"reference": f"N-{n:04}", "note": one, "customer": {"name": one}, "lines": [{"description": one}]})
        for n, one in enumerate(texts)
    ]
    with engine.begin() as tx:
        assert all(isinstance(one, Recorded) for one in record(tx, messages, NOW))
        rows = tx.execute(text("""SELECT o.note, o.customer ->> 'name', l.description FROM orders o
            JOIN order_line l ON l.order_id = o.id ORDER BY o.reference""")).all()
    assert [tuple(row) for row in rows] == [(one or None, one, one) for one in texts]
