"""
The data folder: everything that `orderpipe up` keeps between two runs, in one place that only one run may use at a time.

Ports are remembered there too, so that a bookmark of yesterday works today as long as nobody else took the port.
"""

import fcntl
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from orderpipe.local.ports import free_port, is_free, wished_port
from orderpipe.local.refusals import CannotStart

ADDRESSES = "addresses.json"


class FolderTaken(CannotStart):
    """The data folder {path} is in use by process {pid}: stop that one first, or name another folder with --data."""

    def __init__(self, path: Path, pid: str) -> None:
        holder = f"process {pid}" if pid else "another process"
        super().__init__(f"The data folder {path} is in use by {holder}: stop that one first, or name another folder with --data.")


class FolderUnusable(CannotStart):
    """The data folder {path} cannot be used: {reason}."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"The data folder {path} cannot be used: {reason}.")


def addresses_of(path: Path) -> dict[str, str] | None:
    """The environment that the run which has this folder has told (or one that was killed had); None when none has."""
    try:
        return {str(name): str(value) for name, value in json.loads((path / ADDRESSES).read_text()).items()}
    except (OSError, ValueError):
        return None


class DataFolder:
    """
    A data folder, ours alone from the moment it is made until `close()` or the end of this process.

    Raises FolderTaken when another process has it, FolderUnusable when it cannot be made or written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            (self.path / "log").mkdir(exist_ok=True)
            self._lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise FolderUnusable(self.path, error.strerror or str(error)) from error
        self._take()

    def _take(self) -> None:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._lock, 20).decode().strip()
            os.close(self._lock)
            raise FolderTaken(self.path, holder) from None
        (self.path / ADDRESSES).unlink(missing_ok=True)  # of a run that was killed
        os.truncate(self._lock, 0)
        os.write(self._lock, f"{os.getpid()}\n".encode())

    def close(self) -> None:
        """Give the folder back; the addresses that were told in it hold no longer."""
        (self.path / ADDRESSES).unlink(missing_ok=True)
        os.close(self._lock)

    def tell_addresses(self, environment: Mapping[str, str]) -> None:
        """Let commands started beside this run find its servers: what a process must have in its environment, for our user alone."""
        half = self.path / f"{ADDRESSES}.new"
        half.unlink(missing_ok=True)
        half.touch(mode=0o600)  # the database's password is in it
        half.write_text(json.dumps(dict(environment), indent=1) + "\n")
        half.replace(self.path / ADDRESSES)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    @property
    def logs(self) -> Path:
        """Where each process's log lies."""
        return self.path / "log"

    def port(self, label: str, *, wished: int | None = None, preferred: Iterable[int] = ()) -> int:
        """
        The port for the server `label`.

        The wished one or PortTaken; else last time's if it is free; else a preferred one, or any.
        """
        if wished is not None:
            return wished_port(wished, label)
        ports = self._remembered()
        remembered = ports.get(label)
        if remembered is not None and is_free(remembered):
            return remembered
        port = free_port(preferred=(choice for choice in preferred if choice not in ports.values()))
        self._remember(ports | {label: port})
        return port

    def _remembered(self) -> dict[str, int]:
        try:
            known = json.loads((self.path / "ports.json").read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return {str(label): int(port) for label, port in known.items()}

    def _remember(self, ports: dict[str, int]) -> None:
        half = self.path / "ports.json.new"
        half.write_text(json.dumps(ports, indent=1) + "\n")
        half.replace(self.path / "ports.json")
