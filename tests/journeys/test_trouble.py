"""
Orders that need a person: lost and returned parcels, doubts nobody can be asked about, stages that break on one order.
"""

from datetime import timedelta

import pytest

from orderpipe.domain.handling import Phase
from orderpipe.domain.orders import Contact
from orderpipe.sideflows.office import DecisionRefused
from orderpipe.stages import pack
from tests.floor import Floor, broken


def lost(floor: Floor, status: str = "lost") -> int:
    floor.stock("SKU-1", 5)
    order = floor.order({"SKU-1": 2})
    floor.receive(order)
    unit = order * 1000 + 1
    floor.deliver_until_shipped(unit).carrier(unit, status)
    assert floor.state(order) == ("promised", "office")
    return order


@pytest.mark.parametrize("status", ["lost", "returned"])
def test_the_office_sends_a_lost_parcel_again(floor: Floor, status: str) -> None:
    order = lost(floor, status)
    floor.office(order, "resend")
    assert (floor.state(order), floor.parts(order)[2]) == (("promised", "fulfillments"), ("released", "pick-scans"))
    floor.deliver(order * 1000 + 2)
    assert (floor.state(order), floor.free()) == (("completed", None), (1, 0))


def test_the_office_closes_an_order_whose_parcel_is_lost(floor: Floor) -> None:
    order = lost(floor)
    floor.office(order, "close")
    assert (floor.state(order), floor.parts(order)) == (("canceled", None), {1: ("lost", None)})


def test_thanks_only_for_what_was_delivered(floor: Floor) -> None:
    floor.stock("SKU-1", 5)
    floor.stock("SKU-2", 5, at="north")
    order = floor.order({"SKU-1": 1, "SKU-2": 2})
    floor.receive(order)
    floor.deliver_until_shipped(order * 1000 + 1).carrier(order * 1000 + 1, "returned")
    floor.deliver(order * 1000 + 2)
    floor.office(order, "close")
    assert floor.state(order) == ("completed", None)
    (came_back,) = floor.told(order, "office-parcel-lost")
    (thanks,) = floor.told(order, "thank-you")
    assert (came_back["lines"], thanks["lines"]) == ([{"number": 1, "quantity": 1}], [{"number": 2, "quantity": 2}])


def test_thanks_for_everything_when_what_was_lost_came_after_all(floor: Floor) -> None:
    order = lost(floor)
    floor.office(order, "resend").deliver(order * 1000 + 2)
    assert floor.told(order, "thank-you")[0]["lines"] is None


def test_what_is_sent_again_may_be_lost_again(floor: Floor) -> None:
    order = lost(floor)
    floor.office(order, "resend")
    floor.deliver_until_shipped(order * 1000 + 2).carrier(order * 1000 + 2, "lost")
    assert floor.state(order) == ("promised", "office")
    floor.office(order, "close")
    assert floor.state(order) == ("canceled", None)


def test_what_is_sent_again_leaves_out_what_was_never_in_the_parcel(floor: Floor) -> None:
    floor.stock("SKU-1", 2)
    floor.stock("SKU-2", 5)
    order = floor.order({"SKU-1": 2, "SKU-2": 1})
    floor.receive(order)
    unit = order * 1000 + 1
    floor.scan(unit, Phase.PICK, {"SKU-2": 1}).scan(unit, Phase.SHORT, {"SKU-1": 2}).scan(unit, Phase.PACK).carrier(unit, "lost")
    floor.cancel(order)
    assert floor.state(order) == ("promised", "office")
    floor.office(order, "resend")
    assert floor.parts(order) == {1: ("lost", None), 2: ("canceled", None), 3: ("released", "pick-scans")}


def test_an_order_that_does_not_wait_for_the_office_is_left_alone(floor: Floor) -> None:
    floor.stock()
    order = floor.order()
    floor.receive(order)
    for decision in ("resume", "resend", "close", "cancel"):
        with pytest.raises(DecisionRefused):
            floor.office(order, decision)


def test_the_office_is_reminded_every_day(floor: Floor) -> None:
    order = lost(floor)
    for day in range(1, 4):
        floor.pass_time(days=1, minutes=1)
        assert floor.letters(order).count("office-reminder") == day
    assert floor.state(order) == ("promised", "office")


def test_an_order_nobody_can_be_asked_about_goes_to_the_office(floor: Floor) -> None:
    order = floor.order(customer=Contact("Ann Ok"))
    floor.receive(order)
    assert floor.state(order) == ("received", "office")
    floor.office(order, "cancel")
    assert floor.state(order) == ("canceled", None)


def test_an_order_for_nothing_is_rejected(floor: Floor) -> None:
    order = floor.order([], kind="goods")
    floor.receive(order)
    assert floor.state(order) == ("rejected", None)
    assert floor.letters(order)[-1] == "rejected"


def test_an_order_that_breaks_its_stage_is_parked_and_resumed(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    floor.stock()
    order = floor.order()
    floor.receive(order)
    unit = order * 1000 + 1
    with monkeypatch.context() as patched:
        patched.setattr(pack, "decide", broken)
        floor.deliver_until_picked(unit)
    assert floor.parts(order) == {1: ("picked", "office")}
    assert "ZeroDivisionError" in floor.fulfillments(order)[0]["last_error"]
    assert "office-parked" in floor.letters(order)
    floor.office(order, "resume").work()
    assert floor.parts(order) == {1: ("picked", "pack-scans")}


def test_a_parked_part_may_be_canceled(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    floor.stock("SKU-1", 1)
    floor.stock("SKU-2", 1, at="north")
    order = floor.order({"SKU-1": 1, "SKU-2": 1})
    floor.receive(order)
    floor.deliver_until_shipped(order * 1000 + 1)
    with monkeypatch.context() as patched:
        patched.setattr(pack, "decide", broken)
        floor.deliver_until_picked(order * 1000 + 2)
    assert floor.parts(order)[2] == ("picked", "office")
    floor.cancel(order)
    floor.carrier(order * 1000 + 1, "delivered")
    assert floor.state(order) == ("completed", None)


def test_an_order_is_promised_nothing_while_no_carrier_goes_there(floor: Floor) -> None:
    floor.stock()
    with floor.engine.begin() as tx:
        tx.exec_driver_sql("""UPDATE location SET carrier_days = '{"GB": 2}'""")
    home = {"line1": "Calle 1", "city": "Madrid", "postal_code": "28001", "country": "ES"}
    order = floor.order(ship_to=home)
    floor.receive(order)
    assert (floor.state(order), floor.parts(order)) == (("allocated", "office"), {1: ("planned", "promise")})
    with floor.engine.begin() as tx:
        tx.exec_driver_sql("""UPDATE location SET carrier_days = '{"abroad": 2}'""")
    floor.office(order, "resume")
    assert floor.parts(order) == {1: ("released", "pick-scans")}


def test_a_shop_without_a_place_learns_what_is_missing(floor: Floor) -> None:
    order = floor.order(shop="new")
    floor.receive(order)
    assert floor.state(order) == ("validated", "office")
    assert "no location" in floor.row(order)["last_error"]
    floor.stock(shop="new")
    floor.office(order, "resume")
    assert floor.state(order) == ("promised", "fulfillments")


def test_waiting_never_ends_in_silence(floor: Floor) -> None:
    """Whatever an order waits for, there is an instant when it is looked at again; an order with a date, a day after that date."""
    orders = [lost(floor), floor.order({"SKU-9": 1}), floor.order(customer=Contact("Ann Ok"))]
    floor.receive(*orders[1:])
    for _ in range(5):
        floor.pass_time(days=1, hours=1)
        for order in orders:
            assert floor.row(order)["next_at"] <= floor.now + timedelta(days=21)
