"""
The books' invariants: whatever the stages write keeps them, and each finds what breaks it.
"""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Engine, text

from orderpipe.domain.cases import Cause, Kind, Pieces
from orderpipe.domain.remedies import Remedy, RemedyKind
from orderpipe.domain.returns import Inspection, ReturnScan
from orderpipe.sideflows import cases, returns
from orderpipe.store.case_opening import Opening
from orderpipe.store.invariants import INVARIANTS, Violation, check_all, stuck
from tests.floor import Floor


@pytest.fixture
def floor(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Floor:
    """A shop with goods."""
    floor = Floor(engine, monkeypatch)
    floor.stock("SKU-1", 100)
    return floor


def violations(engine: Engine) -> list[Violation]:
    with engine.begin() as tx:
        return check_all(tx)


def broken(engine: Engine, *statements: str) -> list[str]:
    """The rules that these statements break."""
    with engine.begin() as tx:
        for statement in statements:
            tx.execute(text(statement))
    return [violation.rule.name for violation in violations(engine)]


def test_hold_in_empty_books(engine: Engine) -> None:
    assert violations(engine) == []


def test_hold_after_every_step_of_an_order(floor: Floor) -> None:
    order_id = floor.order()
    floor.check()
    floor.receive(order_id)
    floor.check()
    (part,) = floor.fulfillments(order_id)
    floor.deliver_until_picked(part["id"]).check()
    floor.deliver_until_shipped(part["id"]).check()
    floor.carrier(part["id"], "out_for_delivery", "failed_attempt").check()
    floor.carrier(part["id"], "delivered").check()
    assert floor.state(order_id) == ("completed", None)


def test_hold_when_stock_is_short_and_when_an_order_is_canceled(floor: Floor) -> None:
    floor.stock("SKU-2", 3)
    short = [floor.order({"SKU-2": 2}), floor.order({"SKU-2": 2}), floor.order({"SKU-2": 2}, backorder_policy="all-at-once")]
    floor.receive(*short).check()
    floor.cancel(short[0])
    floor.check()


def test_hold_when_a_parcel_is_lost_and_sent_again(floor: Floor) -> None:
    order_id = floor.order()
    (part,) = floor.receive(order_id).fulfillments(order_id)
    floor.deliver_until_shipped(part["id"]).carrier(part["id"], "lost").check()
    floor.office(order_id, "resend").check()
    floor.deliver(order_id * 1000 + 2).check()
    assert floor.state(order_id) == ("completed", None)


def test_hold_while_a_customer_is_asked(floor: Floor) -> None:
    order_id = floor.order({"SKU-1": 0})
    floor.receive(order_id).check()
    assert floor.state(order_id) == ("received", "query")


BREAKS = {
    "allocated-is-reserved": "UPDATE stock SET allocated = allocated + 1",
    "stock-equals-movements": "UPDATE stock SET on_hand = on_hand + 1",
    "shipped-once": """INSERT INTO stock_movement (location_id, sku, kind, quantity, fulfillment_id, cause, at)
        SELECT location_id, sku, kind, quantity, fulfillment_id, cause, at FROM stock_movement WHERE kind = 'shipped' LIMIT 1""",
    "waiting-demand-is-listed": """INSERT INTO backorder (shop_id, sku, quantity, order_id, fulfillment_id, since)
        SELECT shop_id, 'SKU-1', 1, order_id, id, now() FROM fulfillment WHERE state = 'released'""",
    "planned-within-ordered": "UPDATE order_line SET quantity = 1",
    "ordered-is-planned": "UPDATE order_line SET quantity = 9",
    "scanned-before-leaving": "UPDATE fulfillment_line SET packed = 1 WHERE picked = 2",
    "counters-equal-scans": "UPDATE fulfillment_line SET picked = 1 WHERE picked = 0",
    "parcel-where-the-carrier-says": "UPDATE parcel SET status = 'in_transit'",
    "ended-on-a-word": "UPDATE parcel SET status = 'lost' WHERE status = 'delivered'",
    "promised-in-full": "DELETE FROM promise",
    "order-state-in-journal": "UPDATE orders SET state = 'allocated' WHERE state = 'promised'",
    "fulfillment-state-in-journal": "UPDATE fulfillment SET state = 'planned' WHERE state = 'released'",
    "journal-without-gaps": "DELETE FROM journal WHERE seq = 2",
    "journal-in-sequence": "UPDATE journal SET before = 'released' WHERE what = 'fulfillment.packed'",
    "told-once": "UPDATE notification SET kind = 'acknowledgement'",
    "told-by-a-newer": "UPDATE notification SET state = 'superseded', next_at = NULL, superseded_by = id WHERE kind = 'shipped'",
    "thanked": "DELETE FROM notification WHERE kind = 'thank-you'",
    "waits-for-an-open-hold": "UPDATE orders SET waiting_for = 'office' WHERE state = 'promised'",
    "open-hold-stops": """INSERT INTO hold (order_id, kind, stops, owner, reason, opened_at, deadline)
        SELECT id, 'office', 'complete', 'office', 'a test', now(), now() FROM orders WHERE state = 'promised'""",
    "ended-holds-nothing": """INSERT INTO backorder (shop_id, sku, quantity, order_id, since)
        SELECT shop_id, 'SKU-1', 1, id, now() FROM orders WHERE state = 'completed'""",
    "ended-as-its-parts": "UPDATE fulfillment SET state = 'canceled' WHERE state = 'delivered'",
    "case-is-looked-at": "UPDATE case_file SET next_at = NULL WHERE state = 'received'",
    "lost-parcel-has-its-claim": "UPDATE fulfillment SET state = 'lost', ended_at = now() WHERE state = 'delivered'",
    "returned-within-delivered": "UPDATE return_item SET quantity = 9",
    "received-as-scanned": "UPDATE return_item SET received = 0, restocked = 0",
    "restocked-is-in-the-books": "UPDATE return_item SET restocked = 0",
    "refund-done-is-booked": "UPDATE refund SET done_at = now()",
    "linked-both-ways": "UPDATE replacement SET replaces = 99",
}


def _trouble(floor: Floor, order_id: int) -> None:
    """A case about the order with a return that came back, a refund that is not paid yet, and a replacement."""
    floor.pay(order_id, "5.00")
    with floor.engine.begin() as tx:
        opening = Opening(order_id, Kind.RETURN, "It is broken.", "test", Cause.DAMAGED, (Pieces(1, 1),))
        declared = returns.send_back(tx, opening, now=floor.now)
        returns.record_scans(tx, declared.coming.id, [ReturnScan("SKU-1", "a", "Kim")], by="warehouse", now=floor.now)
        returns.record_inspection(tx, declared.coming.id, [Inspection(1, restock=1)], by="warehouse", now=floor.now)
        remedies = [Remedy(RemedyKind.REFUND, Decimal(5)), Remedy(RemedyKind.REPLACEMENT)]
        cases.respond(tx, declared.opened.case_id, "We are sorry.", remedies, by="Olga", now=floor.now)
        cases.open_case(tx, Opening(order_id, Kind.ENQUIRY, "And when?", "test-2"), now=floor.now)


@pytest.mark.parametrize("name", BREAKS)
def test_finds_what_breaks_it(engine: Engine, floor: Floor, name: str) -> None:
    promised, completed = floor.order(), floor.order()
    floor.receive(promised, completed).deliver(completed * 1000 + 1)
    _trouble(floor, completed)
    floor.check()
    assert name in broken(engine, BREAKS[name])


def test_every_rule_is_broken_by_some_test() -> None:
    held_by_constraints = {"live-is-looked-at"}
    assert {rule.name for rule in INVARIANTS} == BREAKS.keys() | held_by_constraints
    assert len({rule.name for rule in INVARIANTS}) == len(INVARIANTS)


def test_tells_which_orders_and_how_many(engine: Engine, floor: Floor) -> None:
    for _ in range(25):
        floor.order()
    with engine.begin() as tx:
        tx.execute(text("DELETE FROM journal"))
    (journal, *_) = [violation for violation in violations(engine) if violation.rule.name == "order-state-in-journal"]
    assert (journal.count, journal.order_ids) == (25, tuple(range(1, 21)))
    assert journal.offenders[0].detail == "order received, by the journal nowhere"


def test_units_that_nobody_took_up_are_stuck(engine: Engine, floor: Floor) -> None:
    order_id = floor.order()
    soon, late = floor.now + timedelta(minutes=5), floor.now + timedelta(minutes=30)
    with engine.begin() as tx:
        assert stuck(tx, now=soon, overdue=timedelta(minutes=10)) is None
        found = stuck(tx, now=late, overdue=timedelta(minutes=10))
    assert found is not None
    assert found.order_ids == (order_id,)
