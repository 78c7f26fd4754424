"""
The supervisor starts, watches over and ends real processes.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from orderpipe.local.child import Child, Program, StartFailed
from orderpipe.local.supervisor import StopRequested, Supervisor

SLEEPER = Program("sleeper", ("sleep", "1000"))
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(1000)"


class Told:
    """What the supervisor said."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, line: str) -> None:
        self.lines.append(line)


def _until(condition: Callable[[], object], *, within: float = 10.0) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass in time"
        time.sleep(0.02)


def _watch(supervisor: Supervisor, until: Callable[[], object], *, within: float = 10.0) -> None:
    def checked() -> object:
        supervisor.check()
        return until()

    _until(checked, within=within)


def test_starts_again_what_was_killed_and_says_so(tmp_path: Path) -> None:
    told = Told()
    with Supervisor(tmp_path, say=told) as supervisor:
        supervisor.start([SLEEPER])
        first = supervisor.children["sleeper"].pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        _watch(supervisor, lambda: len(told.lines) == 2)
        assert supervisor.children["sleeper"].pid not in (None, first)
    assert told.lines[0].startswith("sleeper ended (killed by SIGKILL) and is started again in 0.2 s;")
    assert told.lines[1].startswith("sleeper was started again (process ")


def test_waits_longer_before_each_new_start_of_one_that_keeps_dying(tmp_path: Path) -> None:
    told = Told()
    with Supervisor(tmp_path, say=told) as supervisor:
        supervisor.start([Program("mayfly", ("sh", "-c", "sleep 0.1; echo out of breath; exit 3"))])
        _watch(supervisor, lambda: len(told.lines) >= 5)
    pauses = [line.split("again in ")[1].split(" s;")[0] for line in told.lines if "ended" in line]
    assert pauses[:3] == ["0.2", "0.4", "0.8"]
    assert told.lines[0].endswith("out of breath")


def test_a_dead_child_takes_its_own_children_along(tmp_path: Path) -> None:
    with Supervisor(tmp_path, say=Told()) as supervisor:
        supervisor.start([Program("parent", ("sh", "-c", "sleep 1000 & wait"))])
        parent = psutil.Process(supervisor.children["parent"].pid)
        _until(parent.children)
        (grandchild,) = parent.children()
        parent.kill()
        _watch(supervisor, lambda: not grandchild.is_running() or grandchild.status() == psutil.STATUS_ZOMBIE)


def test_kills_what_does_not_listen_when_its_patience_is_over(tmp_path: Path) -> None:
    deaf = Program("deaf", (sys.executable, "-c", STUBBORN), stop_with=((signal.SIGTERM, 0.3),))
    with Supervisor(tmp_path, say=Told()) as supervisor:
        supervisor.start([deaf])
        child = supervisor.children["deaf"]
        _until(lambda: "deaf" in child.last_words())
        started = time.monotonic()
        supervisor.stop()
        assert 0.3 <= time.monotonic() - started < 2
        assert child.exit_code == -signal.SIGKILL


def test_ends_what_was_started_last_first(tmp_path: Path) -> None:
    ends = tmp_path / "ends"

    def slow(name: str) -> Program:
        script = f"trap 'echo {name} >> {ends}; exit' TERM; echo ready; while :; do sleep 0.05; done"
        return Program(name, ("sh", "-c", script), is_ready=lambda: "ready" in (tmp_path / f"{name}.log").read_text())

    with Supervisor(tmp_path, say=Told()) as supervisor:
        supervisor.start([slow("server")])
        supervisor.start([slow("worker")])
    assert ends.read_text().split() == ["worker", "server"]


def test_says_what_the_log_says_when_a_program_cannot_start(tmp_path: Path) -> None:
    broken = Program("broken", ("sh", "-c", "echo no such database; exit 3"), is_ready=lambda: False)
    with Supervisor(tmp_path, say=Told()) as supervisor, pytest.raises(StartFailed, match=r"exit code 3.*\n.*no such database"):
        supervisor.start([SLEEPER, broken])
    assert not supervisor.children


def test_gives_up_on_what_does_not_become_ready(tmp_path: Path) -> None:
    never = Program("never", ("sleep", "1000"), is_ready=lambda: False, ready_within=0.3)
    with Supervisor(tmp_path, say=Told()) as supervisor, pytest.raises(StartFailed, match="not ready within 0 s"):
        supervisor.start([never])


def test_can_be_asked_to_stop_while_it_starts(tmp_path: Path) -> None:
    never = Program("never", ("sleep", "1000"), is_ready=lambda: False)
    with Supervisor(tmp_path, say=Told()) as supervisor:
        threading.Timer(0.2, supervisor.ask_to_stop).start()
        with pytest.raises(StopRequested):
            supervisor.start([never])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_returns_when_a_signal_comes_and_leaves_the_handlers_as_they_were(tmp_path: Path, number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with Supervisor(tmp_path, say=Told()) as supervisor:
        supervisor.start([SLEEPER])
        threading.Timer(0.2, os.kill, (os.getpid(), number)).start()
        supervisor.run_until_stopped()
    assert signal.getsignal(number) == before


def test_ctrl_c_in_the_terminal_reaches_no_child(tmp_path: Path) -> None:
    child = Child(SLEEPER, tmp_path / "log")
    child.start()
    assert child.pid is not None
    assert os.getpgid(child.pid) == child.pid != os.getpgrp()
    child.stop()


def test_children_die_with_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from orderpipe.local.supervisor import Supervisor;"
        "from orderpipe.local.child import Program;"
        "s = Supervisor(Path(sys.argv[1])); s.start([Program('sleeper', ('sleep', '1000'))]);"
        "print(s.children['sleeper'].pid, flush=True); time.sleep(1000)"
    )
    supervisor = Child(Program("supervisor", (sys.executable, "-c", script, str(tmp_path))), tmp_path / "supervisor.log")
    supervisor.start()
    _until(lambda: supervisor.last_words().strip().isdigit())
    sleeper = int(supervisor.last_words())
    supervisor.send(signal.SIGKILL)
    _until(lambda: not psutil.pid_exists(sleeper) or psutil.Process(sleeper).status() == psutil.STATUS_ZOMBIE)
    supervisor.stop()


def test_sets_a_long_log_aside(tmp_path: Path) -> None:
    log = tmp_path / "sleeper.log"
    log.write_bytes(b"x" * 20_000_001)
    child = Child(SLEEPER, log)
    child.start()
    child.stop()
    assert log.stat().st_size == 0
    assert (tmp_path / "sleeper.old.log").exists()
