"""
A backlog while the stage workers are stopped does not multiply its messages; the large one is `python -m tests.faults.backlog_200k`.
"""

import os
import tempfile
from pathlib import Path

from tests.conftest import FOLDER
from tests.faults.backlog_200k import measure


def test_a_backlog_does_not_multiply_its_messages() -> None:
    folder = Path(tempfile.mkdtemp(prefix="backlog-", dir=os.environ[FOLDER]))
    pace = {"ORDERPIPE_LOOK_AGAIN_SECONDS": "5", "ORDERPIPE_SWEEP_SECONDS": "1", "ORDERPIPE_LONG_QUEUE": "10"}
    found = measure(folder / "plant", orders=5000, stopped=20, patience=120, pace=pace)
    assert found.well, found
