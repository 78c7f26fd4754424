"""
Connections to PostgreSQL, set up so that a dead peer or a stuck lock ends in an error and never in an endless wait.
"""

import time
from functools import lru_cache
from typing import Any

import psycopg
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, DisconnectionError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from orderpipe.store import columns

_OPTIONS = "-c lock_timeout=2000 -c statement_timeout=60000 -c idle_in_transaction_session_timeout=60000 -c timezone=UTC -c jit=off"

RESTED_SECONDS = 1.0
"""A connection that lay unused for so long is asked whether it lives before it is used again."""

TRANSIENT_SQLSTATES = ("08", "40", "53", "55P03", "57P", "25006")
"""SQLSTATE classes after which the same transaction may well succeed: connection, rollback, resources, lock, shutdown, read-only."""


Database = Engine
"""A process's way to its database: `with database.begin() as tx` for a transaction."""

DatabaseError = SQLAlchemyError
"""Whatever the database or the way to it refuses."""


@lru_cache(maxsize=8)
def connect(url: str, pool_size: int = 5) -> Engine:
    """The process's engine for this database URL, made once; lock waits end after 2 s, statements after 60 s."""
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=10,
        pool_recycle=1800,
        hide_parameters=True,  # an error stands in logs, and what customers wrote does not
        connect_args={
            "options": _OPTIONS, "connect_timeout": 5, "application_name": "orderpipe",
            "keepalives_idle": 15, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 30000,
        },
    )
    event.listen(engine, "connect", columns.send_whole)
    event.listen(engine, "checkin", _note_rest)
    event.listen(engine, "checkout", _wake)
    return engine


def _note_rest(_connection: object, record: Any) -> None:
    record.info["resting_since"] = time.monotonic()


def _wake(connection: psycopg.Connection[Any] | None, record: Any, _proxy: object) -> None:
    """
    Ask a connection that has rested whether it still lives; a dead one is replaced unseen.

    One in constant use is not asked each time: that costs a fifth of a short transaction, and its death is an error after which
    everybody tries again.
    """
    if time.monotonic() - record.info.get("resting_since", time.monotonic()) < RESTED_SECONDS:
        return
    try:
        assert connection is not None
        connection.execute("SELECT 1")
        connection.rollback()
    except psycopg.Error as error:
        raise DisconnectionError from error


def answers(engine: Engine) -> None:
    """Return when the database answers. Raises SQLAlchemyError when it does not."""
    with engine.connect() as tx:
        tx.execute(text("SELECT 1"))


def is_transient(error: BaseException) -> bool:
    """Whether trying the same transaction again may succeed: the connection or a lock failed, not the data."""
    if isinstance(error, DBAPIError):
        state = getattr(error.orig, "sqlstate", None)
        if state is None:  # no answer from the server at all: the connection broke
            return isinstance(error, OperationalError) or error.connection_invalidated
        return isinstance(state, str) and state.startswith(TRANSIENT_SQLSTATES)
    return isinstance(error, TimeoutError | NoConnectionFree)
