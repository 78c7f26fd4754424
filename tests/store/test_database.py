"""
Connections: one that died while nobody used it is replaced unseen, one that dies in use is an error after which everybody tries again.
"""

import psycopg
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from orderpipe.store import database

PID = text("SELECT pg_backend_pid()")


def used_and_killed(engine: Engine, database_url: str) -> int:
    """The number of the server's process behind a connection of the pool, which has been ended since."""
    with engine.begin() as tx:
        pid = int(tx.execute(PID).scalar_one())
    with psycopg.connect(database_url.replace("+psycopg", ""), autocommit=True) as other:
        assert other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid]).fetchone() == (True,)
    return pid


def test_replaces_a_connection_that_died_while_it_rested(engine: Engine, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "RESTED_SECONDS", 0)
    dead = used_and_killed(engine, database_url)
    with engine.begin() as tx:
        assert tx.execute(PID).scalar_one() != dead


def test_tells_by_a_transient_error_that_a_connection_in_use_died(
    engine: Engine, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "RESTED_SECONDS", 60)
    dead = used_and_killed(engine, database_url)
    with pytest.raises(OperationalError) as told, engine.begin() as tx:
        tx.execute(PID)
    assert database.is_transient(told.value)
    with engine.begin() as tx:
        assert tx.execute(PID).scalar_one() != dead
