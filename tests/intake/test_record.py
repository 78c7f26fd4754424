"""
Recording: every order is taken down once and whole, whatever comes with it in its group and whatever runs at the same time.
"""

import threading
from datetime import timedelta
from decimal import Decimal

from sqlalchemy import Engine, event

from orderpipe.intake.outcomes import Outcome, Recorded, Refused, Replayed, answer_to
from orderpipe.intake.receive import keep_pending, receive_pending
from orderpipe.intake.record import REFUSED_BYTES_KEPT, record
from orderpipe.store import intakes
from orderpipe.store.intakes import intake
from orderpipe.store.journal import journal
from orderpipe.store.notifications import notification
from orderpipe.store.orders import order_line, orders
from tests.builders import rows_of
from tests.intake.conftest import NOW, ORDER, received


def taken(engine: Engine, *some: object) -> list[Outcome]:
    with engine.begin() as tx:
        return record(tx, list(some), NOW)  # type: ignore[arg-type]


def test_writes_the_order_with_lines_journal_letter_and_bytes(engine: Engine, shop_id: int) -> None:
    message = received(shop_id, sender="shop key …abcd")
    (outcome,) = taken(engine, message)
    assert isinstance(outcome, Recorded)
    assert outcome.new
    assert (outcome.reference, outcome.lane, outcome.state) == ("WEB-1", "standard", "received")
    with engine.begin() as tx:
        (order,) = rows_of(tx, orders)
        (line,) = rows_of(tx, order_line)
        (entry,) = rows_of(tx, journal)
        (letter,) = rows_of(tx, notification)
        (kept,) = rows_of(tx, intake)
    assert order["id"] == outcome.order_id
    assert order["next_at"] == NOW + timedelta(seconds=30)
    assert (order["language"], order["backorder_policy"], order["prepaid"], order["total"]) == ("en", "as-available", False, 20)
    assert NOW < order["due_at"] < order["complete_by"]
    assert (line["sku"], line["quantity"], line["unit_price"], line["description"]) == ("SKU-1", 2, Decimal(10), "Product SKU-1")
    assert (entry["seq"], entry["what"], entry["after"], entry["actor"]) == (1, "order.received", "received", "intake")
    assert entry["note"] == {"channel": "http", "by": "shop key …abcd"}
    assert (letter["kind"], letter["recipient"], letter["channel"]) == ("acknowledgement", "ann@customers.example", "email")
    assert [one["what"] for one in letter["facts"]["targets"]] == ["confirm", "ship", "complete"]
    assert (kept["state"], bytes(kept["raw"]), kept["order_id"]) == ("recorded", message.raw, outcome.order_id)


def test_asks_the_products_for_what_a_line_leaves_open(engine: Engine, shop_id: int) -> None:
    lines = [{"sku": "FITTING", "quantity": 1}, {"sku": "SKU-1", "quantity": 1, "description": "In blue"}, {"quantity": 1}, {}]
    abroad = ORDER | {"reference": "WEB-2", "currency": "CNY", "lines": [{"sku": "SKU-1", "quantity": 1}]}
    taken(engine, received(shop_id, ORDER | {"lines": lines}), received(shop_id, abroad))
    with engine.begin() as tx:
        fitting, mug, unknown, nothing, foreign = rows_of(tx, order_line)
    assert (fitting["kind"], fitting["unit_price"], fitting["description"]) == ("service", 80, "Product FITTING")
    assert (mug["kind"], mug["unit_price"], mug["description"]) == ("goods", 10, "In blue")
    assert (unknown["sku"], unknown["unit_price"], unknown["description"], nothing["quantity"]) == ("", None, "", 0)
    assert foreign["unit_price"] is None


def test_needs_no_more_statements_for_two_hundred_orders_than_for_one(engine: Engine, shop_id: int) -> None:
    count = 0

    @event.listens_for(engine, "before_cursor_execute")
    def counted(*_: object) -> None:
        nonlocal count
        count += 1

    taken(engine, received(shop_id, ORDER | {"reference": "first"}))
    statements = []
    for size in (1, 200):
        count = 0
        taken(engine, *(received(shop_id, ORDER | {"reference": f"{size}-{number}"}) for number in range(size)))
        statements.append(count)
    assert statements[0] == statements[1] <= 7


def test_knows_the_same_content_again_however_it_is_written(engine: Engine, shop_id: int) -> None:
    first, other_spelling = received(shop_id), received(shop_id, ORDER | {"total": "20"} | {"note": None, "channel": "http"})
    (new,) = taken(engine, first)
    (again,) = taken(engine, other_spelling)
    assert isinstance(new, Recorded)
    assert isinstance(again, Recorded)
    assert (again.order_id, again.new, answer_to(again)[0]) == (new.order_id, False, 200)


def test_refuses_other_content_under_the_same_reference_and_keeps_it_as_evidence(engine: Engine, shop_id: int) -> None:
    (new,) = taken(engine, received(shop_id))
    (refused,) = taken(engine, received(shop_id, ORDER | {"total": "21.00"}))
    assert isinstance(new, Recorded)
    assert isinstance(refused, Refused)
    assert (refused.status, refused.code, refused.order_id, refused.state) == (409, "reference-taken", new.order_id, "received")
    with engine.begin() as tx:
        _, evidence = rows_of(tx, intake)
    assert (evidence["state"], evidence["result"]["code"]) == ("refused", "reference-taken")


def test_of_two_orders_of_one_reference_in_a_group_the_first_counts(engine: Engine, shop_id: int) -> None:
    first, same, other = taken(
        engine, received(shop_id), received(shop_id, ORDER | {"note": ""}), received(shop_id, ORDER | {"note": "x"})
    )
    assert [answer_to(one)[0] for one in (first, same, other)] == [201, 200, 409]


def test_keeps_what_is_malformed_within_bounds(engine: Engine, shop_id: int) -> None:
    good, bad = taken(engine, received(shop_id), received(shop_id, b'{"reference": ' + b" " * 100_000))
    assert isinstance(good, Recorded)
    assert isinstance(bad, Refused)
    with engine.begin() as tx:
        kept = rows_of(tx, intake, state="refused")
    assert [len(one["raw"]) for one in kept] == [REFUSED_BYTES_KEPT]
    assert kept[0]["result"]["errors"][0]["code"] == "json-invalid"


def test_refuses_an_order_type_that_nobody_defined(engine: Engine, shop_id: int) -> None:
    (refused,) = taken(engine, received(shop_id, ORDER | {"type": "expres"}))
    assert isinstance(refused, Refused)
    assert (refused.status, refused.errors[0].pointer, refused.errors[0].code) == (422, "/type", "unknown-type")


def test_takes_the_lane_and_prepayment_from_the_type(engine: Engine, shop_id: int) -> None:
    taken(engine, received(shop_id, ORDER | {"type": "express"}), received(shop_id, ORDER | {"reference": "WEB-2", "type": "prepaid"}))
    with engine.begin() as tx:
        assert [(one["lane"], one["prepaid"]) for one in rows_of(tx, orders)] == [("express", False), ("standard", True)]


def test_says_in_the_journal_when_nobody_can_be_told(engine: Engine, shop_id: int) -> None:
    taken(engine, received(shop_id, {"reference": "empty"}))
    with engine.begin() as tx:
        assert [one["what"] for one in rows_of(tx, journal)] == ["order.received", "unreachable.acknowledgement"]


def test_an_order_and_its_key_and_answer_belong_together(engine: Engine, shop_id: int) -> None:
    (first,) = taken(engine, received(shop_id, key="k1"))
    (again,) = taken(engine, received(shop_id, key="k1"))
    (other,) = taken(engine, received(shop_id, ORDER | {"reference": "WEB-2"}, key="k1"))
    assert isinstance(again, Replayed)
    assert (again.status, again.answer) == answer_to(first)
    assert isinstance(other, Refused)
    assert (other.status, other.code) == (422, "key-reused")
    with engine.begin() as tx:
        assert len(rows_of(tx, orders)) == 1


def test_repeats_of_a_key_within_one_group_get_the_first_answer(engine: Engine, shop_id: int) -> None:
    first, again, other = taken(
        engine, received(shop_id, key="k"), received(shop_id, key="k"), received(shop_id, ORDER | {"reference": "2"}, key="k")
    )
    assert isinstance(again, Replayed)
    assert again.answer == answer_to(first)[1]
    assert isinstance(other, Refused)


def test_a_malformed_order_does_not_use_its_key_up(engine: Engine, shop_id: int) -> None:
    (refused,) = taken(engine, received(shop_id, {}, key="k"))
    (corrected,) = taken(engine, received(shop_id, key="k"))
    assert isinstance(refused, Refused)
    assert isinstance(corrected, Recorded)


def test_two_groups_with_the_same_references_wait_for_each_other_and_never_deadlock(engine: Engine, shop_id: int) -> None:
    references = [f"R-{number:03}" for number in range(60)]
    results: list[list[Outcome]] = []

    def write(order: list[str]) -> None:
        results.append(taken(engine, *(received(shop_id, ORDER | {"reference": one}, key=f"k-{one}") for one in order)))

    threads = [threading.Thread(target=write, args=(order,)) for order in (references, references[::-1]) * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    statuses = sorted(answer_to(one)[0] for group in results for one in group)
    assert statuses == [201] * 240  # the key's owner created it, the others were told so again
    with engine.begin() as tx:
        assert len(rows_of(tx, orders)) == 60


def test_receives_later_what_was_kept_as_it_came(engine: Engine, shop_id: int) -> None:
    with engine.begin() as tx:
        good = keep_pending(tx, received(shop_id, sender="a"), NOW)
        assert keep_pending(tx, received(shop_id, sender="a"), NOW) == good
        bad = keep_pending(tx, received(shop_id, b"{}"), NOW, error="x")
        unreadable = keep_pending(tx, received(shop_id, b"...", parser="edi-from-1985"), NOW)
    with engine.begin() as tx:
        (order_id,) = receive_pending(tx, [good, bad, unreadable], NOW)
    with engine.begin() as tx:
        assert receive_pending(tx, [good, bad, unreadable], NOW) == []
        states = [intakes.read(tx, shop_id, one) for one in (good, bad, unreadable)]
        assert intakes.read(tx, shop_id + 1, good) is None
    assert [one and (one.state, one.order_id, one.next_at) for one in states] == [
        ("recorded", order_id, None), ("refused", None, None), ("refused", None, None),
    ]
    assert states[2] is not None
    assert states[2].result is not None
    assert states[2].result["errors"][0]["code"] == "unknown-parser"
