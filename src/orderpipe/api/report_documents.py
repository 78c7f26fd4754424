"""
Reports as documents: rows by their columns for programs, and CSV that a spreadsheet opens without running anything.
"""

import csv
from collections.abc import Iterable, Mapping
from io import StringIO
from typing import Any

from orderpipe.domain.orders import number_of, public_id
from orderpipe.store.reports.asked import Report

_RUN_BY_SPREADSHEETS = ("=", "+", "-", "@", "\t", "\r")


def told(report: Report) -> list[dict[str, Any]]:
    """Each row by its columns; an order by its id and number."""
    return [_named(one) for one in report.documents]


def _named(row: dict[str, Any]) -> dict[str, Any]:
    if "order" not in row:
        return row
    order_id = row.pop("order")
    return {"order_id": public_id("order", order_id), "number": number_of(order_id)} | row


def as_csv(columns: Iterable[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """The rows below a line of columns; a list is told with spaces between, nothing as nothing."""
    table = StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row.values()] for row in rows)
    return table.getvalue()


def _cell(value: object) -> object:
    """A cell that no spreadsheet takes for a formula."""
    if isinstance(value, list | tuple):
        value = " ".join(map(str, value))
    return f"'{value}" if isinstance(value, str) and value.startswith(_RUN_BY_SPREADSHEETS) else value


def columns_of(report: Report) -> list[str]:
    """The columns of `told`."""
    return [name for column in report.columns for name in (("order_id", "number") if column == "order" else (column,))]
