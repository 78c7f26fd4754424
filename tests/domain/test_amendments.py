"""
Amendments: what is asked for is done to the piece or refused with a reason, and the total follows the prices.
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderpipe.domain.amendable import Matter, open_matters
from orderpipe.domain.amendments import Amendment, Article, Line, Order, amended, skus_named
from orderpipe.flow import CANCELABLE, ORDER_ENDS, FulfillmentState, OrderState

TODAY = date(2026, 11, 3)
ARTICLES = {
    "A": Article(Decimal("2.50")), "B": Article(Decimal("0.0125")), "OLD": Article(Decimal(1), discontinued=True), "FREE": Article(None),
}
ADDRESS = {"line1": "1 High Street", "city": "London", "postal_code": "N1 1AA", "country": "GB"}


def order(*lines: Line, parts: tuple[FulfillmentState, ...] = (), total: Decimal | None = None, paid: Decimal = Decimal(0)) -> Order:
    return Order(
        OrderState.PROMISED if parts else OrderState.RECEIVED, parts, paid, {"name": "Ann Ok", "email": "ann@customers.example"}, ADDRESS,
        "invoice", total, None, lines or (Line(1, "A", 2, 0, Decimal("2.50")),), "GB",
    )


@st.composite
def orders(draw: st.DrawFn) -> Order:
    """Orders of some lines, some pieces of which are canceled, with the total that they come to."""
    lines = []
    for number in range(1, draw(st.integers(1, 4)) + 1):
        quantity = draw(st.integers(1, 20))
        price = draw(st.sampled_from([Decimal("2.50"), Decimal(10)]))
        lines.append(Line(number, draw(st.sampled_from("AB")), quantity, draw(st.integers(0, quantity)), price))
    parts = tuple(draw(st.lists(st.sampled_from(list(FulfillmentState)), max_size=3)))
    total = sum((line.unit_price * line.quantity for line in lines if line.unit_price), Decimal(0))
    return order(*lines, parts=parts, total=draw(st.sampled_from([None, total])))


POINTERS = st.one_of(
    st.sampled_from(["/customer/name", "/customer/email", "/ship_to", "/ship_to/city", "/payment_method", "/requested_on", "/total", "/x"]),
    st.builds("/lines/{}{}".format, st.integers(0, 5), st.sampled_from(["", "/quantity", "/sku"])), st.just("/lines/-"),
    st.text(max_size=20),
)
ADDED = st.fixed_dictionaries({"sku": st.sampled_from(["A", "B", "OLD", "NONE"]), "quantity": st.integers(-1, 9)})
ANYTHING = st.one_of(
    st.none(), st.text(max_size=10), st.integers(-5, 40), ADDED, st.lists(ADDED, max_size=3), st.sampled_from(["A", "B", "2026-12-01"]),
    st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=2),
)


@given(orders(), st.dictionaries(POINTERS, ANYTHING, max_size=5))
def test_whatever_is_sent_is_done_or_refused_with_sentences(found: Order, changes: dict[str, object]) -> None:
    skus_named(changes)
    done = amended(found, changes, ARTICLES, today=TODAY)
    if not isinstance(done, Amendment):
        assert done
        assert all(one.detail.endswith(".") and one.code for one in done)
    else:
        assert done.changed


@given(orders(), st.dictionaries(st.integers(0, 3), st.one_of(st.none(), st.integers(1, 30)), min_size=1), st.lists(ADDED, max_size=2))
def test_no_piece_comes_or_goes_unasked(found: Order, wanted: dict[int, int | None], added: list[dict[str, object]]) -> None:
    changes: dict[str, object] = {f"/lines/{place}" if to is None else f"/lines/{place}/quantity": to for place, to in wanted.items()}
    done = amended(found, changes | ({"/lines/-": added} if added else {}), ARTICLES, today=TODAY)
    if not isinstance(done, Amendment):
        return
    for place, line in enumerate(found.lines):
        left = line.left + done.more.get(line.number, 0) - done.fewer.get(line.number, 0)
        assert left == (wanted[place] or 0 if place in wanted else line.left)
        assert left > 0 or line.number in done.removed or line.left <= 0
    assert [(one.sku, one.quantity) for one in done.added] == [(one["sku"], one["quantity"]) for one in added]
    assert any(line.number not in done.removed and line.left > 0 for line in found.lines) or done.more or done.added
    if found.total is not None and done.of_lines:
        prices = {line.number: line.unit_price or Decimal(0) for line in found.lines}
        step = sum((prices[number] * pieces for number, pieces in done.more.items()), Decimal(0))
        step -= sum((prices[number] * pieces for number, pieces in done.fewer.items()), Decimal(0))
        step += sum(((one.unit_price or Decimal(0)) * one.quantity for one in done.added), Decimal(0))
        assert done.total is not None
        assert abs(done.total - (found.total + step)) <= Decimal("0.01")


@given(orders())
def test_nothing_is_open_that_cannot_be_done_any_more(found: Order) -> None:
    matters = open_matters(found.state, found.parts)
    live = [part for part in found.parts if part != FulfillmentState.CANCELED]
    if live and not any(part in CANCELABLE for part in live):
        assert not matters & {Matter.ADDRESS, Matter.FEWER, Matter.MORE, Matter.REQUESTED_ON}
    for state in ORDER_ENDS:
        assert open_matters(state, found.parts) == frozenset()


@pytest.mark.parametrize(("states", "matters"), [
    ("", "address contact fewer-pieces more-pieces payment-method requested-date"),
    ("planned", "address contact fewer-pieces more-pieces payment-method requested-date"),
    ("released", "address contact fewer-pieces more-pieces payment-method"),
    ("picked", "address contact fewer-pieces payment-method"),
    ("packed", "contact payment-method"),
    ("shipped planned", "address contact fewer-pieces more-pieces payment-method requested-date"),
    ("delivered canceled", "contact payment-method"),
])
def test_each_matter_has_its_time(states: str, matters: str) -> None:
    parts = [FulfillmentState(one) for one in states.split()]
    assert sorted(open_matters(OrderState.PROMISED, parts)) == matters.split()
    assert Matter.PAYMENT_METHOD not in open_matters(OrderState.PROMISED, parts, paid=Decimal(1))


def test_an_exchange_takes_one_line_and_adds_another() -> None:
    done = amended(order(total=Decimal(5)), {"/lines/0/sku": "B", "/lines/0/quantity": 4}, ARTICLES, today=TODAY)
    assert isinstance(done, Amendment)
    assert (dict(done.fewer), sorted(done.removed), [(one.sku, one.quantity) for one in done.added]) == ({1: 2}, [1], [("B", 4)])
    assert done.total == Decimal("0.05")
    assert done.changed == ("/lines/0/sku",)


def test_without_a_price_the_total_has_to_be_said() -> None:
    given = {"/lines/-": {"sku": "FREE", "quantity": 1}}
    refused = amended(order(total=Decimal(5)), given, ARTICLES, today=TODAY)
    assert not isinstance(refused, Amendment)
    assert [(one.pointer, one.code) for one in refused] == [("/total", "price-unknown")]
    done = amended(order(total=Decimal(5)), given | {"/total": "7.00"}, ARTICLES, today=TODAY)
    assert isinstance(done, Amendment)
    assert done.total == 7
    agreed = amended(order(total=Decimal(5)), {"/lines/-": {"sku": "FREE", "quantity": 2, "unit_price": "1.50"}}, ARTICLES, today=TODAY)
    assert isinstance(agreed, Amendment)
    assert agreed.total == 8


def test_a_total_that_cannot_have_been_right_stays_as_stated() -> None:
    done = amended(order(Line(1, "A", 0, 0, Decimal("2.50")), total=Decimal(5)), {"/lines/0/quantity": 2}, ARTICLES, today=TODAY)
    assert isinstance(done, Amendment)
    assert dict(done.more) == {1: 2}
    assert done.total == 5


def test_part_of_an_address_can_be_emptied() -> None:
    done = amended(replace(order(), ship_to={**ADDRESS, "line2": "Flat 1"}), {"/ship_to/line2": ""}, ARTICLES, today=TODAY)
    assert isinstance(done, Amendment)
    assert done.ship_to == ADDRESS
