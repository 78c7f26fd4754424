"""
`orderpipe check`: exit code 0 when the books are right, else 1 with the rule and the orders.
"""

from datetime import timedelta

from sqlalchemy import Engine, text

from orderpipe.assembly import utc_now
from orderpipe.domain.orders import number_of
from orderpipe.store.invariants import INVARIANTS
from tests.cli.conftest import Terminal
from tests.floor import Floor


def completed(floor: Floor) -> int:
    floor.stock("SKU-1", 100)
    order_id = floor.order()
    floor.receive(order_id).deliver(order_id * 1000 + 1)
    return order_id


def test_is_content_with_an_order_that_went_all_the_way(orderpipe: Terminal, floor: Floor) -> None:
    completed(floor)
    answer = orderpipe("check")
    assert (answer.exit_code, answer.err) == (0, "")
    assert [line.split()[0] for line in answer.out.splitlines()] == ["ok"] * (len(INVARIANTS) + 1)


def test_names_the_rule_and_the_orders_that_break_it(orderpipe: Terminal, engine: Engine, floor: Floor) -> None:
    order_id = completed(floor)
    with engine.begin() as tx:
        tx.execute(text("DELETE FROM notification WHERE kind = 'thank-you'"))
        tx.execute(text("UPDATE stock SET on_hand = on_hand + 1"))
    answer = orderpipe("check")
    assert answer.exit_code == 1
    assert f"{number_of(order_id)}  order completed without thank-you" in answer.out
    assert "stock  location 1, SKU-1: 99 on hand and 0 set aside, by movements 98 and 0" in answer.out
    broken = [rule for rule in orderpipe("check", "--json").json if not rule["holds"]]
    assert [(rule["name"], rule["count"]) for rule in broken] == [("stock-equals-movements", 1), ("thanked", 1)]
    assert broken[1]["offenders"] == [{"order": number_of(order_id), "detail": "order completed without thank-you"}]


def test_finds_units_that_nobody_took_up(orderpipe: Terminal, engine: Engine, floor: Floor) -> None:
    floor.order()
    with engine.begin() as tx:
        tx.execute(text("UPDATE orders SET next_at = :then"), {"then": utc_now() - timedelta(minutes=15)})
    assert orderpipe("check").exit_code == 1
    assert orderpipe("check", "--overdue", "20").exit_code == 0
