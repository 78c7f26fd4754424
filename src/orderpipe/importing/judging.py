"""
What the rows of one reference are: an order, a cancellation, or nothing that can be taken, with the reason for each row.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

from orderpipe.domain.orders import OrderDraft
from orderpipe.importing.balance import Amount
from orderpipe.importing.groups import Group, groups
from orderpipe.importing.lines import Lines
from orderpipe.importing.rejects import Reject
from orderpipe.importing.rows import Row, rows
from orderpipe.intake import evidence
from orderpipe.intake.evidence import Form, Place
from orderpipe.intake.json_order import MOST_LINES
from orderpipe.intake.mapped_orders import (
    Cancellation,
    Sheet,
    cancellation_of,
    customer_key,
    is_cancellation,
    no_order,
    order_of,
    placed_at,
    reference_of,
    supplied_for,
)
from orderpipe.intake.mapping import ColumnMapping
from orderpipe.intake.refusals import FieldError, Malformed

Found = Mapping[str, Mapping[str, Sequence[Mapping[str, str]]]]
"""What files beside say: by source and key."""

CUSTOMERS = "--customers"
"""The source that the file of customers is kept under."""


@dataclass(frozen=True, slots=True)
class Judged:
    """
    What a group is. `content` None: rejected, with a reason for each row; `parser` and `raw` are the evidence kept of it.
    """

    group: Group
    amount: Amount
    content: OrderDraft | Cancellation | None
    rejects: tuple[Reject, ...] = ()
    raw: bytes = b""
    parser: str = ""
    customer: str = ""
    placed_at: datetime | None = None
    supplied: Sequence[str] = field(default_factory=tuple)

    def rejected(self, reason: str) -> tuple[Reject, ...]:
        """Every row of it as a reject."""
        return tuple(Reject(row, reason) for row in self.group.rows)


class Reader(Protocol):
    """A form of files: how they are parted into groups, what is to be looked up for a group, and what it is then."""

    def groups(self, lines: Lines, carry: Mapping[str, Any] | None) -> Iterator[Group]:
        """The groups from here on."""

    def keys(self, group: Group) -> Mapping[str, Sequence[str]]:
        """The keys to be looked up in files beside, by source."""

    def judge(self, group: Group, found: Found) -> Judged:
        """What the group is; never raises."""


@dataclass(frozen=True, slots=True)
class CsvReader:
    """Rows as a column mapping reads them; `order_type` is what orders are unless a row says otherwise."""

    mapping: ColumnMapping
    form: Form
    file: str
    order_type: str
    customers: bool = False

    def groups(self, lines: Lines, carry: Mapping[str, Any] | None) -> Iterator[Group]:
        """Rows that follow each other under one reference."""
        return groups(rows(lines, self.form), lambda values: reference_of(self.mapping, values), carry)

    def keys(self, group: Group) -> Mapping[str, Sequence[str]]:
        """The columns that name the keys; a customer's file is asked by the customer's key, or without one by the reference."""
        values = group.rows[0].values
        keys = {name: [values.get(one.joins, "").strip()] for name, one in self.mapping.beside.items()}
        if self.customers:
            keys[CUSTOMERS] = [customer_key(self.mapping, values) or group.reference]
        return keys

    def judge(self, group: Group, found: Found) -> Judged:
        """An order, a cancellation, or the reasons why it is neither."""
        keys = self.keys(group)
        sheet = Sheet(
            [row.values for row in group.rows],
            {name: found[name].get(keys[name][0], ()) for name in self.mapping.beside},
            next(iter(found[CUSTOMERS].get(keys[CUSTOMERS][0], ())), {}) if self.customers else {},
            self.order_type,
        )
        amount = self._amount(group, sheet)
        if reason := self._unfit(group, sheet):
            return _spoiled(group, amount, reason)
        place = Place(self.file, group.rows[0].line, group.line)
        try:
            taken = is_cancellation(self.mapping, group.reference)
            content = cancellation_of(self.mapping, sheet.rows) if taken else order_of(self.mapping, sheet)
        except Malformed as malformed:
            return Judged(group, amount, None, tuple(self._told(group, malformed.errors)))
        first = sheet.rows[0]
        return Judged(
            group, _amount_of(group, content), content, (), evidence.of_rows(self.mapping, self.form, group.raw, sheet, place),
            evidence.parser_of(self.mapping), customer_key(self.mapping, first), placed_at(self.mapping, first),
            supplied_for(self.mapping, sheet) if sheet.supplied else (),
        )

    def _unfit(self, group: Group, sheet: Sheet) -> str | None:
        """Why the rows as a whole cannot be taken."""
        if group.broken is not None:
            return f"Line {group.broken.line} cannot be read, and so its whole order is not taken."
        if group.doubtful:
            return f"Line {group.doubtful} cannot be read and may belong to this order, so it is not taken."
        if not group.reference:
            return "The row names no order: there is no reference."
        if group.too_many:
            return f"More than {MOST_LINES} rows in a row have this reference; an order has at most {MOST_LINES} lines."
        return no_order(self.mapping, sheet.rows)

    def _told(self, group: Group, errors: Sequence[FieldError]) -> Iterator[Reject]:
        """Each error at the row that it is about; the other rows of the order say where to look."""
        told: dict[int, list[str]] = {}
        for error in errors:
            row, sentence = self._at(group, error)
            told.setdefault(row.line, []).append(sentence)
        first = next(iter(told))
        for row in group.rows:
            yield Reject(row, " ".join(told.get(row.line, [f"Not taken because of line {first}, which belongs to the same order."])))

    def _at(self, group: Group, error: FieldError) -> tuple[Row, str]:
        parts = error.pointer.split("/")
        in_line = len(parts) > 2 and parts[1] == "lines" and not self.mapping.lines_from
        row = group.rows[int(parts[2])] if in_line else group.rows[0]
        column = self.mapping.columns.get(parts[-1], "")
        return row, f"{column}: {error.detail}" if column else error.detail

    def _amount(self, group: Group, sheet: Sheet) -> Amount:
        if source := self.mapping.lines_from:
            return Amount(int(not group.continues), len(group.rows), len(sheet.beside[source]))
        column = self.mapping.columns.get("quantity", "")
        pieces = sum(_whole(row.values.get(column, "")) for row in group.rows) if column else len(group.rows)
        return Amount(int(not group.continues), len(group.rows), pieces)


def _amount_of(group: Group, content: OrderDraft | Cancellation) -> Amount:
    if isinstance(content, Cancellation):
        return Amount(1, len(group.rows), -sum(piece.quantity for piece in content.pieces))
    return Amount(1, len(group.rows), sum(line.quantity for line in content.lines))


def _spoiled(group: Group, amount: Amount, reason: str) -> Judged:
    return Judged(group, amount, None, tuple(Reject(row, row.problem or reason) for row in group.rows))


def _whole(text: str) -> int:
    try:
        number = Decimal(text.strip())
        return int(number) if number.is_finite() and abs(number) < 10**12 else 0
    except InvalidOperation:
        return 0
