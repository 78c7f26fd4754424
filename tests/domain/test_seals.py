"""
Seals: the bytes that are hashed never change, a line says all of its seal, and what differs is found where it lies.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderpipe.domain.merkle import leaf_hash
from orderpipe.domain.seals import (
    FIELDS,
    NOTHING_BEFORE,
    PART,
    Change,
    Leaf,
    Seal,
    Tally,
    UnreadableSeal,
    changes,
    entry_bytes,
    hash_of,
    leaf_of,
    line_of,
    seal_of,
)
from orderpipe.store.journal import journal

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
VALUES = (
    "stage:pick", "picked", NOON, "released", 7001, {"zoll": "Zürich", "b": [1, 2.5], "a": None}, 7, 3, 12.25, 3600.0, None,
    "fulfillment.picked",
)
LINE = (
    b'{"entries":1,"from":null,"number":1,"previous":"' + b"0" * 64 + b'","root":"' + b"ab" * 32
    + b'","sealed_at":"2026-11-03T12:00:00.000000Z","until":"2026-11-03T11:50:00.000000Z","version":1}'
)


def seal(**fields: object) -> Seal:
    first = Seal(1, None, NOON - timedelta(minutes=10), 1, b"\xab" * 32, NOTHING_BEFORE, NOON)
    return replace(first, **fields)  # type: ignore[arg-type]


def leaves(count: int) -> list[Leaf]:
    """Entries of orders with three entries each."""
    return [((place // 3 + 1, place % 3 + 1), leaf_hash(str(place).encode())) for place in range(count)]


def sealed(entries: list[Leaf]) -> tuple[Seal, bytes]:
    root, parts = Tally(entries).finish()
    return seal(entries=len(entries), root=root), parts


def found(before: list[Leaf], after: list[Leaf]) -> list[Change]:
    one, parts = sealed(before)
    differing = changes(one, parts, after)
    assert differing is not None
    return list(differing)


def test_seals_every_column_of_the_journal() -> None:
    assert sorted(FIELDS) == sorted(column.name for column in journal.columns)


def test_hashes_an_entry_in_a_form_that_stays() -> None:
    assert entry_bytes(VALUES).decode() == (
        '{"actor":"stage:pick","after":"picked","at":"2026-11-03T12:00:00.000000Z","before":"released","fulfillment_id":7001,'
        '"note":{"a":null,"b":[1,2.5],"zoll":"Zürich"},"order_id":7,"seq":3,"spent_seconds":12.25,"target_seconds":3600.0,'
        '"task_id":null,"what":"fulfillment.picked"}'
    )
    assert leaf_of(VALUES) == ((7, 3), leaf_hash(entry_bytes(VALUES)))


def test_knows_an_instant_in_any_time_zone() -> None:
    elsewhere = NOON.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert entry_bytes([*VALUES[:2], elsewhere, *VALUES[3:]]) == entry_bytes(VALUES)


def test_writes_a_seal_as_one_line_and_reads_it_again() -> None:
    assert line_of(seal()) == LINE
    assert seal_of(LINE) == seal()
    later = seal(number=2, begins_at=NOON, previous=hash_of(seal()))
    assert seal_of(line_of(later)) == later
    assert (hash_of(None), hash_of(seal())) == (bytes(32), sha256(LINE).digest())


@pytest.mark.parametrize("line", [
    b"", b"{}", b"null", b"[]", LINE[:-1], b" " + LINE, LINE.replace(b'"entries":1', b'"entries":"1"'), LINE.replace(b"ab", b"AB"),
    LINE.replace(b"version\":1", b"version\":2"), LINE.replace(b"12:00:00", b"99:00:00"), LINE.replace(b"0000Z", b"0000"), b"\xff",
    b"[" * 3000,
])
def test_reads_no_line_that_it_would_not_write(line: bytes) -> None:
    with pytest.raises(UnreadableSeal):
        seal_of(line)


@pytest.mark.parametrize("count", [0, 1, PART - 1, PART, PART + 1, 5 * PART, 100])
def test_finds_nothing_where_nothing_differs(count: int) -> None:
    assert found(leaves(count), leaves(count)) == []


def test_finds_a_changed_a_missing_and_a_new_entry_where_it_lies() -> None:
    before = leaves(100)
    changed = [*before[:40], (before[40][0], leaf_hash(b"other")), *before[41:]]
    missing = [*before[:40], *before[41:]]
    new = [*before[:40], ((13, 77), leaf_hash(b"new")), *before[40:]]
    # the third part of sixteen entries, the 33rd to the 48th
    assert found(before, changed) == [Change(11, 17, 16, 16)]
    assert found(before, missing) == [Change(11, 17, 16, 15)]
    assert found(before, new) == [Change(11, 17, 16, 17)]


def test_finds_what_was_added_before_the_first_and_after_the_last() -> None:
    before = leaves(20)
    assert found(before, [((-5, 1), leaf_hash(b"x")), *before]) == [Change(-5, 6, 16, 17)]
    assert found(before, [*before, ((900, 1), leaf_hash(b"x"))]) == [Change(6, 900, 4, 5)]
    assert found([], before) == [Change(1, 7, 0, 20)]
    assert found(before, []) == [Change(1, 6, 16, 0), Change(6, 6, 4, 0)]


def test_does_not_believe_parts_that_were_not_sealed() -> None:
    one, parts = sealed(leaves(40))
    other = parts[:-1] + bytes([parts[-1] ^ 1])
    assert changes(one, other, leaves(40)) is None
    assert changes(one, parts[:-44], leaves(40)) is None
    assert changes(one, b"", leaves(40)) is None


@given(st.sets(st.integers(0, 120), max_size=90), st.sets(st.integers(0, 120), max_size=90))
def test_finds_something_if_and_only_if_the_entries_differ(before: set[int], after: set[int]) -> None:
    every = leaves(121)
    some, others = [every[place] for place in sorted(before)], [every[place] for place in sorted(after)]
    assert bool(found(some, others)) == (before != after)
