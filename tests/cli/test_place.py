"""
Which installation a command speaks to, and what it says when there is none.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from orderpipe.local.folder import DataFolder
from orderpipe.settings import settings
from tests.cli.conftest import Terminal


def test_says_how_to_get_a_database(nowhere: Terminal) -> None:
    answer = nowhere("shop", "list")
    assert answer.exit_code == 1
    assert "no `orderpipe up` runs on .orderpipe" in answer.err
    assert "ORDERPIPE_DATABASE_URL is not set" in answer.err


def test_finds_the_stack_that_runs_on_the_data_folder(nowhere: Terminal, tmp_path: Path, database_url: str) -> None:
    with DataFolder(tmp_path / "elsewhere") as folder:
        folder.tell_addresses({"ORDERPIPE_DATABASE_URL": database_url})
        assert nowhere("shop", "list", "--data", str(tmp_path / "elsewhere")).exit_code == 0


def test_says_that_the_database_does_not_answer(nowhere: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERPIPE_DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    settings.cache_clear()
    answer = nowhere("shop", "list")
    assert answer.exit_code == 1
    assert answer.err.startswith("The database does not answer: connection failed")
    assert answer.err.count("\n") == 1


def test_a_word_it_does_not_know_is_exit_code_2(nowhere: Terminal) -> None:
    assert nowhere("shopp").exit_code == 2


def test_no_command_sets_the_broker_up_before_the_installation_is_found() -> None:
    loaded = "import sys, orderpipe.cli; print([name for name in ('orderpipe.broker', 'celery', 'fastapi') if name in sys.modules])"
    told = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert told.stdout == "[]\n"
