"""
Where the catchers keep what they caught: one line of JSON each, in a folder that does not grow without end and survives a restart.

Appended with one write and never flushed to the disk: what a power cut takes was only a copy for looking at.
"""

import json
import os
import threading
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Place:
    id: int
    file: Path
    offset: int
    length: int
    label: Entry


class Shelf:
    """Keeps entries by rising id; the oldest half is thrown away when `most_bytes` are reached. One process writes."""

    def __init__(self, folder: Path, name: str, *, labels: tuple[str, ...], most_bytes: int = 128_000_000) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._files = _files(folder, name)
        self._labels = labels
        self._half = most_bytes // 2
        self._lock = threading.Lock()
        self._places: deque[_Place] = deque()
        for file in self._files:
            self._places.extend(self._place(entry, file, offset, length) for entry, offset, length in _lines(file))
        self._last = self._places[-1].id if self._places else 0
        self._open()

    def put(self, entry: Mapping[str, Any]) -> int:
        """Keep an entry, with the time and an id of its own, which is returned."""
        with self._lock:
            if self._size > self._half:
                self._turn_over()
            self._last += 1
            whole = {"id": self._last, "at": datetime.now(UTC).isoformat(timespec="milliseconds"), **entry}
            line = json.dumps(whole, separators=(",", ":")).encode() + b"\n"
            os.write(self._descriptor, line)
            self._places.append(self._place(whole, self._files[-1], self._size, len(line)))
            self._size += len(line)
            return self._last

    def get(self, number: int) -> Entry | None:
        """The entry of this id, None where it is not kept (any more)."""
        with self._lock:
            found = bisect_left(self._places, number, key=lambda place: place.id)
            place = self._places[found] if found < len(self._places) and self._places[found].id == number else None
            return _read(place) if place else None

    def find(self, wanted: Callable[[Entry], bool], *, since: int | None = None, limit: int = 100) -> list[Entry]:
        """Entries whose labels are wanted: the newest first, or after the id `since` the oldest first."""
        with self._lock:
            places = iter(reversed(self._places)) if since is None else iter([place for place in self._places if place.id > since])
            found: list[Entry] = []
            for place in places:
                if len(found) >= limit:
                    break
                if wanted(place.label):
                    found.append(_read(place))
            return found

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)

    def _place(self, entry: Entry, file: Path, offset: int, length: int) -> _Place:
        return _Place(entry["id"], file, offset, length, {name: entry.get(name) for name in ("id", "at", *self._labels)})

    def _open(self) -> None:
        self._descriptor = os.open(self._files[-1], os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._size = os.fstat(self._descriptor).st_size
        if self._size and os.pread(self._descriptor, 1, self._size - 1) != b"\n":
            self._size += os.write(self._descriptor, b"\n")  # the last line was cut off by a crash

    def _turn_over(self) -> None:
        older, newer = self._files
        os.close(self._descriptor)
        newer.replace(older)
        kept = (place for place in self._places if place.file == newer)
        self._places = deque(_Place(place.id, older, place.offset, place.length, place.label) for place in kept)
        self._open()


def entries_in(folder: Path, name: str, *, limit: int = 100) -> list[Entry]:
    """What is kept in a folder, the newest first; another process may be writing to it."""
    newest: deque[Entry] = deque(maxlen=limit)
    for file in _files(folder, name):
        newest.extend(entry for entry, _, _ in _lines(file))
    return list(reversed(newest))


def _files(folder: Path, name: str) -> tuple[Path, Path]:
    return folder / f"{name}.older.jsonl", folder / f"{name}.jsonl"


def _lines(file: Path) -> Iterator[tuple[Entry, int, int]]:
    """Each whole entry of a file, with its offset and length in bytes."""
    if not file.exists():
        return
    offset = 0
    with file.open("rb") as lines:
        for line in lines:
            try:
                entry = json.loads(line)
            except ValueError:  # cut off by a crash
                entry = None
            if isinstance(entry, dict) and isinstance(entry.get("id"), int):
                yield entry, offset, len(line)
            offset += len(line)


def _read(place: _Place) -> Entry:
    with place.file.open("rb") as file:
        file.seek(place.offset)
        entry: Entry = json.loads(file.read(place.length))
        return entry
