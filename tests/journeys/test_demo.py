"""
The demo as a newcomer runs it: everything starts, every exception ends as written, and all of it stops again.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from orderpipe.simulation.script import LEAST, script_for

DEMO = (sys.executable, "-c", "from orderpipe.cli import main; main()", "demo", "--orders", "30", "--exit-when-done", "--data")


@pytest.mark.timeout(300)
def test_the_demo_ends_as_written(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ORDERPIPE_")}
    # providers of the real world, which a demo must leave alone
    configured = {
        "ORDERPIPE_DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:9/none", "ORDERPIPE_SMTP_URL": "smtp://mail.example",
        "ORDERPIPE_IMAP_URL": "imaps://somebody:password@127.0.0.1:9/INBOX", "ORDERPIPE_WEBHOOK_ALLOW": "",
    }
    ran = subprocess.run(
        [*DEMO, str(tmp_path / "data")], env=environment | configured, capture_output=True, text=True, timeout=280, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert re.search(rf"{LEAST - 1} completed", ran.stdout)  # with a replacement, without one canceled and one that waits
    assert "✗" not in ran.stdout
    assert ran.stdout.count("✓") == len(script_for(LEAST))
    assert re.search(r"2 of \d+ customers asked have rated, 3\.0 of 5", ran.stdout)
    assert ", 0 of them open" in ran.stdout
    logs = "".join(log.read_text() for log in (tmp_path / "data" / "log").glob("*.log"))
    assert "Traceback" not in logs
    assert not (tmp_path / "data" / "log" / "worker-mail.log").exists()
