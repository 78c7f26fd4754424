"""
Scans recorded in the database: counters, evidence, and which stages are woken.
"""

import threading
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Connection, Engine, event, text

from orderpipe.domain.handling import Phase
from orderpipe.domain.scans import Outcome, Scan
from orderpipe.sideflows.hints import Hint
from orderpipe.sideflows.performances import Performance, record_performed
from orderpipe.sideflows.recorded import Recorded
from orderpipe.sideflows.scans import record_scans
from orderpipe.store.fulfillments import fulfillment as fulfillments
from orderpipe.store.fulfillments import fulfillment_line
from orderpipe.store.journal import journal
from orderpipe.store.metadata import Tx
from orderpipe.store.scans import scan as scans
from tests import builders
from tests.builders import GTINS, NOW


def scan(unit: int, barcode: str = "SKU-1", client_id: str = "a", *, phase: Phase = Phase.PICK, quantity: int = 1) -> Scan:
    return Scan(unit, phase, barcode, client_id, "op-1", "station-1", NOW, quantity)


def record(tx: Tx, facts: Sequence[Scan], *, code: str = "demo") -> Recorded[Outcome]:
    return record_scans(tx, facts, shop_id=builders.shop(tx, code), by="warehouse key …test", now=NOW)


def counters(tx: Tx, unit: int) -> list[tuple[int, int, int]]:
    return [(row["picked"], row["short"], row["packed"]) for row in builders.rows_of(tx, fulfillment_line, fulfillment_id=unit)]


def waiting(tx: Tx, unit: int) -> str | None:
    found: str | None = builders.rows_of(tx, fulfillments, id=unit)[0]["waiting_for"]
    return found


def test_picks_by_sku_and_by_gtin_and_wakes_the_stage_once_all_is_there(engine: Engine) -> None:
    with engine.begin() as tx:
        unit = builders.fulfillment(tx, builders.order(tx, {"SKU-1": 2}, lane="express"), waiting_for="pick-scans")
        first = record(tx, [scan(unit)])
        assert (first.hints, waiting(tx, unit)) == ([], "pick-scans")
        second = record(tx, [scan(unit, GTINS["SKU-1"].lstrip("0"), "b")])
        assert second.outcomes[0].sentence == "1 of SKU-1 counted; nothing left."
        assert second.hints == [Hint("pick", "express", [unit])]
        assert (counters(tx, unit), waiting(tx, unit)) == ([(2, 0, 0)], None)
        assert builders.rows_of(tx, fulfillments, id=unit)[0]["next_at"] > NOW


def test_a_pack_gtin_counts_all_its_pieces(engine: Engine) -> None:
    with engine.begin() as tx:
        unit = builders.fulfillment(tx, builders.order(tx, {"SKU-1": 7}))
        builders.product(tx, gtins={"9506000134376": 6})
        recorded = record(tx, [scan(unit, "(01)09506000134376(10)LOT7", "a"), scan(unit, "9506000134376", "b")])
        assert [(one.code, one.pieces) for one in recorded.outcomes] == [(None, 6), ("surplus", 6)]
        assert counters(tx, unit) == [(6, 0, 0)]


def test_refused_scans_are_kept_with_the_reason(engine: Engine) -> None:
    with engine.begin() as tx:
        unit = builders.fulfillment(tx)
        builders.product(tx, "SKU-2")
        record(tx, [scan(unit, "SKU-2", "a"), scan(unit, "4711", "b"), scan(unit, client_id="c"), scan(unit, client_id="c")])
        rows = builders.rows_of(tx, scans)
        assert [(row["accepted"], row["code"]) for row in rows] == [(False, "wrong-item"), (False, "unknown-barcode"), (True, None)]
        assert rows[0]["reason"].startswith("SKU-2 is not on ")
        entries = builders.rows_of(tx, journal)
        assert [(one["what"], one["note"]) for one in entries] == [("fulfillment.pick-scanned", {"accepted": 1, "refused": 2})]


def test_a_resend_counts_once_and_gets_the_first_outcome(engine: Engine) -> None:
    with engine.begin() as tx:
        unit = builders.fulfillment(tx)
        first = record(tx, [scan(unit), scan(unit, "4711", "b")])
        again = record(tx, [scan(unit), scan(unit, "4711", "b")])
        assert [(one.sentence, one.code, one.pieces) for one in again.outcomes] == [
            (one.sentence, one.code, one.pieces) for one in first.outcomes
        ]
        assert all(one.repeated for one in again.outcomes)
        assert counters(tx, unit) == [(1, 0, 0)]
        assert len(builders.rows_of(tx, journal)) == 1


def test_packing_and_what_was_not_found(engine: Engine) -> None:
    with engine.begin() as tx:
        unit = builders.fulfillment(tx, waiting_for="pick-scans")
        recorded = record(tx, [
            scan(unit, client_id="a"), scan(unit, client_id="b", phase=Phase.SHORT), scan(unit, client_id="c", phase=Phase.PACK),
        ])
        assert [one.code for one in recorded.outcomes] == [None, None, None]
        assert counters(tx, unit) == [(1, 1, 1)]
        assert recorded.hints == [Hint("pick", "standard", [unit])]  # the pack stage finds its scans when it gets there
        packed = builders.fulfillment(tx, builders.order(tx), [{"sku": "SKU-1", "quantity": 1, "picked": 1}], state="picked",
                                      waiting_for="pack-scans")
        assert record(tx, [scan(packed, phase=Phase.PACK)]).hints == [Hint("pack", "standard", [packed])]


def test_another_shops_fulfillment_is_unknown(engine: Engine) -> None:
    with engine.begin() as tx:
        unit = builders.fulfillment(tx)
        recorded = record(tx, [scan(unit)], code="other")
        assert recorded.outcomes[0].code == "unknown-fulfillment"
        assert (counters(tx, unit), builders.rows_of(tx, scans)) == ([(0, 0, 0)], [])


def test_a_service_is_performed(engine: Engine) -> None:
    with engine.begin() as tx:
        unit = builders.fulfillment(tx, builders.order(tx, kind="service"), kind="appointment", waiting_for="performance")
        said = Performance(unit, NOW, "Bo", "a", "went well")
        first = record_performed(tx, [said], shop_id=builders.shop(tx), by="warehouse", now=NOW)
        again = record_performed(tx, [said], shop_id=builders.shop(tx), by="warehouse", now=NOW)
        late = Performance(unit, NOW + timedelta(hours=1), "Bo", "b")
        other = record_performed(tx, [late], shop_id=builders.shop(tx), by="warehouse", now=NOW)
        assert first.hints == [Hint("deliver", "standard", [unit])]
        assert (again.outcomes[0].repeated, again.hints, other.outcomes[0].code) == (True, [], "performed-already")
        row = builders.rows_of(tx, scans)[0]
        assert (row["phase"], row["barcode"], row["quantity"], row["note"]) == ("performed", "performed", 1, "went well")


def test_takes_as_many_statements_for_many_as_for_one(engine: Engine) -> None:
    with engine.begin() as tx:
        units = [builders.fulfillment(tx, waiting_for="pick-scans") for _ in range(60)]
        one = _statements(tx, lambda: record(tx, [scan(units[0], quantity=2)]))
        many = _statements(tx, lambda: record(tx, [scan(unit, quantity=2) for unit in units[1:]]))
        assert many == one <= 16


def test_scans_from_several_threads_never_exceed_the_quantity(engine: Engine) -> None:
    with engine.begin() as tx:
        units = [builders.fulfillment(tx, builders.order(tx, {"SKU-1": 5, "SKU-2": 3})) for _ in range(4)]
    outcomes: list[Outcome] = []
    errors: list[BaseException] = []

    def work(thread: int) -> None:
        try:
            for turn in range(5):
                some = units if thread % 2 else units[::-1]
                facts = [scan(unit, sku, f"{thread}-{turn}-{sku}") for unit in some for sku in ("SKU-1", "SKU-2")]
                facts += [scan(unit, client_id=f"shared-{turn}") for unit in some]
                with engine.begin() as tx:
                    outcomes.extend(record(tx, facts).outcomes)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(thread,)) for thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with engine.begin() as tx:
        assert [counters(tx, unit) for unit in units] == [[(5, 0, 0), (3, 0, 0)]] * 4
        accepted = tx.execute(text("SELECT sum(quantity) FROM scan WHERE accepted")).scalar_one()
    assert accepted == 32
    assert sum(1 for one in outcomes if one.accepted and not one.repeated) == 32


def _statements(tx: Connection, action: object) -> int:
    seen: list[str] = []
    listener = lambda *given: seen.append(given[2])  # noqa: E731
    event.listen(tx, "before_cursor_execute", listener)
    action()  # type: ignore[operator]
    event.remove(tx, "before_cursor_execute", listener)
    return len(seen)
