"""
One process of the local stack: what it runs, how it is known to work, and how it is asked to end.

A child has a process group of its own, so that Ctrl-C in the terminal reaches the supervisor alone, and it dies with the supervisor.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from orderpipe.local.refusals import CannotStart

LEASH = Path(__file__).with_name("leash.py")
LARGEST_LOG = 20_000_000


@dataclass(frozen=True)
class Account:
    """A user of this machine, by number."""

    uid: int
    gid: int


def _at_once() -> bool:
    return True


def _nothing() -> None:
    pass


@dataclass(frozen=True)
class Program:
    """
    What to run. Times are in seconds.

    `stop_with` holds the signals that ask it to end, each with the patience until the next; the last is always SIGKILL.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    account: Account | None = None
    before_start: Callable[[], None] = _nothing
    is_ready: Callable[[], bool] = _at_once
    ready_within: float = 120.0
    stop_with: tuple[tuple[signal.Signals, float], ...] = ((signal.SIGTERM, 5.0),)


class Child:
    """One run after another of a program, all writing to one log. Start it from a thread that lives as long as the child shall live."""

    def __init__(self, program: Program, log: Path) -> None:
        self.program = program
        self.log = log
        self.started_at = 0.0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process's id while it runs."""
        return self._process.pid if self._process is not None and self.is_running() else None

    @property
    def exit_code(self) -> int | None:
        """How the last run ended: the exit code, or the negative number of the signal that ended it."""
        return self._process.returncode if self._process is not None else None

    def start(self) -> None:
        """Start the program; returns at once, before it is ready."""
        self.program.before_start()
        self._set_long_log_aside()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command(),
                cwd=self.program.folder,
                env={**os.environ, **self.program.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                process_group=0,
            )
        self.started_at = time.monotonic()

    def _command(self) -> list[str]:
        account = self.program.account
        uid, gid = (str(account.uid), str(account.gid)) if account else ("-", "-")
        parting = self.program.stop_with[0][0]
        leash = [sys.executable, "-I", "-S", str(LEASH), str(os.getpid()), str(int(parting)), uid, gid]
        return [*leash, *self.program.command]

    def _set_long_log_aside(self) -> None:
        if self.log.exists() and self.log.stat().st_size > LARGEST_LOG:
            self.log.replace(self.log.with_suffix(".old.log"))

    def is_running(self) -> bool:
        """Whether the process lives. One that has ended takes along what is left of its process group."""
        process = self._process
        if process is None or process.returncode is not None:
            return False
        with suppress(ChildProcessError):  # when somebody else asked the system how it ended
            if os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                return True
            # before wait() gives the number back to the system: until then it cannot belong to anybody else
            self.send_group(signal.SIGKILL)
        process.wait()
        return False

    def is_ready(self) -> bool:
        """Whether it runs and does its work."""
        return self.is_running() and self.program.is_ready()

    def lived(self) -> float:
        """Seconds since the last start."""
        return time.monotonic() - self.started_at

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process, if it still runs."""
        if self._process is not None and self.is_running():
            self._process.send_signal(number)

    def send_group(self, number: signal.Signals) -> None:
        """Send a signal to the process and to those it started itself."""
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError, PermissionError):  # macOS says the latter of a group of zombies
                os.killpg(self._process.pid, number)

    def wait_until_ready(self) -> None:
        """Wait until the program works; raises StartFailed when it ends or takes too long."""
        while not self.is_ready():
            self.refuse_if_hopeless()
            time.sleep(0.02)

    def refuse_if_hopeless(self) -> None:
        """Raise StartFailed when the program ended, or had more time than it needs to become ready."""
        if not self.is_running():
            raise StartFailed(self, f"ended at once ({how_it_ended(self.exit_code)})")
        if self.lived() > self.program.ready_within:
            raise StartFailed(self, f"was not ready within {self.program.ready_within:.0f} s")

    def stop(self) -> None:
        """End the program, politely at first; returns when it is gone."""
        stop_all([self])

    def last_words(self, lines: int = 8) -> str:
        """The end of the log, without its empty lines."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as log:
            log.seek(max(0, self.log.stat().st_size - 10_000))
            written = [line for line in log.read().decode(errors="replace").splitlines() if line.strip()]
        return "\n".join(written[-lines:])


class StartFailed(CannotStart):
    """{name} ended at once (exit code 1); its log, {path}, ends with: …"""

    def __init__(self, child: Child, what_happened: str) -> None:
        super().__init__(f"{child.program.name} {what_happened}; its log, {child.log}, ends with:\n{child.last_words()}")


def how_it_ended(exit_code: int | None) -> str:
    """`exit code 3`, or `killed by SIGKILL`."""
    if exit_code is not None and exit_code < 0:
        return f"killed by {signal.Signals(-exit_code).name}"
    return f"exit code {exit_code}"


def stop_all(children: list[Child]) -> None:
    """End these programs at the same time, each by its own signals; returns when all are gone."""
    asked_at = time.monotonic()
    asked: dict[Child, int] = dict.fromkeys(children, 0)
    while [child for child in children if child.is_running()]:
        for child, times in asked.items():
            number = _due_signal(child.program, time.monotonic() - asked_at, times)
            if number is None:
                continue
            asked[child] += 1
            if number is signal.SIGKILL:
                child.send_group(number)
            else:
                child.send(number)
        time.sleep(0.02)


def _due_signal(program: Program, waited: float, sent: int) -> signal.Signals | None:
    """The next signal for a program asked to end `waited` seconds ago that got `sent` signals since; None while it is not yet time."""
    if waited < sum(patience for _, patience in program.stop_with[:sent]):
        return None
    if sent < len(program.stop_with):
        return program.stop_with[sent][0]
    return signal.SIGKILL if sent == len(program.stop_with) else None
