"""
The file of rejects: what was not taken, as it stood, with line number and reason, to be put right and imported again.
"""

import csv
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from orderpipe.importing.refusals import NotImported
from orderpipe.importing.rows import Row
from orderpipe.intake.evidence import Form

EXTRA = ("line", "reason", "unreadable")
"""The columns that the file of rejects has beside those of the file itself; an import passes over them."""


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that was not taken, and why."""

    row: Row
    reason: str


class Rejects:
    """
    Writes after what was committed, and forgets what was not; begun with the first reject, so that a file without any leaves none.
    """

    def __init__(self, path: Path, form: Form | None) -> None:
        self.path = path
        self._form = form
        self._size = 0

    def has(self, size: int) -> bool:
        """Whether the file still holds what an earlier run wrote."""
        return not size or (self.path.is_file() and self.path.stat().st_size >= size)

    def add(self, rejects: Iterable[Reject], size: int) -> int:
        """Write behind the first `size` bytes, durably; returns the new size. Raises NotImported when it cannot be written."""
        written = b"".join(map(self._told, rejects))
        if not written and self._size == size:
            return size
        try:
            return self._write(written if size or not written else self._header() + written, size)
        except OSError as problem:
            sentence = f"The rejects cannot be written to {self.path}: {problem.strerror}. Name another file with --rejects."
            raise NotImported(sentence) from None

    def _write(self, written: bytes, size: int) -> int:
        if not size and not self._size and self.path.exists():
            self.path.replace(f"{self.path}~")  # somebody may be putting it right
        with self.path.open("r+b" if size else "wb") as file:
            file.truncate(size)  # what was written for a transaction that never happened
            file.seek(size)
            file.write(written)
            file.flush()
            os.fsync(file.fileno())
            self._size = file.tell()
        return self._size

    def _header(self) -> bytes:
        return self._csv([*self._columns(), *EXTRA]) if self._form else b""

    def _columns(self) -> list[str]:
        return [column for column in self._form.columns if column not in EXTRA] if self._form else []

    def _told(self, reject: Reject) -> bytes:
        if self._form:
            values, row = reject.row.values, reject.row
            unreadable = row.shown if row.problem else ""
            return self._csv([*(values.get(column, "") for column in self._columns()), str(row.line), reject.reason, unreadable])
        told = {"line": reject.row.line, "reason": reject.reason, "original": _original(reject.row.raw)}
        return json.dumps(told, ensure_ascii=False).encode("utf-8", "replace") + b"\n"

    def _csv(self, fields: list[str]) -> bytes:
        if not self._form:
            return b""
        text = StringIO()
        csv.writer(text, delimiter=self._form.delimiter, lineterminator="\n").writerow(fields)
        return text.getvalue().encode(self._form.encoding, "backslashreplace")


def _original(raw: bytes) -> object:
    text = raw.decode("utf-8", "replace").strip()
    try:
        return json.loads(text)
    except ValueError:
        return text
