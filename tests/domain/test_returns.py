"""
Returns: whatever is scanned and inspected, no piece comes twice and none is lost.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderpipe.domain.cases import Pieces
from orderpipe.domain.orders import UnknownNumber
from orderpipe.domain.returns import (
    Inspection,
    Item,
    ReturnRefused,
    ReturnScan,
    ReturnState,
    check_authorisation,
    inspect,
    receive,
    return_id_of,
    return_number,
    state_of,
)
from orderpipe.domain.scans import Meaning

ITEMS = (Item(1, "A", 2), Item(2, "B", 1), Item(3, "A", 3))
MEANINGS = {"A": Meaning("A"), "AA": Meaning("A", 2), "B": Meaning("B"), "C": Meaning("C")}
scans = st.lists(st.builds(
    ReturnScan, st.sampled_from(["A", "AA", "B", "C", "?"]), st.sampled_from("abcdefgh"), st.just("Kim"), st.integers(1, 3),
), max_size=15)


@given(scans)
def test_what_is_received_is_what_the_accepted_scans_say_and_never_more_than_authorised(sent: list[ReturnScan]) -> None:
    outcomes, items = receive(sent, ITEMS, MEANINGS, {})
    counted = {"A": 0, "B": 0}
    for one in outcomes:
        if one.code is None and not one.repeated and one.sku:
            counted[one.sku] += one.pieces
    assert {sku: sum(item.received for item in items if item.sku == sku) for sku in counted} == counted
    assert all(0 <= item.received <= item.quantity for item in items)
    assert len({one.scan.client_id for one in outcomes if not one.repeated}) == sum(not one.repeated for one in outcomes)


@given(scans, st.integers(1, 14))
def test_scans_sent_in_two_parts_and_again_lead_to_the_same(sent: list[ReturnScan], cut: int) -> None:
    whole, after = receive(sent, ITEMS, MEANINGS, {})
    first, half = receive(sent[:cut], ITEMS, MEANINGS, {})
    known = {one.scan.client_id: one for one in first if not one.repeated}
    second, end = receive(sent, half, MEANINGS, known)
    assert end == after
    assert [one.code for one in second] == [one.code for one in whole]


@given(st.integers(-1, 4), st.integers(-1, 4))
def test_no_more_is_inspected_than_came(restock: int, write_off: int) -> None:
    came = (Item(1, "A", 3, received=2),)
    try:
        (after,) = inspect([Inspection(1, restock, write_off)], came)
    except ReturnRefused:
        assert min(restock, write_off) < 0 or not 1 <= restock + write_off <= 2
    else:
        assert (after.restocked, after.written_off, after.uninspected) == (restock, write_off, 2 - restock - write_off)


def test_a_foreign_line_is_not_inspected() -> None:
    with pytest.raises(ReturnRefused):
        inspect([Inspection(9, 1)], ITEMS)


def test_its_state_is_told_by_its_pieces() -> None:
    assert state_of(ITEMS) == ReturnState.AUTHORISED
    assert state_of(ITEMS, expired=True) == ReturnState.EXPIRED
    assert state_of([Item(1, "A", 2, 1, 1)]) == ReturnState.RECEIVED
    assert state_of([Item(1, "A", 2, 2, 1)], expired=True) == ReturnState.RECEIVED
    assert state_of([Item(1, "A", 2, 2, 1, 1)]) == ReturnState.INSPECTED


@pytest.mark.parametrize("lines", [(), (Pieces(1, 3),), (Pieces(1, 0),), (Pieces(2, 1),), (Pieces(1, 1), Pieces(1, 1))])
def test_authorises_only_what_was_delivered(lines: tuple[Pieces, ...]) -> None:
    check_authorisation([Pieces(1, 2)], {1: 2})
    with pytest.raises(ReturnRefused):
        check_authorisation(lines, {1: 2})


@given(st.integers(1, 10**9))
def test_a_number_leads_back_to_its_return(return_id: int) -> None:
    assert return_id_of(return_number(return_id)) == return_id
    with pytest.raises(UnknownNumber):
        return_id_of(return_number(return_id).replace("R", "C"))
