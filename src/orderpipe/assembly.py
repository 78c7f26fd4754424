"""
Puts the parts of one process together: the database, the clock, the way to the broker, and the settings they came from.

Tests put together the same parts with a clock that they turn and a broker that only writes down what was sent.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from orderpipe import broker, log_lines
from orderpipe.flow import Queue
from orderpipe.settings import Settings, settings
from orderpipe.store.database import Database, connect

Clock = Callable[[], datetime]
"""Tells the time as an aware UTC instant."""

SendStage = Callable[[str, Sequence[int], str], None]
"""Sends the hint that these units of one lane may be taken by the stage of this name; never raises for the broker's sake."""


class SendTask(Protocol):
    """Sends the hint that a job beside the stages has something to do; never raises for the broker's sake."""

    def __call__(self, name: str, *args: Any, queue: Queue) -> object:
        """`queue` is the one the job runs in."""


def utc_now() -> datetime:
    """The time, aware and in UTC."""
    return datetime.now(UTC)


class NotConfigured(Exception):
    """No database is configured: set ORDERPIPE_DATABASE_URL, or start everything with `orderpipe up`."""


@dataclass(frozen=True, slots=True)
class Assembly:
    """What one process works with."""

    settings: Settings
    engine: Database
    clock: Clock
    send_stage: SendStage
    send_task: SendTask = broker.send_task


def assemble(chosen: Settings | None = None, *, clock: Clock = utc_now, send_stage: SendStage = broker.send_stage) -> Assembly:
    """Put the parts together from the given settings, by default the process's own. Raises NotConfigured."""
    log_lines.keep_to_one_line()
    chosen = chosen or settings()
    if not chosen.database_url:
        raise NotConfigured(NotConfigured.__doc__)
    return Assembly(chosen, connect(chosen.database_url, chosen.database_pool), clock, send_stage)
