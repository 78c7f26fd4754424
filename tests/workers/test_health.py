"""
The health check: a pulse says until when it holds, and a page has to answer.
"""

import http.server
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from orderpipe.local.ports import LOOPBACK, free_port
from workers import health


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ORDERPIPE_PULSE", str(tmp_path))
    return tmp_path


@pytest.fixture
def page() -> Iterator[str]:
    class Door(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/well" else 503)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    with http.server.HTTPServer((LOOPBACK, 0), Door) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://{LOOPBACK}:{server.server_port}"
        server.shutdown()


def test_takes_a_role_for_well_while_its_pulse_holds(folder: Path) -> None:
    health.beats(folder, "express", 5)
    assert health.trouble("express") is None


def test_says_how_late_a_pulse_is(folder: Path) -> None:
    health.beats(folder, "express", -7)
    assert health.trouble("express") == "express should have shown itself 7 s ago."


def test_knows_a_role_that_never_began(folder: Path) -> None:
    health.beats(folder, "express", 5)
    assert "has not begun" in str(health.trouble("notify"))


def test_lets_a_worker_work_whose_note_cannot_be_written(folder: Path) -> None:
    health.beats(folder / "away", "express", 5)
    assert not list(folder.iterdir())


def test_asks_a_page(page: str) -> None:
    assert health.trouble(f"{page}/well") is None
    assert health.trouble(f"{page}/readyz") == f"{page}/readyz answers 503."


def test_says_that_nobody_answers() -> None:
    assert "does not answer" in str(health.trouble(f"http://{LOOPBACK}:{free_port()}/readyz"))


def test_ends_with_what_a_container_engine_understands(folder: Path) -> None:
    command = [sys.executable, "-m", "workers.health", "express"]
    asked = subprocess.run(command, env={"ORDERPIPE_PULSE": str(folder)}, capture_output=True, text=True, check=False)
    assert asked.returncode == 1
    assert "express has not begun to work" in asked.stderr
    health.beats(folder, "express", 60)
    assert subprocess.run(command, env={"ORDERPIPE_PULSE": str(folder)}, check=False).returncode == 0


def test_needs_none_of_what_is_slow_to_load() -> None:
    loaded = "import sys, workers.health; assert not {'celery', 'pydantic', 'sqlalchemy'} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", loaded], check=False).returncode == 0
