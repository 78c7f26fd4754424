"""
The evidence kept of an order from a file: its lines as they stood, under a first line that says how to read them.

That first line holds what was not in those lines (the mapping, what the customers' file supplied, what files beside say), so the
same order can be read from it again.
"""

import csv
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from io import StringIO
from typing import Any

from orderpipe.domain.orders import OrderDraft
from orderpipe.intake import json_order, mapping
from orderpipe.intake.mapped_orders import Sheet, order_of
from orderpipe.intake.mapping import ColumnMapping, UnreadableMapping
from orderpipe.intake.refusals import FieldError, Malformed

JSON_LINES = "json-lines"
CSV = "csv"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the lines stood: the file's name and its first and last line."""

    file: str
    first: int
    last: int


def parser_of(chosen: ColumnMapping) -> str:
    """The name of the parser that reads the evidence of this mapping: `csv:` and the preset, `csv` for a mapping of one's own."""
    return f"{CSV}:{chosen.name}" if chosen.name else CSV


@dataclass(frozen=True, slots=True)
class Form:
    """How the file writes its rows: the header's columns and bytes, what parts the columns, and the encoding."""

    columns: tuple[str, ...]
    header: bytes
    delimiter: str
    encoding: str


def of_rows(chosen: ColumnMapping, form: Form, raw: bytes, sheet: Sheet, place: Place) -> bytes:
    """The evidence of rows: the header and the lines as they stood."""
    told: dict[str, Any] = {"type": sheet.order_type, "place": asdict(place), "form": [form.delimiter, form.encoding]}
    told |= {"supplied": dict(sheet.supplied)} if sheet.supplied else {}
    told |= {"beside": {name: list(map(dict, rows)) for name, rows in sheet.beside.items()}} if sheet.beside else {}
    told |= {} if chosen.name else {"mapping": chosen.model_dump()}
    return _first_line(told) + form.header + raw


def of_json(raw: bytes, order_type: str, place: Place) -> bytes:
    """The evidence of an order that came as a line of JSON."""
    return _first_line({"type": order_type, "place": asdict(place)}) + raw


def _first_line(told: Mapping[str, Any]) -> bytes:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _read_rows(raw: bytes, chosen: ColumnMapping | None) -> OrderDraft:
    told, body = _parted(raw)
    try:
        delimiter, encoding = told["form"]
        reader = csv.reader(StringIO(body.decode(encoding), newline=""), delimiter=delimiter)
        columns = [column.strip() for column in next(reader)]
        rows = [dict(zip(columns, fields, strict=True)) for fields in reader if fields]
        sheet = Sheet(rows, told.get("beside", {}), told.get("supplied", {}), str(told["type"]))
        return order_of(chosen or mapping.of_document(told["mapping"]), sheet)
    except (ValueError, LookupError, StopIteration, csv.Error, UnreadableMapping) as problem:
        raise Malformed([FieldError("", f"This is no evidence of a file: {problem}.", "no-evidence")]) from None


def _read_json(raw: bytes) -> OrderDraft:
    told, body = _parted(raw)
    return json_order.parse(body, type=str(told.get("type", "bulk")), channel="file")


def _parted(raw: bytes) -> tuple[dict[str, Any], bytes]:
    first, _, body = raw.partition(b"\n")
    try:
        told = json.loads(first)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise Malformed([FieldError("", "The first line does not say how to read the others.", "no-evidence")])
    return told, body


def _of_preset(name: str) -> Callable[[bytes], OrderDraft]:
    return lambda raw: _read_rows(raw, mapping.preset(name))


PARSERS: Mapping[str, Callable[[bytes], OrderDraft]] = {
    JSON_LINES: _read_json,
    CSV: lambda raw: _read_rows(raw, None),
    **{f"{CSV}:{name}": _of_preset(name) for name in mapping.presets()},
}
"""The parsers of what is kept of files, by name; each raises Malformed."""
