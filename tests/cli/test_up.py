"""
`orderpipe up` and `orderpipe version`: refusals are a sentence; the rest is tried with the stack itself.
"""

import os
from importlib.metadata import version
from pathlib import Path

from orderpipe.local.folder import DataFolder
from tests.cli.conftest import Terminal


def test_refuses_a_folder_that_another_run_has(nowhere: Terminal, tmp_path: Path) -> None:
    with DataFolder(tmp_path / "data"):
        answer = nowhere("up", "--data", str(tmp_path / "data"))
    assert answer.exit_code == 1
    assert answer.err == (
        f"The data folder {tmp_path}/data is in use by process {os.getpid()}: stop that one first, "
        "or name another folder with --data.\n"
    )


def test_refuses_a_port_that_is_none(nowhere: Terminal) -> None:
    assert nowhere("up", "--api-port", "70000").exit_code == 2


def test_tells_its_version(nowhere: Terminal) -> None:
    assert nowhere("version").out == f"orderpipe {version('orderpipe')}\n"
    assert nowhere("version", "--json").json == {"orderpipe": version("orderpipe")}
