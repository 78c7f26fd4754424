"""
Rows of a file: whatever stands in it, each byte belongs to a row, an empty line, or a problem that is told; and memory stays flat.
"""

import csv
import tracemalloc
from io import BytesIO, StringIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderpipe.importing.groups import Group, groups
from orderpipe.importing.lines import LONGEST, Lines
from orderpipe.importing.rows import Row, rows
from orderpipe.intake.evidence import Form
from orderpipe.intake.json_order import MOST_LINES

FORM = Form(("reference", "sku"), b"reference,sku\n", ",", "utf-8")
PLAIN_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=20)


def read(content: bytes, position: int = 0, line: int = 0) -> list[Row]:
    return list(rows(Lines(BytesIO(content), position, line), FORM))


def grouped(content: bytes, carry: dict[str, object] | None = None) -> list[Group]:
    return list(groups(read(content), lambda values: values.get("reference", ""), carry))


@given(st.lists(st.tuples(PLAIN_TEXT, PLAIN_TEXT), max_size=20))
def test_reads_what_a_csv_writer_wrote(written: list[tuple[str, str]]) -> None:
    text = StringIO()
    csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(written)
    found = read(text.getvalue().encode())
    assert [(row.values["reference"], row.values["sku"]) for row in found] == written
    assert not any(row.problem for row in found)


@given(st.binary(max_size=300))
def test_accounts_for_every_byte_of_anything(content: bytes) -> None:
    content = content.decode("utf-8", "ignore").encode()
    found = read(content)
    positions = [0, *(row.end for row in found)]
    for row, before in zip(found, positions, strict=False):
        between = content[before : row.end]
        assert between.endswith(row.raw)
        assert not between.removesuffix(row.raw).strip()
    assert not content[positions[-1] :].strip()


@given(st.binary(max_size=200))
def test_goes_on_from_any_row_as_if_it_had_never_stopped(content: bytes) -> None:
    content = content.decode("utf-8", "ignore").encode()
    found = read(content)
    for place, row in enumerate(found):
        assert read(content, row.end, row.last) == found[place + 1 :]


@pytest.mark.parametrize(("content", "said"), [
    (b"A,1,2\n", "3 fields where the header has 2"),
    (b"A\n", "1 fields"),
    (b"A,\0\n", "NUL"),
    (b'A,"never closed\nB,2\nC,3\n', "quotation marks"),
    (b'A,"wrong"ly closed\n', "quotation marks"),
])
def test_says_why_a_row_cannot_be_read_and_reads_the_next(content: bytes, said: str) -> None:
    first, *others = read(content + b"D,4\n")
    assert said in first.problem
    assert others[-1].values == {"reference": "D", "sku": "4"}
    assert not any(row.problem for row in others)


def test_a_row_may_go_over_several_lines() -> None:
    found = read(b'A,"first\nsecond"\n\nB,2\n')
    assert [(row.line, row.last, row.values["sku"]) for row in found] == [(1, 2, "first\nsecond"), (4, 4, "2")]


def test_a_line_of_a_hundred_megabytes_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    with path.open("wb") as file:
        file.write(b"A,1\n")
        for _ in range(100):
            file.write(b"x" * 1024 * 1024)
        file.write(b"\nB,2\n")
    tracemalloc.start()
    with path.open("rb") as file:
        found = list(rows(Lines(file), FORM))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [bool(row.problem) for row in found] == [False, True, False]
    assert [row.line for row in found] == [1, 2, 3]
    assert peak < 8 * LONGEST


def test_rows_of_one_reference_that_follow_each_other_are_one_group() -> None:
    found = grouped(b"A,1\nA,2\nB,1\nA,3\n")
    assert [(group.reference, len(group.rows)) for group in found] == [("A", 2), ("B", 1), ("A", 1)]


def test_an_unreadable_line_spoils_the_orders_on_both_sides_of_it() -> None:
    before, after, free = grouped(b'A,1\nx"\nB,1\nC,1\n')
    assert (before.broken is not None, after.doubtful, free.doubtful) == (True, 2, 0)
    inside, = grouped(b'A,1\nx"\nA,2\n')
    assert inside.broken is not None
    first, = grouped(b'x"\nA,2\n')
    assert (first.reference, first.broken is not None) == ("A", True)


def test_more_rows_than_an_order_may_have_are_told_and_held_in_parts() -> None:
    found = grouped(b"A,1\n" * (MOST_LINES * 2 + 5) + b"B,1\n")
    assert [group.too_many for group in found] == [True, True, True, False]
    assert max(len(group.rows) for group in found) == MOST_LINES + 1


def test_what_lines_before_mean_is_carried_over_a_stop() -> None:
    long, *_ = grouped(b"A,1\n" * (MOST_LINES + 1))
    rest, other = grouped(b"A,1\nB,1\n", dict(long.carry or {}))
    assert (rest.too_many, other.too_many) == (True, False)
    spoiled, _ = grouped(b'A,1\nx"\nB,1\n')
    after, = grouped(b"B,1\n", dict(spoiled.carry or {}))
    assert after.doubtful == 2
