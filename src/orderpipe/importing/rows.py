"""
Rows of a CSV file: split as RFC 4180 says, over several lines where quotes say so; what cannot be split is told and stops nobody.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass

from orderpipe.importing.lines import LONGEST, Line, Lines
from orderpipe.intake.evidence import Form

_LINES_A_ROW = 200


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the number of its first line, the bytes, the fields by column; `problem` says why it cannot be read."""

    line: int
    raw: bytes
    end: int
    last: int
    values: dict[str, str]
    problem: str = ""

    @property
    def shown(self) -> str:
        """The beginning of what stands there."""
        return self.raw[:200].decode("utf-8", "replace").strip()


def rows(lines: Lines, form: Form) -> Iterator[Row]:
    """The rows from here on; empty lines are passed over."""
    while (line := lines.read()) is not None:
        if line.too_long:
            yield _unreadable(line, f"The line is longer than {LONGEST} bytes.")
        elif b"\0" in line.raw:
            yield _unreadable(line, "The line contains a NUL character, which has no meaning in any text.")
        elif line.raw.strip():
            yield _row(line, lines, form) if b'"' in line.raw else _plain(line, form)


def _plain(line: Line, form: Form) -> Row:
    return _fitted([line], line.raw.decode(form.encoding).rstrip("\r\n").split(form.delimiter), form)


def _row(first: Line, lines: Lines, form: Form) -> Row:
    pulled = [first]
    try:
        fields = next(csv.reader(_pull(pulled, lines, form), delimiter=form.delimiter, strict=True))
    except csv.Error:
        lines.unread(pulled[1:])
        return _unreadable(first, "The quotation marks do not match: one is missing, or one inside a text is not doubled.")
    return _fitted(pulled, fields, form)


def _pull(pulled: list[Line], lines: Lines, form: Form) -> Iterator[str]:
    """The lines of one row, as far as a row may reach; what was pulled stands in `pulled`."""
    yield pulled[0].raw.decode(form.encoding)
    size = len(pulled[0].raw)
    while len(pulled) < _LINES_A_ROW and (line := lines.read()) is not None:
        size += len(line.raw)
        if line.too_long or size > LONGEST or b"\0" in line.raw:
            lines.unread([line])
            return
        pulled.append(line)
        yield line.raw.decode(form.encoding)


def _fitted(pulled: list[Line], fields: list[str], form: Form) -> Row:
    raw = b"".join(line.raw for line in pulled) if len(pulled) > 1 else pulled[0].raw
    first, last = pulled[0], pulled[-1]
    if len(fields) == len(form.columns):
        return Row(first.number, raw, last.end, last.number, dict(zip(form.columns, fields, strict=True)))
    sentence = f"There are {len(fields)} fields where the header has {len(form.columns)}."
    return Row(first.number, raw, last.end, last.number, dict(zip(form.columns, fields, strict=False)), sentence)


def _unreadable(line: Line, sentence: str) -> Row:
    return Row(line.number, line.raw, line.end, line.number, {}, sentence)
