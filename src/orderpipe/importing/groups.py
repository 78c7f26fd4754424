"""
Rows that follow each other under one reference are one order; a row that cannot be read spoils the order that it may belong to.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from orderpipe.importing.rows import Row
from orderpipe.intake.json_order import MOST_LINES


@dataclass(slots=True)
class Group:
    """
    The rows of one reference. `end` and `line` are where the file goes on after them.

    `too_many`: an order cannot have so many; more of them may follow in groups of which `continues` is true. `doubtful`: the number
    of a line before them that cannot be read and may be theirs.
    """

    reference: str
    rows: list[Row] = field(default_factory=list)
    too_many: bool = False
    doubtful: int = 0
    continues: bool = False

    @property
    def end(self) -> int:
        """The position after the last row."""
        return self.rows[-1].end

    @property
    def line(self) -> int:
        """The number of the last line."""
        return self.rows[-1].last

    @property
    def raw(self) -> bytes:
        """The lines as they stand."""
        return b"".join(row.raw for row in self.rows)

    @property
    def broken(self) -> Row | None:
        """The first row that cannot be read."""
        return next((row for row in self.rows if row.problem), None)

    @property
    def carry(self) -> Mapping[str, Any] | None:
        """What these rows mean for the next ones, where an import goes on after them."""
        if self.too_many:
            return {"too_many": self.reference}
        return {"doubtful": self.rows[-1].line} if self.rows[-1].problem else None


def groups(rows: Iterable[Row], reference_of: Callable[[Mapping[str, str]], str], carry: Mapping[str, Any] | None) -> Iterator[Group]:
    """The groups, one after the other; `carry` is that of the group before."""
    carry = carry or {}
    group: Group | None = None
    for row in rows:
        # a row that cannot be read may be half of another, so what stands where its reference should be says nothing
        reference = reference_of(row.values) if not row.problem else group.reference if group is not None else ""
        if group is not None and reference != group.reference and not (group.broken and not group.reference):
            yield group
            carry, group = group.carry or {}, None
        if group is None:
            more = carry.get("too_many") == reference
            group = Group(reference, too_many=more, doubtful=carry.get("doubtful", 0), continues=more)
        group.reference = group.reference or reference
        group.rows.append(row)
        if len(group.rows) > MOST_LINES:
            group.too_many = True
            yield group
            carry, group = group.carry or {}, None
    if group is not None:
        yield group
