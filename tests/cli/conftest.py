"""
The command line as a person uses it, on a database of its own.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from orderpipe import assembly, cli
from orderpipe.settings import settings
from orderpipe.store import database
from tests.floor import Floor


@dataclass(frozen=True)
class Answer:
    """What a command said, and its exit code."""

    exit_code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its answer as JSON."""
        return json.loads(self.out)


class Terminal:
    """Runs commands as the entry point does."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._runner = CliRunner()
        self._monkeypatch = monkeypatch

    def __call__(self, *words: str, stdin: str | None = None) -> Answer:
        """Run `orderpipe` with these words."""
        self._monkeypatch.setattr("sys.argv", ["orderpipe", *words])
        with self._runner.isolation(input=stdin) as (out, err, *_):
            try:
                cli.main()
                exit_code = 0
            except SystemExit as end:
                exit_code = int(end.code or 0)
            return Answer(exit_code, out.getvalue().decode(), err.getvalue().decode())


@pytest.fixture
def floor(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Floor:
    """The pipeline behind the terminal: its clock is the real one, and what commands hint at lies in `floor.hints`."""
    return Floor(engine, monkeypatch, now=assembly.utc_now().replace(microsecond=0))


@pytest.fixture(autouse=True)
def _forgotten_afterwards(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The command's connections and settings end with the test, where a process would end."""
    engines: list[Engine] = []

    def connect(url: str, pool_size: int) -> Engine:
        engines.append(database.connect.__wrapped__(url, pool_size))
        return engines[-1]

    monkeypatch.setattr(assembly, "connect", connect)
    for name in (f"ORDERPIPE_{one}" for one in ("DATABASE_URL", "BROKER_URL", "DOOR_URL", "DATA", "SMTP_URL", "SMS_URL", "IMAP_URL")):
        monkeypatch.setenv(name, "")  # so that it is restored, whatever the command sets
        monkeypatch.delenv(name)
    settings.cache_clear()
    yield
    settings.cache_clear()
    for engine in engines:
        engine.dispose()


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Terminal:
    """A terminal where nothing is configured."""
    monkeypatch.chdir(tmp_path)
    return Terminal(monkeypatch)


@pytest.fixture
def orderpipe(monkeypatch: pytest.MonkeyPatch, database_url: str) -> Terminal:
    """A terminal on this test's own database."""
    monkeypatch.setenv("ORDERPIPE_DATABASE_URL", database_url)
    settings.cache_clear()
    return Terminal(monkeypatch)
