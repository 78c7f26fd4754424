"""
Whether a scan counts.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderpipe.domain.handling import Line, Phase, Standing, say_left
from orderpipe.domain.scans import Decided, Facts, Meaning, Outcome, Scan, decide
from orderpipe.flow import FulfillmentState

UNIT = 42001
NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
MEANINGS = {"SKU-1": Meaning("SKU-1"), "SKU-2": Meaning("SKU-2"), "six-pack": Meaning("SKU-1", 6), "SKU-9": Meaning("SKU-9")}


def scan(barcode: str = "SKU-1", phase: Phase = Phase.PICK, quantity: int = 1, *, client_id: str = "a", unit: int = UNIT) -> Scan:
    return Scan(unit, phase, barcode, client_id, "op-1", "station-1", NOON, quantity)


def standing(*lines: Line, state: FulfillmentState = FulfillmentState.RELEASED, appointment: bool = False) -> Standing:
    return Standing(UNIT, state, appointment, lines or (Line(1, "SKU-1", 2),))


def judge(unit: Standing, *scans: Scan, known: Mapping[tuple[int, str], Outcome] | None = None) -> Decided:
    return decide(scans, Facts({unit.id: unit}, MEANINGS, known or {}))


def code(unit: Standing, one: Scan) -> str | None:
    return judge(unit, one).outcomes[0].code


def test_counts_what_belongs_to_the_fulfillment() -> None:
    decided = judge(standing(), scan())
    assert decided.outcomes[0].accepted
    assert decided.outcomes[0].sentence == "1 of SKU-1 counted; 1 of SKU-1 left."
    assert decided.after[UNIT].lines == (Line(1, "SKU-1", 2, picked=1),)
    assert decided.completed([Phase.PICK]) == []


def test_adds_up_within_a_request() -> None:
    decided = judge(standing(), scan(client_id="a"), scan(client_id="b"), scan(client_id="c"))
    assert [one.code for one in decided.outcomes] == [None, None, "surplus"]
    assert decided.outcomes[2].sentence == "1 of SKU-1 is too many; nothing left."
    assert decided.completed([Phase.PICK, Phase.SHORT]) == [UNIT]


def test_a_scan_counts_whole_or_not_at_all() -> None:
    unit = standing(Line(1, "SKU-1", 5))
    assert code(unit, scan("six-pack")) == "surplus"
    assert code(unit, scan(quantity=5)) is None
    assert code(standing(Line(1, "SKU-1", 12)), scan("six-pack", quantity=2)) is None


def test_fills_several_lines_of_one_article_in_their_order() -> None:
    decided = judge(standing(Line(1, "SKU-1", 2), Line(2, "SKU-2", 1), Line(3, "SKU-1", 4)), scan(quantity=3))
    assert [line.picked for line in decided.after[UNIT].lines] == [2, 0, 1]


def test_names_what_is_wrong_and_what_is_left() -> None:
    wrong = judge(standing(), scan("SKU-9")).outcomes[0]
    assert (wrong.code, wrong.left) == ("wrong-item", {"SKU-1": 2})
    assert "2 of SKU-1 left" in wrong.sentence
    assert code(standing(), scan("4711")) == "unknown-barcode"
    assert code(standing(), scan(unit=43001)) == "unknown-fulfillment"


def test_says_only_the_first_few_that_are_left() -> None:
    assert say_left({"A": 1, "B": 2, "C": 3, "D": 4, "E": 5}) == "1 of A, 2 of B, 3 of C and 2 more left"


@pytest.mark.parametrize(("state", "phase", "expected"), [
    ("planned", Phase.PICK, "too-early"), ("planned", Phase.PACK, "too-early"), ("released", Phase.PICK, None),
    ("released", Phase.SHORT, None), ("released", Phase.PACK, "too-early"), ("picked", Phase.PICK, "too-late"),
    ("packed", Phase.PACK, "too-late"), ("shipped", Phase.PACK, "too-late"), ("canceled", Phase.PICK, "too-late"),
    ("delivered", Phase.PACK, "too-late"),
])
def test_comes_at_the_right_moment(state: FulfillmentState, phase: Phase, expected: str | None) -> None:
    assert code(standing(state=FulfillmentState(state)), scan(phase=phase)) == expected


def test_packing_may_begin_before_the_pick_stage_has_noticed() -> None:
    picked = standing(Line(1, "SKU-1", 3, picked=2, short=1))
    assert judge(picked, scan(phase=Phase.PACK, quantity=2)).completed([Phase.PACK]) == [UNIT]
    decided = judge(standing(), scan(quantity=2, client_id="a"), scan(phase=Phase.PACK, quantity=2, client_id="b"))
    assert decided.completed([Phase.PICK]) == decided.completed([Phase.PACK]) == [UNIT]
    assert code(standing(Line(1, "SKU-1", 3, picked=2, short=1)), scan(phase=Phase.PACK, quantity=3)) == "surplus"


def test_a_resend_counts_once_and_gets_the_first_answer() -> None:
    decided = judge(standing(), scan(client_id="a"), scan(client_id="a"))
    assert [one.repeated for one in decided.outcomes] == [False, True]
    assert decided.outcomes[0].sentence == decided.outcomes[1].sentence
    assert decided.after[UNIT].lines[0].picked == 1
    refused = judge(standing(), scan("SKU-9")).outcomes[0]
    again = judge(standing(), scan("SKU-9"), known={(UNIT, "a"): refused}).outcomes[0]
    assert (again.code, again.repeated, again.recordable) == ("wrong-item", True, False)


def test_another_scan_under_a_known_client_id_is_refused() -> None:
    decided = judge(standing(), scan(client_id="a"), scan("SKU-2", client_id="a"))
    assert decided.outcomes[1].code == "client-id-reused"
    assert not decided.outcomes[1].recordable


def test_an_appointment_is_performed_once() -> None:
    unit = standing(appointment=True)
    done = scan("performed", Phase.PERFORMED)
    decided = judge(unit, done, replace(done, client_id="b"))
    assert [one.code for one in decided.outcomes] == [None, "performed-already"]
    assert decided.completed([Phase.PERFORMED]) == [UNIT]
    assert code(standing(), done) == "no-appointment"
    assert code(unit, scan()) == "appointment"
    assert code(replace(unit, state=FulfillmentState.PLANNED), done) == "too-early"
    assert code(replace(unit, state=FulfillmentState.CANCELED), done) == "too-late"


counts = st.integers(min_value=0, max_value=6)
lines = st.builds(
    lambda number, sku, parts: Line(number, sku, sum(parts), picked=parts[0], short=parts[1]),
    st.just(0), st.sampled_from(["SKU-1", "SKU-2"]), st.tuples(counts, counts, counts),
)
units = st.builds(
    lambda some, state: standing(*(replace(line, number=place) for place, line in enumerate(some, 1)), state=state),
    st.lists(lines, min_size=1, max_size=4), st.sampled_from(FulfillmentState),
)
scans = st.lists(st.builds(
    scan, st.sampled_from([*MEANINGS, "4711"]), st.sampled_from(Phase), st.integers(1, 8), client_id=st.sampled_from("abcdefghij"),
), max_size=20)


@given(units, scans)
def test_never_exceeds_what_was_ordered(unit: Standing, some: list[Scan]) -> None:
    decided = judge(unit, *some)
    after = decided.after.get(UNIT, unit)
    for line, before in zip(after.lines, unit.lines, strict=True):
        assert 0 <= line.packed <= line.picked
        assert line.picked + line.short <= line.quantity == before.quantity
    counted = [one for one in decided.outcomes if one.accepted and not one.repeated and one.scan.phase != Phase.PERFORMED]
    moved = sum(line.picked + line.short + line.packed for line in after.lines)
    assert moved - sum(line.picked + line.short + line.packed for line in unit.lines) == sum(one.pieces for one in counted)


@given(units, scans)
def test_the_same_scans_again_change_nothing(unit: Standing, some: list[Scan]) -> None:
    first = judge(unit, *some)
    known = {(UNIT, one.scan.client_id): one for one in first.outcomes if one.recordable}
    again = judge(first.after.get(UNIT, unit), *some, known=known)
    assert not again.after
    assert [one.code for one in again.outcomes] == [one.code for one in first.outcomes]


@given(units, scans, st.integers(0, 20))
def test_it_does_not_matter_how_scans_are_bundled(unit: Standing, some: list[Scan], cut: int) -> None:
    whole = judge(unit, *some)
    first = judge(unit, *some[:cut])
    known = {(UNIT, one.scan.client_id): one for one in first.outcomes if one.recordable}
    rest = judge(first.after.get(UNIT, unit), *some[cut:], known=known)
    assert [one.code for one in whole.outcomes] == [one.code for one in (*first.outcomes, *rest.outcomes)]
