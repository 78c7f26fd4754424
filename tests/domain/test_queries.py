"""
Answers to questions: what they may change, and what is refused.
"""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderpipe.domain.queries import Amended, Answer, apply_answer
from orderpipe.domain.rules import LineToCheck, OrderToCheck, check

LINE = LineToCheck(1, "KETTLE-1", "goods", "Kettle", 2, Decimal("12.50"), True, False)
ADDRESS = {"line1": "1 High Street", "city": "London", "postal_code": "N1 1AA", "country": "GB"}
JANE = {"name": "Jane Doe", "email": "jane@shop.example", "company": "Doe Ltd"}
ORDER = OrderToCheck(JANE, ADDRESS, "card", "GBP", Decimal("25.00"), (LINE,), "GB")


def answered(order: OrderToCheck, changes: dict[str, object], *confirmed: str) -> Amended:
    result = apply_answer(order, [one.doubt for one in check(order)], Answer(changes, frozenset(confirmed)))
    assert isinstance(result, Amended), result
    return result


def problems(order: OrderToCheck, changes: dict[str, object], *confirmed: str) -> list[tuple[str, str]]:
    result = apply_answer(order, [one.doubt for one in check(order)], Answer(changes, frozenset(confirmed)))
    assert not isinstance(result, Amended)
    return [(one.pointer, one.code) for one in result]


def checked_again(order: OrderToCheck, amended: Amended) -> list[str]:
    again = replace(
        order, customer=amended.customer, ship_to=amended.ship_to, payment_method=amended.payment_method, total=amended.total,
        lines=amended.lines, confirmed=frozenset(one.identity for one in check(order) if (one.rule, one.field) in amended.confirmed),
    )
    return [one.rule for one in check(again)]


def test_fills_in_what_was_missing_and_leaves_the_rest() -> None:
    order = replace(ORDER, customer=JANE | {"name": ""}, payment_method="")
    amended = answered(order, {"/customer/name": " Jane Roe ", "/payment_method": "invoice"})
    assert amended.customer == JANE | {"name": "Jane Roe"}
    assert (amended.payment_method, amended.ship_to, amended.lines) == ("invoice", ADDRESS, (LINE,))
    assert amended.changed == ("/customer/name", "/payment_method")
    assert checked_again(order, amended) == []


def test_may_answer_a_part_and_be_asked_about_the_rest_again() -> None:
    order = replace(ORDER, customer=JANE | {"name": ""}, payment_method="")
    assert checked_again(order, answered(order, {"/payment_method": "invoice"})) == ["name-missing"]


def test_changes_nothing_that_was_not_asked_about() -> None:
    order = replace(ORDER, payment_method="")
    changes: dict[str, object] = {
        "/payment_method": "card", "/customer/email": "x@y.com", "/lines/0/unit_price": "0.01", "/lines/0": None, "/state": "validated",
    }
    assert problems(order, changes) == [
        ("/customer/email", "not-asked"), ("/lines/0/unit_price", "not-asked"), ("/lines/0", "not-asked"), ("/state", "not-asked"),
    ]


def test_takes_a_whole_address_or_its_parts() -> None:
    order = replace(ORDER, ship_to=None)
    assert answered(order, {"/ship_to": {**ADDRESS, "line2": ""}}).ship_to == ADDRESS
    assert answered(order, {f"/ship_to/{part}": value for part, value in ADDRESS.items()}).ship_to == ADDRESS


def test_takes_only_the_missing_part_of_an_address() -> None:
    order = replace(ORDER, ship_to=ADDRESS | {"city": ""})
    assert answered(order, {"/ship_to/city": "Leeds"}).ship_to == ADDRESS | {"city": "Leeds"}
    assert problems(order, {"/ship_to/country": "FR"}) == [("/ship_to/country", "not-asked")]


def test_takes_either_way_to_reach_the_customer() -> None:
    order = replace(ORDER, customer={"name": "Jane Doe"})
    assert answered(order, {"/customer/phone": "020 7946 0958"}).customer["phone"] == "020 7946 0958"
    assert problems(order, {"/customer/name": "Joe"}) == [("/customer/name", "not-asked")]
    assert problems(order, {"/customer": {"email": "jane@shop.example"}}) == [("/customer", "not-asked")]


@pytest.mark.parametrize("quantity", [3, "3"])
def test_takes_a_quantity_as_programs_and_as_forms_send_it(quantity: object) -> None:
    order = replace(ORDER, lines=(replace(LINE, quantity=0),), total=None)
    assert answered(order, {"/lines/0/quantity": quantity}).lines[0].quantity == 3


def test_removes_a_line_in_doubt_but_not_the_last_one() -> None:
    order = replace(ORDER, lines=(LINE, replace(LINE, number=2, known=False)), total=None)
    assert answered(order, {"/lines/1": None}).lines == (LINE,)
    assert problems(replace(order, lines=order.lines[1:]), {"/lines/0": None}) == [("/lines", "no-lines")]


def test_forgets_description_and_price_of_an_article_that_was_replaced() -> None:
    order = replace(ORDER, lines=(replace(LINE, known=False),))
    line, = answered(order, {"/lines/0/sku": "KETTLE-2"}).lines
    assert (line.sku, line.description, line.unit_price, line.quantity) == ("KETTLE-2", "", None, 2)
    assert answered(order, {"/lines/0/sku": "KETTLE-1"}).lines == order.lines


def test_lets_the_customer_confirm_a_total_or_correct_it() -> None:
    order = replace(ORDER, total=Decimal(30))
    confirmed = answered(order, {}, "totals-differ")
    assert confirmed.confirmed == frozenset({("totals-differ", "/total")})
    assert checked_again(order, confirmed) == []
    assert checked_again(order, answered(order, {"/total": "25.00"})) == []
    dearer = replace(ORDER, total=Decimal("37.50"))
    assert checked_again(dearer, answered(dearer, {"/lines/0/quantity": 3})) == []


def test_confirms_only_what_was_asked_and_can_be_right() -> None:
    assert problems(replace(ORDER, payment_method=""), {}, "payment-method-missing") == [("/confirmed", "not-confirmable")]
    assert problems(replace(ORDER, payment_method=""), {}, "totals-differ") == [("/confirmed", "not-asked")]


def test_refuses_an_answer_that_says_nothing() -> None:
    assert problems(replace(ORDER, payment_method=""), {}) == [("", "empty")]


def test_cancels_whatever_else_is_said() -> None:
    result = apply_answer(ORDER, [], Answer({"/state": 1}, cancel=True))
    assert isinstance(result, Amended)
    assert result.cancel
    assert result.lines == ORDER.lines


BROKEN = OrderToCheck({"name": "", "email": "jane@"}, None, "", "GBP", Decimal(1), (replace(LINE, quantity=0, known=False),), "GB")


@pytest.mark.parametrize(
    ("pointer", "value", "problem"),
    [
        ("/customer/name", " ", "blank"), ("/customer/name", 7, "string-type"), ("/customer/name", "Jane\x00", "nul-character"),
        ("/customer/name", "x" * 301, "string-too-long"), ("/customer/email", "jane@", "email"), ("/customer/phone", "12", "phone"),
        ("/payment_method", None, "string-type"), ("/ship_to", "London", "object-type"), ("/ship_to/country", "England", "country"),
        ("/lines/0/quantity", 0, "quantity"), ("/lines/0/quantity", 10**9, "quantity"), ("/lines/0/quantity", True, "int-type"),
        ("/lines/0/quantity", 1.5, "int-type"), ("/lines/0/quantity", "٣", "int-type"), ("/lines/0/sku", "", "blank"),
        ("/lines/0", {}, "line"), ("/total", 25.0, "money-format"), ("/total", "-1", "money-format"), ("/total", "1e3", "money-format"),
    ],
)
def test_checks_each_value_like_an_order_s(pointer: str, value: object, problem: str) -> None:
    assert problems(BROKEN, {pointer: value}) == [(pointer, problem)]


def test_says_where_in_an_address_something_is_wrong() -> None:
    assert problems(BROKEN, {"/ship_to": {"country": "England"}}) == [("/ship_to/country", "country")]
    assert problems(BROKEN, {"/ship_to": {"zip": "N1"}}) == [("/ship_to/zip", "unknown-field")]


values = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.dictionaries(st.text(max_size=8), st.text())
pointers = st.sampled_from([
    "", "/", "/customer", "/customer/name", "/customer/email", "/customer/phone", "/ship_to", "/ship_to/city", "/payment_method",
    "/total", "/lines", "/lines/0", "/lines/0/sku", "/lines/0/quantity", "/lines/0/description", "/lines/-1/sku", "/lines/7",
]) | st.text(max_size=12)  # fmt: skip


@given(st.dictionaries(pointers, values, max_size=4), st.frozensets(st.sampled_from(["totals-differ", "name-missing", "x"])))
def test_never_falls_over_an_answer(changes: dict[str, object], confirmed: frozenset[str]) -> None:
    result = apply_answer(BROKEN, [one.doubt for one in check(BROKEN)], Answer(changes, confirmed))
    if isinstance(result, Amended):
        assert checked_again(BROKEN, result) is not None
    else:
        assert result
