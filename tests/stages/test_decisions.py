"""
What each stage decides from its facts: no database, no clock but the one that is handed in.
"""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from orderpipe.domain.decisions import Audience, Hold, Move, Wait
from orderpipe.domain.links import Purpose, Signer
from orderpipe.domain.stock import Piece, Share
from orderpipe.domain.targets import Policies
from orderpipe.flow import FulfillmentState, OrderState, WaitingFor
from orderpipe.stages import allocate, complete, deliver, pack, pick, release, ship
from orderpipe.store.demands import Wanted
from orderpipe.store.fulfillments import Line, Place, ToRelease
from orderpipe.store.journeys import Journey
from tests.builders import NOW

A = Piece(1, "A", 2)


def wanted(order_id: int = 1, *, whole: bool = False, lead_days: int = 0) -> Wanted:
    return Wanted(order_id, 1, "standard", "standard", whole, NOW, None, (A,), (), {"A": lead_days})


def allocated(one: Wanted, share: Share) -> Any:
    (decision,) = allocate.decide(allocate.Facts((one,), {-one.order_id: share}, {1: 1}, Policies({}, {}, {})), now=NOW)
    return decision


def test_allocate_moves_what_is_there_without_a_word() -> None:
    assert allocated(wanted(), Share({1: (A,)}, ())) == Move(1, OrderState.ALLOCATED)


def test_allocate_tells_of_what_is_short_and_when_it_may_come() -> None:
    decision = allocated(wanted(lead_days=3), Share({}, (A,)))
    assert (type(decision), decision.to) == (Move, OrderState.ALLOCATED)
    assert decision.tells[0].facts == {"lines": [{"number": 1, "quantity": 2, "expected_on": "2026-11-06"}]}


def test_allocate_guesses_no_date_when_the_product_says_none() -> None:
    assert allocated(wanted(), Share({}, (A,))).tells[0].facts["lines"][0]["expected_on"] is None


def test_allocate_lets_a_whole_order_wait() -> None:
    decision = allocated(wanted(whole=True), Share({}, (A,)))
    assert (type(decision), decision.waiting_for, decision.tells[0].kind) == (Wait, WaitingFor.STOCK, "backorder")


def planned(**facts: Any) -> ToRelease:
    known: dict[str, Any] = {
        "id": 1001, "order_id": 1, "shop_id": 1, "appointment": False, "reserved": True, "not_before": None, "prepaid": False,
        "unpaid": Decimal(0), "promised": True,
    }
    return ToRelease(**(known | facts))


RELEASED = Move(1001, FulfillmentState.RELEASED, then=Wait(1001, WaitingFor.PICK_SCANS, NOW + release.SCANS_AGAIN))


def released(one: ToRelease, places: Any = None) -> Any:
    (decision,) = release.decide(release.Facts((one,), places or {}, {}), now=NOW)
    return decision


@pytest.mark.parametrize(("facts", "waits_for"), [
    ({"promised": False, "reserved": False}, WaitingFor.PROMISE),
    ({"reserved": False, "unpaid": Decimal(5)}, WaitingFor.STOCK),
    ({"not_before": NOW + timedelta(days=2), "unpaid": Decimal(5)}, WaitingFor.DATE),
    ({"unpaid": Decimal("0.01")}, WaitingFor.PAYMENT),
])
def test_release_waits_for_the_promise_the_stock_the_date_and_the_payment(facts: dict[str, Any], waits_for: WaitingFor) -> None:
    decision = released(planned(**facts))
    assert (type(decision), decision.waiting_for) == (Wait, waits_for)
    assert decision.until > NOW


@pytest.mark.parametrize("facts", [{}, {"not_before": NOW}, {"unpaid": Decimal(-1)}])
def test_release_lets_go_what_nothing_stops(facts: dict[str, Any]) -> None:
    assert released(planned(**facts)) == RELEASED


def test_release_lets_go_what_waited_once_its_stock_is_found() -> None:
    assert released(planned(reserved=False), {1001: {7: (A,)}}) == RELEASED


def test_release_hands_a_service_to_its_performer_without_stock() -> None:
    decision = released(planned(appointment=True, reserved=False))
    assert decision.then.waiting_for == WaitingFor.PERFORMANCE


def line(quantity: int, picked: int = 0, short: int = 0, packed: int = 0, number: int = 1) -> Line:
    return Line(1001, number, "A", quantity, picked, short, packed)


def picked(*lines: Line) -> Any:
    (decision,) = pick.decide(pick.Facts({1001: lines}, {}, {}), now=NOW)
    return decision


def test_pick_waits_for_the_last_piece() -> None:
    assert picked(line(3, 3), line(2, 1, number=2)).waiting_for == WaitingFor.PICK_SCANS


def test_pick_tells_what_was_not_found_and_goes_on_with_the_rest() -> None:
    decision = picked(line(3, 1, 2))
    assert (decision.to, decision.tells[0].kind) == (FulfillmentState.PICKED, "backorder")
    assert decision.tells[0].facts["lines"] == [{"number": 1, "quantity": 2, "expected_on": None}]


def test_pick_cancels_what_was_not_there_at_all() -> None:
    assert picked(line(3, 0, 3)).to == FulfillmentState.CANCELED


@pytest.mark.parametrize(("lines", "packed"), [
    ([line(2, 2, 0, 2)], True), ([line(2, 2, 0, 1)], False), ([line(2, 2, 0, 2), line(1, 1, 0, 0, 2)], False),
    ([line(0), line(1, 1, 0, 1, 2)], True),
])
def test_pack_wants_every_piece_in_the_parcel(lines: list[Line], packed: bool) -> None:
    (decision,) = pack.decide(pack.Facts({1001: lines}), now=NOW)
    assert isinstance(decision, Move) == packed


def test_ship_tells_the_tracking_number_and_what_is_in_the_parcel() -> None:
    place = Place(1001, 1, 1, "standard", 1, "DHL", NOW, NOW)
    (decision,) = ship.decide(ship.Facts({1001: place}, {1001: [line(2, 2, 0, 2), line(0, number=2)]}, frozenset()), now=NOW)
    assert isinstance(decision, Move)
    assert decision.tells[0].facts["lines"] == [{"number": 1, "quantity": 2}]
    assert decision.tells[0].facts["tracking_number"] == ship.tracking_number(1001)


@pytest.mark.parametrize(("spoken_of", "waits"), [(frozenset(), True), (frozenset({1001}), False)])
def test_ship_waits_for_the_carrier_s_word_unless_it_came_before_the_label(spoken_of: frozenset[int], waits: bool) -> None:
    facts = ship.Facts({1001: Place(1001, 1, 1, "standard", 1, "DHL", NOW, NOW)}, {1001: [line(2, 2, 0, 2)]}, spoken_of)
    (decision,) = ship.decide(facts, now=NOW)
    assert isinstance(decision, Move)
    assert (decision.then is not None and decision.then.waiting_for == WaitingFor.CARRIER) == waits


def carried(status: str, *, appointment: bool = False, others_live: frozenset[int] = frozenset()) -> Any:
    (decision,) = deliver.decide(deliver.Facts({1001: Journey(1001, appointment, status, "OP1", others_live, ())}), now=NOW)
    return decision


@pytest.mark.parametrize(("status", "after"), [
    ("delivered", "delivered"), ("returned", "returned"), ("lost", "lost"), ("performed", "delivered"),
])
def test_deliver_ends_on_the_word(status: str, after: str) -> None:
    assert carried(status).to == after


@pytest.mark.parametrize("status", ["shipped", "in_transit", "failed_attempt", "out_for_delivery"])
def test_deliver_waits_on_for_the_carrier(status: str) -> None:
    decision = carried(status)
    assert decision.waiting_for == WaitingFor.CARRIER
    assert [tell.kind for tell in decision.tells] == (["out-for-delivery"] if status == "out_for_delivery" else [])


def test_deliver_waits_on_for_the_performer() -> None:
    assert carried("", appointment=True).waiting_for == WaitingFor.PERFORMANCE


def test_deliver_writes_of_a_part_only_while_more_is_to_come() -> None:
    assert [tell.kind for tell in carried("delivered", others_live=frozenset({1002})).tells] == ["part-delivered"]
    assert carried("delivered").tells == ()


def test_deliver_tells_the_office_of_a_lost_parcel() -> None:
    assert [tell.to for tell in carried("lost").tells] == [Audience.OFFICE]


def completed(*states: str, settled: frozenset[int] = frozenset()) -> Any:
    its = [(1000 + number, FulfillmentState(state)) for number, state in enumerate(states, 1)]
    (decision,) = complete.decide(complete.Facts({1: its}, settled, {}, Signer({1: b"key"}), "http://shop.example"), now=NOW)
    return decision


@pytest.mark.parametrize(("states", "after"), [
    (["delivered"], "completed"), (["delivered", "canceled"], "completed"), (["canceled"], "canceled"), ([], "canceled"),
])
def test_complete_ends_the_order_as_its_parts_ended(states: list[str], after: str) -> None:
    assert completed(*states).to == after


def test_complete_thanks_with_a_link_to_the_orders_page() -> None:
    (letter,) = completed("delivered").tells
    address, _, token = str(letter.facts["page_link"]).rpartition("/")
    assert address == "http://shop.example/t"
    assert Signer({1: b"key"}).read(token, Purpose.PAGE, NOW) == 1


def test_complete_waits_for_the_last_part() -> None:
    assert completed("delivered", "shipped").waiting_for == WaitingFor.FULFILLMENTS
    assert completed("lost", "shipped").waiting_for == WaitingFor.FULFILLMENTS


def test_complete_asks_the_office_about_a_lost_parcel_until_it_is_settled() -> None:
    assert isinstance(completed("delivered", "lost"), Hold)
    assert completed("delivered", "lost", settled=frozenset({1002})).to == "completed"
    assert completed("lost", settled=frozenset({1001})).to == "canceled"
