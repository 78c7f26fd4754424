"""
Keeps the processes of the local stack running: starts them, starts again whichever dies and says so, and ends all of them when asked.

Asked means Ctrl-C, SIGTERM or a closed terminal. Ending takes less than ten seconds: every program gets its last signal before that.
"""

import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from orderpipe.local.child import Child, Program, how_it_ended, stop_all

ASKED_BY = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SHORTEST_PAUSE, LONGEST_PAUSE = 0.2, 15.0
GOOD_LIFE = 60.0


class StopRequested(Exception):
    """Asked to stop while starting."""


class Supervisor:
    """
    The processes of one stack. Use it as a context manager: leaving it ends them all, the last started first.

    `say` gets a line for people whenever something worth telling happens. Enter, start, check and leave it from one thread, best the main
    one: the kernel ends children when the thread that started them ends.
    """

    def __init__(self, logs: Path, *, say: Callable[[str], None] = print) -> None:
        self._logs = logs
        self._say = say
        self._batches: list[list[Child]] = []
        self._restart_at: dict[str, float] = {}
        self._pause: dict[str, float] = {}
        self._asked = threading.Event()
        self._handlers: dict[signal.Signals, object] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._handlers = {number: signal.signal(number, self._on_signal) for number in ASKED_BY}
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            self.stop()
        finally:
            for number, handler in self._handlers.items():
                signal.signal(number, handler)  # type: ignore[arg-type]  # what signal.signal itself returned

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._asked.set()

    @property
    def children(self) -> Mapping[str, Child]:
        """Every child by its name."""
        return {child.program.name: child for batch in self._batches for child in batch}

    def ask_to_stop(self) -> None:
        """Let `run_until_stopped` return; may be called from any thread."""
        self._asked.set()

    @property
    def asked_to_stop(self) -> bool:
        """Whether Ctrl-C, a signal or `ask_to_stop` came."""
        return self._asked.is_set()

    def start(self, programs: Sequence[Program]) -> None:
        """
        Start these programs at the same time and wait until all of them work.

        Raises StartFailed with the end of its log when one does not, StopRequested when asked to stop meanwhile.
        """
        batch = [Child(program, self._logs / f"{program.name}.log") for program in programs]
        self._batches.append(batch)
        for child in batch:
            child.start()
        waiting = batch
        while waiting := [child for child in waiting if not child.is_ready()]:
            for child in waiting:
                child.refuse_if_hopeless()
            if self._asked.wait(0.05):
                raise StopRequested

    def check(self) -> None:
        """One look at every child: those that died are started again, after a pause that grows while they keep dying."""
        for name, child in self.children.items():
            if child.is_running():
                continue
            if name not in self._restart_at:
                self._note_death(name, child)
            elif time.monotonic() >= self._restart_at[name]:
                del self._restart_at[name]
                self._restart(name, child)

    def _note_death(self, name: str, child: Child) -> None:
        last = 0.0 if child.lived() > GOOD_LIFE else self._pause.get(name, 0.0)
        pause = min(max(last * 2, SHORTEST_PAUSE), LONGEST_PAUSE)
        self._pause[name] = pause
        self._restart_at[name] = time.monotonic() + pause
        how = how_it_ended(child.exit_code)
        self._say(f"{name} ended ({how}) and is started again in {pause:.1f} s; {child.log} ends with: {child.last_words(1)}")

    def _restart(self, name: str, child: Child) -> None:
        try:
            child.start()
        except OSError as error:
            self._say(f"{name} could not be started: {error.strerror}.")
        else:
            self._say(f"{name} was started again (process {child.pid}).")

    def run_until_stopped(self, *, each_second: Callable[[], None] | None = None) -> None:
        """Watch over the children until asked to stop; `each_second`, if given, is called about once a second."""
        called_at = 0.0
        while not self._asked.wait(0.1):
            self.check()
            if each_second is not None and time.monotonic() - called_at >= 1:
                called_at = time.monotonic()
                each_second()

    def stop(self) -> None:
        """End all children, those started last first; returns when they are gone."""
        while self._batches:
            stop_all(self._batches.pop())
        self._restart_at.clear()
