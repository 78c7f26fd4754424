"""
Reports: every figure as one would count it by hand, whatever the orders went through and wherever the shop is.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine

from orderpipe.domain.cases import Cause, Channel, Kind
from orderpipe.domain.handling import Phase
from orderpipe.domain.reports import By, CannotGroup, Period, UnknownReport
from orderpipe.sideflows import privacy
from orderpipe.store import case_opening, shops
from orderpipe.store.case_opening import Opening
from orderpipe.store.metadata import Tx
from orderpipe.store.reports import judged
from orderpipe.store.reports.asked import Asked
from orderpipe.store.reports.catalogue import KINDS, make
from orderpipe.store.reports.workload import ahead
from tests import builders
from tests.floor import Floor
from tests.late import promises, set_lead, waiting
from tests.store.report_book import NOW, ZONES, Case, Count, Happened, Order, Part, Question, chance_book, write

MAY = Period(date(2026, 5, 4), date(2026, 5, 29))
ALL = Asked(MAY, NOW)


@pytest.fixture
def tx(engine: Engine) -> Iterator[Tx]:
    with engine.begin() as tx:
        for shop, zone in ZONES.items():
            builders.shop(tx, shop, time_zone=zone)
        yield tx


@pytest.mark.parametrize("few_days", [0, 92])
@pytest.mark.parametrize("seed", range(8))
def test_every_figure_is_what_counting_order_by_order_gives(tx: Tx, seed: int, few_days: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(judged, "FEW_DAYS", few_days)
    book = chance_book(seed)
    write(tx, book)
    count = Count(book, MAY)
    assert make(tx, "on-time", ALL).documents == [count.on_time()]
    assert make(tx, "perfect-order", ALL).documents == [count.perfect()]
    assert make(tx, "late-ship", ALL).documents == [count.late_ship()]
    assert set(make(tx, "cycle-time", ALL).rows) == count.cycle_time()
    assert {(row[0], row[1], *row[3:]) for row in make(tx, "breaches", ALL).rows} == count.breaches()
    assert set(make(tx, "cancellations", ALL).rows) == count.cancellations()
    assert make(tx, "questions", ALL).documents == [count.questions()]
    reasons = {one.order.id: one.reasons for one in count.judged()}
    each = judged.each_order(tx, ALL, failed=False, behind=0, limit=1000).documents
    assert {one["order"]: tuple(sorted(one["reasons"])) for one in each} == reasons


def on(day: int, hour: int = 12, month: int = 5) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def parcel(state: str = "delivered", *, due: datetime, came: datetime | None = None, **known: Any) -> Part:
    """A parcel of one piece, due then by its first promise, that came or ended then; it left when it was to leave, unless said."""
    left = due - timedelta(days=2)
    usual: dict[str, Any] = {
        "pieces": 1, "until": [due], "ended_at": came, "ship_by": left, "shipped_at": left if state in ("delivered", "lost") else None,
    }
    return Part(state, **usual | known)


def canceled_because(reason: str) -> list[Happened]:
    return [Happened(on(6), "order.canceled", {"reason": reason})]


DONE: dict[str, Any] = {"state": "completed", "ended_at": on(20)}
GONE: dict[str, Any] = {"state": "canceled", "ended_at": on(6)}
LOST: dict[str, Any] = {"due": on(10), "came": on(9)}
BOOK: dict[str, tuple[Order, str, str]] = {
    "came on the day": (Order(on(4), parts=[parcel(due=on(10), came=on(9))], **DONE), "full first last", ""),
    "came at the last instant": (Order(on(4), parts=[parcel(due=on(10), came=on(10))], **DONE), "full first last", ""),
    "came a second late": (Order(on(4), parts=[parcel(due=on(10), came=on(10) + timedelta(seconds=1))], **DONE), "full", "late"),
    "came late as told": (
        Order(on(4), parts=[parcel(due=on(10), came=on(13), until=[on(10), on(12), on(14)])], **DONE), "full last", "late",
    ),
    "came after the last of three promises": (
        Order(on(4), parts=[parcel(due=on(10), came=on(13), until=[on(10), on(14), on(12)])], **DONE), "full", "late",
    ),
    "is still to come": (Order(on(4), parts=[parcel("packed", due=on(10))]), "", "short late"),
    "is to come later, as told": (
        Order(on(4), parts=[parcel("packed", due=on(10), until=[on(10), on(9, month=6)])]), "pending", "short late",
    ),
    "is not due yet": (Order(on(4), parts=[parcel("packed", due=on(28) + timedelta(days=4, hours=1))]), "-", "-"),
    "was never promised": (Order(on(4), "received"), "-", "-"),
    "the customer canceled": (Order(on(4), parts=[parcel("canceled", **LOST)], journal=canceled_because("customer"), **GONE), "-", "-"),
    "the customer canceled when it was late": (
        Order(on(4), "canceled", ended_at=on(11), parts=[parcel("canceled", **LOST)], journal=canceled_because("customer")),
        "", "short late",
    ),
    "we canceled": (Order(on(4), parts=[parcel("canceled", **LOST)], journal=canceled_because("inventory"), **GONE), "", "short late"),
    "the customer canceled for a delay": (
        Order(on(4), parts=[parcel("canceled", **LOST)], journal=canceled_because("customer"), gave_up=True, **GONE), "", "short late",
    ),
    "was lost": (Order(on(4), parts=[parcel("lost", **LOST)], **GONE), "", "short late"),
    "was lost and came again in time": (
        Order(on(4), parts=[parcel("lost", due=on(10), came=on(7)), parcel(due=on(10), came=on(10), first=False)], **DONE),
        "full first last", "",
    ),
    "came in two parcels": (
        Order(on(4), quantity=2, parts=[parcel(due=on(10), came=on(9)), parcel(due=on(14), came=on(13))], **DONE), "full first last", "",
    ),
    "came in part, the customer canceled the rest": (
        Order(on(4), quantity=2, canceled=1, parts=[parcel(due=on(10), came=on(9))],
              journal=[Happened(on(6), "order.reduced", {"reason": "customer"})], **DONE),
        "full first last", "",
    ),
    "came in part, we canceled the rest": (
        Order(on(4), quantity=2, canceled=1, parts=[parcel(due=on(10), came=on(9))],
              journal=[Happened(on(6), "order.reduced", {"reason": "inventory"})], **DONE),
        "first last", "short",
    ),
    "was not found at once, and came": (
        Order(on(4), parts=[parcel("canceled", due=on(10), came=on(6), pieces=0), parcel(due=on(10), came=on(9), first=False)],
              journal=[Happened(on(6), "fulfillment.canceled")], **DONE),
        "full first last", "",
    ),
    "came broken": (
        Order(on(4), parts=[parcel(due=on(10), came=on(9))], cases=[Case(on(30), "damaged")], **DONE), "full first last", "damaged",
    ),
    "was said to be broken": (
        Order(on(4), parts=[parcel(due=on(10), came=on(9))], cases=[Case(on(30), "damaged", "not-justified")], **DONE),
        "full first last", "",
    ),
    "was wrong, and the invoice too": (
        Order(on(4), parts=[parcel(due=on(10), came=on(9))],
              cases=[Case(on(30), "wrong-item", "resolved"), Case(on(30), "billing")], **DONE),
        "full first last", "wrong documents",
    ),
    "was not told of": (
        Order(on(4), parts=[parcel(due=on(10), came=on(9))], journal=[Happened(on(5), "notice.undelivered", {"then": "office"})], **DONE),
        "full first last", "documents",
    ),
    "was told of otherwise": (
        Order(on(4), parts=[parcel(due=on(10), came=on(9))], journal=[Happened(on(5), "notice.undelivered", {"then": "sms"})], **DONE),
        "full first last", "",
    ),
    "came too late for the customer": (
        Order(on(4), parts=[parcel(due=on(10), came=on(9))], cases=[Case(on(12), "late")], **DONE), "full first last", "late",
    ),
}
"""What an order went through, how it was delivered, and what keeps it from being perfect; "-": it does not count."""


@pytest.mark.parametrize("name", BOOK)
def test_judges_an_order_that(tx: Tx, name: str):
    given, delivered, reasons = BOOK[name]
    order = replace(given)
    write(tx, [order])
    counts = make(tx, "on-time", ALL).documents[0]
    named = {"in_full": "full", "on_time": "first", "pending": "pending"}
    if delivered == "-":
        assert counts["orders"] == 0
        return
    assert counts["orders"] == 1
    assert {word for figure, word in named.items() if counts[figure]} == set(delivered.split()) - {"last"}
    assert counts["otif_revised"] == ({"full", "last"} <= set(delivered.split()))
    (row,) = judged.each_order(tx, ALL, failed=False, behind=0, limit=10).documents
    assert set(row["reasons"]) == set(reasons.split())
    assert make(tx, "perfect-order", ALL).documents[0]["perfect"] == (not reasons)


def test_figures_by_group_add_up(tx: Tx):
    book = chance_book(99, 120)
    write(tx, book)
    for name in ("on-time", "late-ship", "breaches", "questions"):
        whole = make(tx, name, ALL).documents
        column = "orders" if name != "breaches" else "breaches"
        for by in (By.DAY, By.WEEK, By.MONTH, By.SHOP, By.TYPE, By.LOCATION):
            if by in KINDS[name].groups:
                parts = make(tx, name, replace(ALL, by=(by, By.SHOP))).documents
                assert sum(one[column] for one in parts) == sum(one[column] for one in whole), (name, by)
                assert all(list(one)[:2] == [by, "shop"] for one in parts if by != By.SHOP)
    canceled = make(tx, "cancellations", replace(ALL, by=(By.SHOP,))).documents
    assert sum(one["orders"] for one in canceled) == sum(one["orders"] for one in make(tx, "cancellations", ALL).documents)
    assert len({(one["shop"], one["received"]) for one in canceled}) == len({one["shop"] for one in canceled})


def test_a_day_begins_where_the_shop_is(tx: Tx):
    midnight = on(10, 0)
    moments = [midnight + timedelta(hours=hours, seconds=seconds) for hours in (-12, 0, 7) for seconds in (-1, 0)]
    write(tx, [Order(at, shop=shop) for shop in ZONES for at in moments])
    asked = Asked(Period(date(2026, 5, 10), date(2026, 5, 10)), NOW, by=(By.SHOP, By.DAY))
    # Auckland is twelve hours ahead, Los Angeles seven behind
    assert [tuple(row[:3]) for row in make(tx, "questions", asked).rows] == [
        ("demo", "2026-05-10", 3), ("far", "2026-05-10", 5), ("west", "2026-05-10", 1),
    ]


def test_only_the_shop_and_type_asked_for_count(tx: Tx):
    write(tx, [Order(on(5), shop=shop, type=type_) for shop in ("demo", "far") for type_ in ("standard", "standard", "express")])
    demo = shops.shop_by_code(tx, "demo")
    assert demo
    assert [make(tx, "questions", one).documents[0]["orders"] for one in (
        ALL, replace(ALL, shop_id=demo.id), replace(ALL, type="express"), replace(ALL, shop_id=demo.id, type="express"),
        replace(ALL, shop_id=999),
    )] == [6, 3, 2, 1, 0]


def test_questions_are_counted_by_their_rules_even_of_erased_customers(tx: Tx):
    asked = [Question(on(5), on(5, 13), "answered", ("address-new", "phone-new")), Question(on(5), state="closed", rules=("address-new",))]
    order = Order(on(5), parts=[parcel(due=on(10), came=on(9))], questions=[asked[0]], **DONE)
    order.cases = [Case(on(12), "damaged", "resolved")]
    write(tx, [order, Order(on(6), "rejected", ended_at=on(7), questions=[asked[1]])])
    before = {name: make(tx, name, ALL).rows for name in KINDS}
    demo = shops.shop_by_code(tx, "demo")
    assert demo
    privacy.erase(tx, demo, "ann@customers.example", now=NOW)
    assert {name: make(tx, name, ALL).rows for name in KINDS} == before
    rows = make(tx, "questions", replace(ALL, by=(By.RULE,))).documents
    assert [(one["rule"], one["questions"], one["answered"], one["median_seconds"]) for one in rows] == [
        ("address-new", 2, 1, 3600), ("phone-new", 1, 1, 3600),
    ]


def test_what_becomes_known_weeks_later_changes_the_day(tx: Tx):
    order = Order(on(4), parts=[parcel(due=on(10), came=on(9))], **DONE)
    write(tx, [order])
    day = replace(ALL, period=Period(date(2026, 5, 10), date(2026, 5, 10)))
    assert make(tx, "perfect-order", day).documents[0]["perfect_rate"] == 1
    _open_case(tx, order.id)
    assert make(tx, "perfect-order", day).documents[0]["perfect_rate"] == 0


def _open_case(tx: Tx, order_id: int) -> None:
    opening = Opening(order_id, Kind.CLAIM, "", "late-claim", Cause.DAMAGED, (), "customer", Channel.PAGE)
    case_opening.open_cases(tx, [opening], office="", now=on(31))


def test_the_overview_has_the_days_before_beside(tx: Tx):
    week = Period(date(2026, 5, 11), date(2026, 5, 17))
    write(tx, [
        Order(on(12), "completed", ended_at=on(13), parts=[parcel(due=on(14), came=on(13))]),
        Order(on(12), "completed", ended_at=on(14), parts=[parcel(due=on(14), came=on(15))], cases=[Case(on(16), "late")]),
        Order(on(4), "completed", ended_at=on(8), parts=[parcel(due=on(8), came=on(8))],
              questions=[Question(on(5), on(5, 14), "answered")]),
    ])
    figures = {row[0]: row[1:] for row in make(tx, "overview", replace(ALL, period=week)).rows}
    assert figures == {
        "received": (2, 1), "question_rate": (0, 1), "answer_median_seconds": (None, 7200), "completed": (2, 1),
        "cycle_median_seconds": (86400, 4 * 86400), "rating": (None, None), "otif_rate": (Decimal("0.5"), 1),
        "otif_revised_rate": (Decimal("0.5"), 1), "perfect_rate": (Decimal("0.5"), 1), "late_ship_rate": (0, 0), "breaches": (0, 0),
        "canceled": (0, 0), "cases": (1, 0),
    }


def test_the_workload_is_what_is_under_way_and_what_the_weekday_brings(tx: Tx):
    monday = on(1, 9, month=6)
    due = {"due": monday + timedelta(days=3), "ship_by": monday + timedelta(days=1, hours=5)}
    soon = monday + timedelta(hours=2)
    write(tx, [
        Order(on(29), parts=[parcel("planned", **due)]),
        Order(on(29), parts=[parcel("picked", **due)], due_at=soon),
        Order(on(29), parts=[parcel("shipped", **due)]),
        Order(on(29), parts=[parcel("packed", **due | {"ship_by": on(30)})]),
        Order(on(29), parts=[parcel("released", **due, kind="appointment")]),
        Order(on(29), "validated", due_at=soon),
        # four Tuesdays, weeks ago, brought one order each that was shipped a day later
        *(
            Order(tuesday, "completed", ended_at=tuesday + timedelta(days=2), parts=[
                parcel(due=tuesday + timedelta(days=5), came=tuesday + timedelta(days=2), shipped_at=tuesday + timedelta(days=1)),
            ])
            for tuesday in (datetime(2026, 4, 7, 12, tzinfo=UTC) + timedelta(weeks=weeks) for weeks in range(4))
        ),
    ])
    rows = make(tx, "workload", Asked(ahead(monday.date(), 4), monday)).rows
    assert {(row[0][-2:], row[1]): (row[2], row[3], float(row[4])) for row in rows} == {
        ("01", "confirm"): (1, 0, 0), ("01", "pack"): (1, 0, 0), ("01", "ship"): (1, 1, 0),
        ("02", "confirm"): (0, 0, 0.5), ("02", "pick"): (1, 0, 0), ("02", "pack"): (1, 0, 0), ("02", "ship"): (2, 0, 0),
        ("03", "pick"): (0, 0, 0.5), ("03", "pack"): (0, 0, 0.5), ("03", "ship"): (0, 0, 0.5),
        ("04", "deliver"): (4, 0, 0.5), ("04", "perform"): (1, 0, 0),
    }


def test_refuses_names_and_groups_that_there_are_not(tx: Tx):
    with pytest.raises(UnknownReport, match="there is overview, on-time"):
        make(tx, "profit", ALL)
    with pytest.raises(CannotGroup, match="it can by day, week, month, shop"):
        make(tx, "cycle-time", replace(ALL, by=(By.LOCATION,)))


def test_an_unknown_time_zone_of_a_shop_is_taken_for_utc(tx: Tx):
    tx.exec_driver_sql("UPDATE shop SET time_zone = 'Mars/Olympus' WHERE code = 'demo'")
    write(tx, [Order(on(5), shop="far")])
    assert make(tx, "questions", replace(ALL, by=(By.DAY,))).documents[0]["orders"] == 1


def figures(floor: Floor, name: str, **asked: Any) -> dict[str, Any]:
    """The only row of a report over all days around now."""
    today = floor.now.date()
    with floor.engine.begin() as tx:
        (row,) = make(tx, name, Asked(Period(today - timedelta(days=60), today + timedelta(days=60)), floor.now, **asked)).documents
    return row


def test_what_the_pipeline_writes_is_what_reports_read(floor: Floor):
    floor.delivered({"SKU-1": 2})
    floor.now += timedelta(days=30)
    assert [figures(floor, "on-time")[name] for name in ("orders", "in_full", "on_time", "otif", "otif_revised")] == [1, 1, 1, 1, 1]
    assert figures(floor, "late-ship") == {"orders": 1, "late": 0, "late_and_here": 0, "late_rate": 0}
    with floor.engine.begin() as tx:
        today = floor.now.date()
        rows = make(tx, "cycle-time", Asked(Period(today - timedelta(days=60), today), floor.now)).rows
    assert [row[1] for row in rows] == ["received", "validated", "allocated", "planned", "released", "picked", "packed", "shipped",
                                        "promised", "whole"]


def test_what_the_picker_did_not_find_is_not_cut_short(floor: Floor):
    floor.stock(on_hand=2)
    order_id = floor.order({"SKU-1": 2})
    floor.receive(order_id)
    floor.scan(order_id * 1000 + 1, Phase.SHORT, {"SKU-1": 2})
    floor.stock(on_hand=2)
    floor.pass_time(seconds=15).deliver(order_id * 1000 + 2)
    assert floor.parts(order_id) == {1: ("canceled", None), 2: ("delivered", None)}
    counts = figures(floor, "on-time")
    assert (counts["orders"], counts["in_full"], counts["otif"]) == (1, 1, 1)


def test_a_delay_moves_the_last_promise_only(floor: Floor):
    order_id = waiting(floor, lead_days=5)
    floor.pass_time(days=5)
    set_lead(floor, 30)
    floor.pass_time(days=5).project()
    assert [row["revision"] for row in promises(floor, order_id * 1000 + 1)] == [1, 2]
    counts = figures(floor, "on-time")
    assert (counts["orders"], counts["otif"], counts["pending"], counts["otif_revised_rate"]) == (1, 0, 1, None)
    floor.stock()
    floor.restock()
    floor.deliver(order_id * 1000 + 1)
    counts = figures(floor, "on-time")
    assert (counts["in_full"], counts["otif"], counts["pending"], counts["otif_revised"]) == (1, 0, 0, 1)


def test_a_missed_target_says_what_was_waited_for(floor: Floor):
    floor.stock()
    order_id = floor.order()
    floor.receive(order_id)
    for _ in range(2):
        floor.pass_time(days=10)
        floor.check_targets()
    rows = {(row["stage"], row["cause"], row["turn"]): row["orders"] for row in _breaches(floor)}
    assert rows == {("released", "pick-scans", "warehouse"): 1, ("whole", "pick-scans", "warehouse"): 1}


def _breaches(floor: Floor) -> list[dict[str, Any]]:
    today = floor.now.date()
    with floor.engine.begin() as tx:
        return make(tx, "breaches", Asked(Period(today - timedelta(days=30), today), floor.now)).documents
