"""
The health check: a pulse says until when it holds, and a page has to answer.
"""

import http.server
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from orderpipe.local.ports import LOOPBACK, free_port
from workers import health


@pytest.fixture(autouse=True)
def _folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


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


def test_takes_a_role_for_well_while_its_pulse_holds() -> None:
    health.beats("express", 5)
    assert health.trouble("express") is None


def test_says_how_late_a_pulse_is() -> None:
    health.beats("express", -7)
    assert health.trouble("express") == "express should have shown itself 7 s ago."


def test_knows_a_role_that_never_began() -> None:
    health.beats("express", 5)
    assert "has not begun" in str(health.trouble("notify"))


def test_asks_a_page(page: str) -> None:
    assert health.trouble(f"{page}/well") is None
    assert health.trouble(f"{page}/readyz") == f"{page}/readyz answers 503."


def test_says_that_nobody_answers() -> None:
    assert "does not answer" in str(health.trouble(f"http://{LOOPBACK}:{free_port()}/readyz"))


def test_ends_with_what_a_container_engine_understands(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "workers.health", "express"]
    asked = subprocess.run(command, env={"TMPDIR": str(tmp_path)}, capture_output=True, text=True, check=False)
    assert asked.returncode == 1
    assert "express has not begun to work" in asked.stderr
    health.beats("express", 60)
    assert subprocess.run(command, env={"TMPDIR": str(tmp_path)}, check=False).returncode == 0


def test_needs_none_of_what_is_slow_to_load() -> None:
    loaded = "import sys, workers.health; assert not {'celery', 'pydantic', 'sqlalchemy'} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", loaded], check=False).returncode == 0
