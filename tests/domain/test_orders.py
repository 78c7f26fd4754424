"""
Numbers and ids: what people read out, what outsiders see, and an order's content recognised whatever its spelling.
"""

import dataclasses
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderpipe.domain import orders
from orderpipe.domain.orders import Contact, DraftLine, OrderDraft, UnknownNumber

order_ids = st.integers(1, 10**12)
DRAFT = OrderDraft("R-1", Contact("Ann", "ann@customers.example"), (DraftLine("SKU-1", 2, unit_price=Decimal("9.90")),))


@given(order_ids)
def test_the_number_leads_back_to_its_order(order_id: int) -> None:
    assert orders.order_id_of(orders.number_of(order_id)) == order_id
    assert orders.order_id_of(f" {orders.number_of(order_id)}\n") == order_id


@given(order_ids, st.data())
def test_one_wrong_digit_is_noticed(order_id: int, data: st.DataObject) -> None:
    number = orders.number_of(order_id)
    place = data.draw(st.sampled_from([place for place, sign in enumerate(number) if sign.isdigit()]))
    digit = data.draw(st.sampled_from([one for one in "0123456789" if one != number[place]]))
    with pytest.raises(UnknownNumber):
        orders.order_id_of(number[:place] + digit + number[place + 1 :])


@pytest.mark.parametrize("text", ["", "-", "100001", "100001-", "100000-0", "99999-1", "１００００１-2", "-5", "1e5-3", "ord_000000000001"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(UnknownNumber):
        orders.order_id_of(text)


@given(st.sampled_from(sorted(orders.PREFIXES)), order_ids, order_ids)
def test_public_ids_lead_back_and_sort_by_age(kind: str, one: int, other: int) -> None:
    first, second = orders.public_id(kind, one), orders.public_id(kind, other)
    assert orders.internal_id(kind, first) == one
    assert (first < second) == (one < other)


@pytest.mark.parametrize("text", [
    "", "ord_", "ord_00000000000", "ful_000000000001", "ord_00000000000i", "ord_00000000000U", "ord_0000000000001",
])
def test_what_is_no_order_id_is_refused(text: str) -> None:
    with pytest.raises(UnknownNumber):
        orders.internal_id("order", text)


@given(order_ids, st.integers(1, orders.MOST_FULFILLMENTS))
def test_a_fulfillment_id_tells_its_order(order_id: int, nth: int) -> None:
    unit = orders.fulfillment_id(order_id, nth)
    assert orders.order_of(unit) == order_id
    assert orders.fulfillment_number_of(unit) == f"{orders.number_of(order_id)}/{nth}"


def test_equal_content_is_recognised_whatever_its_spelling() -> None:
    respelled = dataclasses.replace(DRAFT, lines=(DraftLine("SKU-1", 2, unit_price=Decimal("9.900")),))
    assert respelled.content_hash() == DRAFT.content_hash()
    for change in ({"note": "x"}, {"total": Decimal("19.80")}, {"lines": ()}, {"customer": Contact("Ann")}):
        assert dataclasses.replace(DRAFT, **change).content_hash() != DRAFT.content_hash()
