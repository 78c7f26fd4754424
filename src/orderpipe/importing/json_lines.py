"""
JSON Lines: one order a line, in the form of `POST /v1/orders`; a line of a file of rejects holds the original as its `original`.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orderpipe.importing.balance import Amount
from orderpipe.importing.groups import Group
from orderpipe.importing.judging import Found, Judged
from orderpipe.importing.lines import LONGEST, Lines
from orderpipe.importing.rejects import Reject
from orderpipe.importing.rows import Row
from orderpipe.intake import evidence, json_order
from orderpipe.intake.evidence import Place
from orderpipe.intake.refusals import FieldError, Malformed

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class JsonReader:
    """Lines of JSON; `order_type` is what orders are that name no type."""

    file: str
    order_type: str

    def groups(self, lines: Lines, carry: Mapping[str, Any] | None) -> Iterator[Group]:  # noqa: ARG002  # as every reader is asked
        """Each line is one order; empty ones are passed over."""
        while (line := lines.read()) is not None:
            problem = f"The line is longer than {LONGEST} bytes." if line.too_long else ""
            if line.raw.strip():
                yield Group("", [Row(line.number, line.raw.removeprefix(_BOM), line.end, line.number, {}, problem)])

    def keys(self, group: Group) -> Mapping[str, Sequence[str]]:  # noqa: ARG002
        """Nothing lies beside."""
        return {}

    def judge(self, group: Group, found: Found) -> Judged:  # noqa: ARG002
        """The order in the line, or everything that is wrong with it."""
        row = group.rows[0]
        if row.problem:
            return Judged(group, Amount(1, 1), None, (Reject(row, row.problem),))
        original = _original(row.raw)
        amount = Amount(1, 1, _pieces(original))
        try:
            draft = json_order.parse(original, type=self.order_type, channel="file")
        except Malformed as malformed:
            return Judged(group, amount, None, (Reject(row, " ".join(map(_told, malformed.errors))),))
        raw = evidence.of_json(original, self.order_type, Place(self.file, row.line, row.line))
        return Judged(group, amount, draft, raw=raw, parser=evidence.JSON_LINES, customer=draft.customer.key)


def _original(raw: bytes) -> bytes:
    """The order itself, where the line is one of a file of rejects."""
    if b'"original"' not in raw:
        return raw
    try:
        document = json.loads(raw)
    except ValueError:
        return raw
    if not isinstance(document, dict) or set(document) != {"line", "reason", "original"}:
        return raw
    original = document["original"]
    return (original if isinstance(original, str) else json.dumps(original, ensure_ascii=False)).encode()


def _pieces(raw: bytes) -> int:
    try:
        return sum(line["quantity"] for line in json.loads(raw)["lines"] if isinstance(line.get("quantity"), int))
    except (ValueError, LookupError, TypeError, AttributeError):
        return 0


def _told(error: FieldError) -> str:
    return f"{error.pointer}: {error.detail}" if error.pointer else error.detail
