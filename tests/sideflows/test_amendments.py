"""
Amendments: wherever the order stands, what can still be changed is changed whole or not at all, and everything goes on by it.
"""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import text

from orderpipe.domain.handling import Phase
from orderpipe.domain.scans import Scan
from orderpipe.flow import OrderState
from orderpipe.sideflows import amendments
from orderpipe.sideflows.amendments import Amended, AmendRefused, Asked
from orderpipe.sideflows.scans import record_scans
from orderpipe.stages import ship
from tests import builders
from tests.floor import Floor, broken
from tests.sideflows.test_reductions import finish

HOME = {"line1": "2 Low Street", "city": "Leeds", "postal_code": "LS1 1AA", "country": "GB"}
WAYS: dict[str, Callable[[Floor, int], object]] = {
    "received": lambda *_: None,
    "validated": lambda floor, order: floor.stage("validate", [order]),
    "allocated": lambda floor, order: [floor.stage(name, [order]) for name in ("validate", "allocate")],
    "promised": lambda floor, order: [floor.stage(name, [order]) for name in ("validate", "allocate", "promise")],
    "released": lambda floor, order: floor.receive(order),
    "picking": lambda floor, order: floor.receive(order).scan(order * 1000 + 1, Phase.PICK, {"SKU-1": 1}),
}


def amend(floor: Floor, order: int, changes: dict[str, object], key: str = "A1", **more: Any) -> Amended:
    """Change the order; what comes of it happens too."""
    with floor.engine.begin() as tx:
        done = amendments.amend(tx, order, Asked(changes, key, **more), by="customer", now=floor.now)
        floor.give(done.hints)
    floor.work().check()
    return done


def refusal(floor: Floor, order: int, changes: dict[str, object]) -> dict[str, str]:
    """Why the order is not changed, by pointer; nothing of it has changed."""
    before = everything(floor, order)
    with floor.engine.begin() as tx, pytest.raises(AmendRefused) as refused:
        amendments.amend(tx, order, Asked(changes, "A9"), by="customer", now=floor.now)
    assert everything(floor, order) == before
    return {one.pointer: one.code for one in refused.value.problems}


def everything(floor: Floor, order: int) -> object:
    return floor.row(order), lines_of(floor, order), floor.fulfillments(order), floor.journal(order), floor.letters(order)


def lines_of(floor: Floor, order: int) -> list[tuple[str, int, int]]:
    with floor.engine.begin() as tx:
        rows = tx.execute(text("SELECT sku, quantity, canceled FROM order_line WHERE order_id = :id ORDER BY number"), {"id": order})
        return [tuple(row) for row in rows]


def sell(floor: Floor, *skus: str, price: int = 10, **more: Any) -> None:
    """The shop has these articles."""
    with floor.engine.begin() as tx:
        for sku in skus:
            builders.product(tx, sku, price=price, **more)


@pytest.fixture
def stocked(floor: Floor) -> Floor:
    """A floor with ten of three articles."""
    for sku in ("SKU-1", "SKU-2", "SKU-3"):
        sell(floor, sku)
        floor.stock(sku, 10)
    return floor


@pytest.mark.parametrize("stands", WAYS)
def test_changes_everything_at_once_wherever_the_order_stands(stocked: Floor, stands: str) -> None:
    floor = stocked
    order = floor.order({"SKU-1": 3, "SKU-2": 2}, total=50)
    WAYS[stands](floor, order)
    changes: dict[str, object] = {
        "/customer/name": "Ann Better", "/ship_to": HOME, "/lines/0/quantity": 5, "/lines/1": None,
        "/lines/-": {"sku": "SKU-3", "quantity": 1},
    }
    before = floor.state(order)[0]
    done = amend(floor, order, changes)
    assert floor.state(order)[0] in (before, "promised")
    assert set(done.changed) == set(changes)
    row = floor.row(order)
    assert (row["customer"]["name"], row["ship_to"], row["total"]) == ("Ann Better", HOME, Decimal(60))
    assert lines_of(floor, order) == [("SKU-1", 5, 0), ("SKU-3", 1, 0)]
    assert "amended" in floor.letters(order)
    assert "canceled" not in floor.letters(order)
    finish(floor, order)
    assert floor.state(order) == ("completed", None)
    assert [floor.free(sku) for sku in ("SKU-1", "SKU-2", "SKU-3")] == [(5, 0), (10, 0), (9, 0)]
    floor.check()


@pytest.mark.parametrize("stands", WAYS)
def test_exchanges_an_article_for_another(stocked: Floor, stands: str) -> None:
    order = stocked.order({"SKU-1": 2})
    WAYS[stands](stocked, order)
    amend(stocked, order, {"/lines/0/sku": "SKU-2"})
    assert lines_of(stocked, order) == [("SKU-2", 2, 0)]
    finish(stocked, order)
    assert stocked.state(order) == ("completed", None)
    assert [stocked.free(sku) for sku in ("SKU-1", "SKU-2")] == [(10, 0), (8, 0)]


def test_puts_more_into_the_parcel_that_is_being_picked(stocked: Floor) -> None:
    order = stocked.order({"SKU-1": 2})
    stocked.receive(order).scan(order * 1000 + 1, Phase.PICK, {"SKU-1": 1})
    amend(stocked, order, {"/lines/0/quantity": 3, "/lines/-": {"sku": "SKU-2", "quantity": 1}})
    assert stocked.parts(order) == {1: ("released", "pick-scans")}
    stocked.deliver(order * 1000 + 1)
    assert stocked.state(order) == ("completed", None)


def test_brings_what_is_not_in_stock_later_and_says_when(floor: Floor) -> None:
    sell(floor, "SKU-1", lead_days=7)
    floor.stock("SKU-1", 2)
    order = floor.order({"SKU-1": 2})
    floor.receive(order)
    first = floor.told(order, "delivery-date")[0]["until"]
    done = amend(floor, order, {"/lines/0/quantity": 3})
    assert floor.parts(order) == {1: ("released", "pick-scans"), 2: ("planned", "stock")}
    assert done.until is not None
    assert done.until.isoformat() > first
    assert floor.told(order, "amended")[0]["until"] == done.until.isoformat()
    floor.stock("SKU-1", 1)
    floor.restock()
    assert floor.parts(order)[2] == ("released", "pick-scans")


def test_what_waits_longer_goes_first(floor: Floor) -> None:
    floor.stock("SKU-1", 1)
    order, other = floor.order({"SKU-1": 1}), floor.order({"SKU-1": 2})
    floor.receive(order, other).pass_time(minutes=1)
    amend(floor, order, {"/lines/0/quantity": 2})
    floor.stock("SKU-1", 2)
    floor.restock()
    assert floor.parts(other) == {1: ("released", "pick-scans")}
    assert floor.parts(order)[2] == ("planned", "stock")


def test_an_order_that_waits_as_a_whole_waits_for_what_it_wants_now(floor: Floor) -> None:
    floor.stock("SKU-1", 2)
    order = floor.order({"SKU-1": 3}, backorder_policy="all-at-once")
    floor.receive(order)
    amend(floor, order, {"/lines/0/quantity": 4})
    floor.stock("SKU-1", 1)
    floor.restock()
    assert floor.state(order) == ("validated", "stock")
    amend(floor, order, {"/lines/0/quantity": 3}, key="A2")
    assert floor.parts(order) == {1: ("released", "pick-scans")}


def test_revises_the_promise_for_another_country_and_keeps_the_first(stocked: Floor) -> None:
    order = stocked.order({"SKU-1": 2})
    stocked.receive(order)
    amend(stocked, order, {"/ship_to": HOME | {"country": "FR"}})
    revisions = stocked.value("SELECT array_agg(reason ORDER BY revision) FROM promise WHERE fulfillment_id = :id", id=order * 1000 + 1)
    assert revisions == ["first promise", "amended"]
    amend(stocked, order, {"/ship_to/city": "Lyon"}, key="A2")
    assert stocked.value("SELECT count(*) FROM promise WHERE fulfillment_id = :id", id=order * 1000 + 1) == 2


def test_what_is_packed_keeps_its_address_and_the_rest_goes_to_the_new_one(floor: Floor) -> None:
    floor.stock("SKU-1", 1)
    order = floor.order({"SKU-1": 2})
    floor.receive(order).deliver_until_shipped(order * 1000 + 1)
    amend(floor, order, {"/ship_to": HOME})
    assert [part["ship_to"] and part["ship_to"]["city"] for part in floor.fulfillments(order)] == ["London", None]
    assert floor.row(order)["ship_to"]["city"] == "Leeds"


def test_waits_for_the_day_asked_for(stocked: Floor) -> None:
    order = stocked.order({"SKU-1": 2})
    for name in ("validate", "allocate", "promise"):
        stocked.stage(name, [order])
    day = (stocked.now + timedelta(days=20)).date()
    amend(stocked, order, {"/requested_on": day.isoformat()})
    stocked.pass_time(minutes=1)
    assert stocked.parts(order) == {1: ("planned", "date")}
    amend(stocked, order, {"/requested_on": None}, key="A2")
    assert stocked.parts(order) == {1: ("released", "pick-scans")}
    assert refusal(stocked, order, {"/requested_on": day.isoformat()}) == {"/requested_on": "too-late"}


def test_what_is_paid_in_advance_waits_for_the_rest(stocked: Floor) -> None:
    order = stocked.order({"SKU-1": 2}, type="prepaid")
    stocked.receive(order).pay(order, "20")
    assert stocked.parts(order)[1][0] == "released"
    done = amend(stocked, order, {"/lines/0/quantity": 3})
    assert done.total == 30
    assert stocked.parts(order)[2] == ("planned", "payment")
    assert stocked.told(order, "amended")[0]["due"] == "10.00"
    stocked.pay(order, "10")
    assert stocked.parts(order)[2][0] == "released"


def test_what_is_no_longer_due_holds_nothing_up(stocked: Floor) -> None:
    order = stocked.order({"SKU-1": 2}, type="prepaid", total=20)
    stocked.receive(order).pay(order, "10")
    assert stocked.parts(order) == {1: ("planned", "payment")}
    amend(stocked, order, {"/lines/0/quantity": 1})
    assert stocked.parts(order) == {1: ("released", "pick-scans")}


def test_asks_about_a_new_doubt_and_holds_up_what_is_not_picked(stocked: Floor) -> None:
    order = stocked.order({"SKU-1": 2}, total=25)
    stocked.receive(order).answer(order, confirmed=frozenset({"totals-differ"}))
    assert stocked.parts(order) == {1: ("released", "pick-scans")}
    done = amend(stocked, order, {"/lines/0/quantity": 3})
    assert done.question
    assert done.total == 35
    assert (stocked.state(order), stocked.parts(order)) == (("promised", "query"), {1: ("released", "query")})
    stocked.pass_time(seconds=15)
    assert stocked.letters(order).count("question") == 2
    stocked.answer(order, confirmed=frozenset({"totals-differ"})).check()
    assert (stocked.state(order), stocked.parts(order)) == (("promised", "fulfillments"), {1: ("released", "pick-scans")})
    finish(stocked, order)
    assert stocked.state(order)[0] == OrderState.COMPLETED


def test_an_answer_to_it_amends_again(stocked: Floor) -> None:
    order = stocked.order({"SKU-1": 2}, total=25)
    stocked.receive(order).answer(order, confirmed=frozenset({"totals-differ"}))
    amend(stocked, order, {"/lines/0/quantity": 3})
    stocked.answer(order, {"/total": "30.00"}).check()
    assert stocked.row(order)["total"] == 30
    assert stocked.parts(order) == {1: ("released", "pick-scans")}
    assert [one["what"] for one in stocked.journal(order)].count("order.amended") == 2


def test_an_answer_that_clears_nothing_is_asked_about_again(stocked: Floor) -> None:
    order = stocked.order({"SKU-1": 2}, total=25)
    stocked.receive(order).answer(order, confirmed=frozenset({"totals-differ"}))
    amend(stocked, order, {"/lines/0/quantity": 3})
    stocked.answer(order, {"/total": "31.00"}).check()
    assert stocked.state(order) == ("promised", "query")
    questions = stocked.value("SELECT array_agg(state ORDER BY id) FROM query WHERE order_id = :id", id=order)
    assert questions == ["answered", "answered", "open"]


def test_clears_a_doubt_before_it_is_answered(stocked: Floor) -> None:
    order = stocked.order({"SKU-1": 2}, ship_to=None)
    stocked.receive(order)
    assert stocked.state(order) == ("received", "query")
    amend(stocked, order, {"/ship_to": HOME})
    assert stocked.parts(order) == {1: ("released", "pick-scans")}


def test_leaves_a_question_alone_that_it_is_not_about(stocked: Floor) -> None:
    order = stocked.order({"SKU-1": 2}, payment_method="")
    stocked.receive(order)
    amend(stocked, order, {"/lines/0/quantity": 3})
    assert stocked.state(order) == ("received", "query")
    stocked.answer(order, {"/payment_method": "invoice"})
    assert stocked.parts(order) == {1: ("released", "pick-scans")}


def test_happens_once_per_key(stocked: Floor) -> None:
    order = stocked.order({"SKU-1": 2})
    stocked.receive(order)
    amend(stocked, order, {"/lines/-": {"sku": "SKU-2", "quantity": 1}})
    again = amend(stocked, order, {"/lines/-": {"sku": "SKU-2", "quantity": 1}})
    assert (again.known, again.hints) == (True, ())
    assert lines_of(stocked, order) == [("SKU-1", 2, 0), ("SKU-2", 1, 0)]
    assert stocked.letters(order).count("amended") == 1


@pytest.mark.parametrize(("changes", "found"), [
    ({}, {"": "nothing-changes"}),
    ({"/lines/0/quantity": 2}, {"": "nothing-changes"}),
    ({"/lines/0": None}, {"/lines": "no-lines"}),
    ({"/lines/1": None}, {"/lines/1": "no-line"}),
    ({"/lines/0/quantity": 0}, {"/lines/0/quantity": "quantity"}),
    ({"/lines/0/quantity": "' OR 1=1"}, {"/lines/0/quantity": "int-type"}),
    ({"/lines/0/quantity": 10**30}, {"/lines/0/quantity": "quantity"}),
    ({"/lines/0/sku": "NONE"}, {"/lines/0/sku": "product-unknown"}),
    ({"/lines/0/sku": "SKU\x00"}, {"/lines/0/sku": "nul-character"}),
    ({"/lines/-": {"sku": "OLD", "quantity": 1}}, {"/lines/-/sku": "product-discontinued"}),
    ({"/lines/-": [{"sku": "SKU-2"}, 7]}, {"/lines/-/0/quantity": "int-type", "/lines/-/1": "object-type"}),
    ({"/lines/-": {"sku": "SKU-2", "quantity": 1, "state": "shipped"}}, {"/lines/-/state": "unknown-field"}),
    ({"/lines/-": {"sku": "SKU-2", "quantity": 1, "unit_price": "-5"}}, {"/lines/-/unit_price": "money-format"}),
    ({"/lines/-": {"sku": "SKU-2", "quantity": 999_999, "unit_price": "9999999999"}}, {"/total": "total-too-large"}),
    ({"/lines/0": None, "/lines/0/quantity": 1}, {"/lines/0": "contradiction"}),
    ({"/customer/email": "no address"}, {"/customer/email": "email"}),
    ({"/customer/email": ""}, {"/customer": "contact-missing"}),
    ({"/ship_to/city": ""}, {"/ship_to/city": "address-missing"}),
    ({"/ship_to/country": "XX"}, {"/ship_to/country": "country"}),
    ({"/requested_on": "2020-01-01"}, {"/requested_on": "date-range"}),
    ({"/requested_on": "soon"}, {"/requested_on": "date-format"}),
    ({"/state": "completed"}, {"/state": "not-changeable"}),
    ({"/lines/00001/quantity": 1}, {"/lines/00001/quantity": "not-changeable"}),
    ({"/lines/0/unit_price": "0.01"}, {"/lines/0/unit_price": "not-changeable"}),
])
def test_refuses_what_cannot_be_and_changes_nothing(stocked: Floor, changes: dict[str, object], found: dict[str, str]) -> None:
    sell(stocked, "OLD", discontinued=True)
    order = stocked.order({"SKU-1": 2}, total=20)
    stocked.receive(order)
    assert refusal(stocked, order, changes) == found


def test_refuses_what_is_too_late(stocked: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    order = stocked.order({"SKU-1": 2})
    unit = order * 1000 + 1
    stocked.receive(order).deliver_until_picked(unit)
    assert refusal(stocked, order, {"/lines/0/quantity": 3}) == {"/lines/0/quantity": "too-late"}
    amend(stocked, order, {"/lines/0/quantity": 1, "/ship_to/city": "Leeds"})
    with monkeypatch.context() as patched:
        patched.setattr(ship, "decide", broken)
        stocked.scan(unit, Phase.PACK)
    late = {"/lines/0/quantity": 2, "/ship_to/city": "York", "/lines/0/sku": "SKU-2"}
    assert set(refusal(stocked, order, late).values()) == {"too-late"}
    amend(stocked, order, {"/customer/phone": "+44 20 7946 0958"}, key="A2")


def test_an_ended_order_stays_as_it_is(stocked: Floor) -> None:
    order = stocked.order({"SKU-1": 2})
    stocked.receive(order)
    stocked.cancel(order)
    assert refusal(stocked, order, {"/customer/name": "Ann"}) == {"": "too-late"}
    with stocked.engine.begin() as tx, pytest.raises(AmendRefused, match="no such order"):
        amendments.amend(tx, order + 1, Asked({"/customer/name": "Ann"}, "A1"), by="customer", now=stocked.now)


def test_a_piece_scanned_while_the_order_is_amended_counts(stocked: Floor) -> None:
    order = stocked.order({"SKU-1": 2})
    stocked.receive(order)
    unit = order * 1000 + 1
    stocked.scan(unit, Phase.PICK, {"SKU-1": 1})
    amend(stocked, order, {"/lines/0/quantity": 1})
    assert stocked.parts(order) == {1: ("picked", "pack-scans")}
    stocked.scan(unit, Phase.PACK).carrier(unit, "delivered").check()
    assert stocked.free("SKU-1") == (9, 0)


def test_the_journal_says_what_was_changed_but_not_to_what(stocked: Floor) -> None:
    order = stocked.order({"SKU-1": 2})
    amend(stocked, order, {"/customer/name": "Ann Secret"})
    entry = stocked.journal(order)[-1]
    assert (entry["what"], entry["actor"]) == ("order.amended", "customer")
    assert entry["note"] == {"changed": ["/customer/name"], "reason": "customer", "amendment": "A1"}


def test_amends_a_service(floor: Floor) -> None:
    order = floor.order({"CALL": 2}, kind="service")
    floor.receive(order)
    amend(floor, order, {"/lines/0/quantity": 3})
    assert floor.parts(order) == {1: ("released", "performance")}
    floor.perform(order * 1000 + 1)
    assert floor.state(order) == ("completed", None)


def test_a_scan_that_arrives_meanwhile_is_judged_by_what_is_wanted_then(stocked: Floor) -> None:
    order = stocked.order({"SKU-1": 2})
    stocked.receive(order)
    unit, outcomes = order * 1000 + 1, list[bool]()
    scan = Scan(unit, Phase.PICK, "SKU-1", "scan-late", "Kim", "S1", stocked.now, 2)

    def pick() -> None:
        with stocked.engine.begin() as tx:
            recorded = record_scans(tx, [scan], shop_id=stocked.row(order)["shop_id"], by="warehouse", now=stocked.now)
            outcomes.extend(one.accepted for one in recorded.outcomes)

    with stocked.engine.begin() as tx:
        amendments.amend(tx, order, Asked({"/lines/0/quantity": 1}, "A1"), by="customer", now=stocked.now)
        picker = Thread(target=pick)
        picker.start()
        picker.join(0.2)
        assert picker.is_alive()
    picker.join(5)
    assert outcomes == [False]
    stocked.check()


def test_two_amendments_at_once_follow_each_other(stocked: Floor) -> None:
    order = stocked.order({"SKU-1": 2})
    stocked.receive(order)

    def more(sku: str) -> None:
        with stocked.engine.begin() as tx:
            amendments.amend(tx, order, Asked({"/lines/-": {"sku": sku, "quantity": 1}}, sku), by="customer", now=stocked.now)

    callers = [Thread(target=more, args=(sku,)) for sku in ("SKU-2", "SKU-3", "SKU-2")]
    for one in callers:
        one.start()
    for one in callers:
        one.join(10)
    assert sorted(lines_of(stocked, order)) == [("SKU-1", 2, 0), ("SKU-2", 1, 0), ("SKU-3", 1, 0)]
    stocked.check()
