"""
The file of seals outside the database: one line a seal, appended and never changed, so that the database alone cannot lie.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class SealsOutOfReach(Exception):
    """The file of the journal's seals cannot be read or written."""


class SealFile:
    """The file `seals.jsonl` in a folder; the folder is made by the first seal."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "seals.jsonl"

    def lines(self) -> list[bytes] | None:
        """All lines, without their ends; None where there is no file. Raises SealsOutOfReach."""
        with self._within_reach():
            try:
                return self.path.read_bytes().removesuffix(b"\n").split(b"\n")
            except FileNotFoundError:
                return None

    def append(self, line: bytes) -> None:
        """Add a line; it is on the disk when this returns. Raises SealsOutOfReach."""
        with self._within_reach():
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            new = not self.path.exists()
            file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                _drop_torn_end(file)
                os.write(file, line + b"\n")
                os.fsync(file)
            finally:
                os.close(file)
            if new:
                _sync_folder(self.path.parent)

    @contextmanager
    def _within_reach(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = error.strerror or str(error)
            raise SealsOutOfReach(
                f"The file of seals {self.path} cannot be read or written: {reason}. ORDERPIPE_SEALS names its folder."
            ) from error


def _drop_torn_end(file: int) -> None:
    """What a crash left of a line that was never on the disk whole; its seal was not kept in the database either."""
    size = os.fstat(file).st_size
    tail = os.pread(file, 4096, max(0, size - 4096))
    if tail and not tail.endswith(b"\n"):
        os.truncate(file, size - len(tail) + tail.rfind(b"\n") + 1)


def _sync_folder(folder: Path) -> None:
    place = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(place)
    finally:
        os.close(place)
