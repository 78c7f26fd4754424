"""
The carrier's words recorded in the database.
"""

import threading
from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from orderpipe.domain.tracking import Merging, ParcelStatus, TrackingEvent
from orderpipe.sideflows.hints import Hint
from orderpipe.sideflows.recorded import Recorded
from orderpipe.sideflows.tracking import record_events
from orderpipe.store import tracking, units
from orderpipe.store.fulfillments import fulfillment as fulfillments
from orderpipe.store.journal import journal
from orderpipe.store.metadata import Tx
from tests import builders
from tests.builders import NOW


def word(number: str, status: str, minutes: int = 1, event_id: str = "") -> TrackingEvent:
    return TrackingEvent(number, event_id or f"{status}-{minutes}", ParcelStatus(status), NOW + timedelta(minutes=minutes), "Leeds")


def record(tx: Tx, *events: TrackingEvent, code: str = "demo") -> Recorded[Merging]:
    return record_events(tx, events, shop_id=builders.shop(tx, code), by="carrier key …test", now=NOW + timedelta(hours=1))


def under_way(tx: Tx) -> int:
    return builders.fulfillment(tx, state="shipped", waiting_for="carrier")


def status(tx: Tx, number: str) -> str:
    return str(builders.rows_of(tx, tracking.parcel, tracking_number=number)[0]["status"])


def stored(tx: Tx) -> list[tuple[str, bool]]:
    return [(row["status"], row["merged"]) for row in builders.rows_of(tx, tracking.tracking_event)]


def test_news_wakes_the_deliver_stage(engine: Engine) -> None:
    with engine.begin() as tx:
        unit = under_way(tx)
        number = builders.parcel(tx, unit)
        assert record(tx, word(number, "in_transit")).hints == []
        assert record(tx, word(number, "delivered", 9)).hints == [Hint("deliver", "standard", [unit])]
        assert status(tx, number) == "delivered"
        assert builders.rows_of(tx, fulfillments, id=unit)[0]["waiting_for"] is None
        assert [row["note"] for row in builders.rows_of(tx, journal)] == [{"status": "in_transit"}, {"status": "delivered"}]


def test_what_does_not_lead_forward_is_kept_only(engine: Engine) -> None:
    with engine.begin() as tx:
        number = builders.parcel(tx, under_way(tx), status="out_for_delivery")
        late = record(tx, word(number, "in_transit"))
        assert (late.outcomes[0].merged, late.outcomes[0].code, late.hints) == (False, "no-news", [])
        assert (status(tx, number), stored(tx)) == ("out_for_delivery", [("in_transit", False)])


def test_a_repeat_is_answered_as_known(engine: Engine) -> None:
    with engine.begin() as tx:
        number = builders.parcel(tx, under_way(tx))
        record(tx, word(number, "delivered"))
        again = record(tx, word(number, "delivered"))
        assert (again.outcomes[0].known, again.outcomes[0].merged, again.hints) == (True, True, [])
        assert len(stored(tx)) == 1


def test_early_words_are_merged_when_the_parcel_appears(engine: Engine) -> None:
    with engine.begin() as tx:
        early = record(tx, word("OP7", "delivered", 9), word("OP7", "in_transit"), word("OP8", "lost"))
        assert [one.code for one in early.outcomes] == ["unknown-parcel"] * 3
        unit = under_way(tx)
        assert tracking.spoken_of(tx, {(builders.shop(tx), number) for number in ("OP6", "OP7")}) == {"OP7"}
        builders.parcel(tx, unit, "OP7")
        tracking.adopt_early_events(tx, ["OP7"], NOW + timedelta(hours=1))
        assert status(tx, "OP7") == "delivered"
        assert sorted(stored(tx)) == [("delivered", True), ("in_transit", True), ("lost", False)]


def test_another_shop_cannot_speak_about_our_parcels(engine: Engine) -> None:
    with engine.begin() as tx:
        unit = under_way(tx)
        builders.parcel(tx, unit, "OP7")
        forged = record(tx, word("OP7", "delivered"), word("OP9", "delivered"), code="other")
        assert tracking.spoken_of(tx, {(builders.shop(tx), "OP9")}) == set()
        builders.parcel(tx, unit, "OP9")
        tracking.adopt_early_events(tx, ["OP7", "OP9"], NOW + timedelta(hours=1))
        assert [one.code for one in forged.outcomes] == ["unknown-parcel"] * 2
        assert (status(tx, "OP7"), status(tx, "OP9")) == ("shipped", "shipped")


def test_a_word_that_meets_its_label_is_asked_for_again(engine: Engine) -> None:
    with engine.begin() as tx:
        unit = under_way(tx)
    labelling = engine.connect()
    labelling.begin()
    units.lock_orders(labelling, [unit // 1000])
    assert tracking.spoken_of(labelling, {(builders.shop(labelling), "OP7")}) == set()
    builders.parcel(labelling, unit, "OP7")
    threading.Timer(0.3, labelling.commit).start()
    with pytest.raises(tracking.ParcelJustAppeared), engine.begin() as tx:
        record(tx, word("OP7", "delivered"))
    with engine.begin() as tx:
        assert record(tx, word("OP7", "delivered")).outcomes[0].merged
    labelling.close()


def test_many_at_once_from_several_threads(engine: Engine) -> None:
    with engine.begin() as tx:
        numbers = [builders.parcel(tx, under_way(tx)) for _ in range(20)]
        builders.shop(tx)
    errors: list[BaseException] = []

    def work(some: Sequence[str]) -> None:
        try:
            for step in ("in_transit", "out_for_delivery", "delivered"):
                with engine.begin() as tx:
                    record(tx, *(word(number, step) for number in some), *(word(f"X{number}", step) for number in some))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(some,)) for some in (numbers, numbers[::-1], numbers[5:] + numbers[:5])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with engine.begin() as tx:
        assert {status(tx, number) for number in numbers} == {"delivered"}
        assert len(stored(tx)) == 120
