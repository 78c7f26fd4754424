"""
The lines of a file, one after the other from any position, with their numbers and with a bound on how long one may be.

A line of a hundred megabytes is told by its beginning; nobody has to hold it in memory.
"""

from collections import deque
from dataclasses import dataclass
from typing import BinaryIO

LONGEST = 1024 * 1024
"""Bytes that one line may have, and one row that goes over several lines."""

_SHOWN = 200
_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it stands, with its line end; `end` is the position after it. Of one that is too long only the beginning is there."""

    number: int
    raw: bytes
    end: int
    too_long: bool = False


class Lines:
    """Reads on from a position (bytes) that follows line number `line`."""

    def __init__(self, file: BinaryIO, position: int = 0, line: int = 0) -> None:
        self._file = file
        self._end, self._number = position, line
        self._again: deque[Line] = deque()
        file.seek(position)

    def read(self) -> Line | None:
        """The next line, None at the end of the file."""
        if self._again:
            return self._again.popleft()
        raw = self._file.readline(LONGEST + 1)
        if not raw:
            return None
        self._number += 1
        self._end += len(raw)
        if len(raw) <= LONGEST:
            return Line(self._number, raw, self._end)
        self._skip(raw)
        return Line(self._number, raw[:_SHOWN], self._end, too_long=True)

    def unread(self, lines: list[Line]) -> None:
        """Give lines back, to be read again."""
        self._again.extendleft(reversed(lines))

    def _skip(self, chunk: bytes) -> None:
        while chunk and not chunk.endswith(b"\n"):
            chunk = self._file.readline(_CHUNK)
            self._end += len(chunk)
