"""
A group of messages goes into the books in one transaction, and a bad one never takes the others with it.

What breaks unexpectedly is halved until it stands alone; its bytes are then kept to be received later, so that nothing is lost.
"""

import logging
import secrets
import time
from collections.abc import Callable, Sequence
from datetime import datetime

from orderpipe.intake.outcomes import Kept, Outcome, Received, Recorded, Refused
from orderpipe.intake.receive import keep_pending
from orderpipe.intake.record import record
from orderpipe.store.database import Database, is_transient

log = logging.getLogger(__name__)

MOST = 200
"""Messages that one transaction takes."""

PATIENCE = 4.0
"""Seconds for which a group is tried again while the database is away."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 0.8
_AWAY = "The database does not answer at the moment; nothing was taken down, please send it again."

Hint = Callable[[str, Sequence[int], str], None]
"""Takes down a hint for a stage: its name, the units, their lane; must not wait."""


class GroupWriter:
    """Writes groups, each in a transaction of its own, and gives the hints for what is new."""

    def __init__(self, database: Database, clock: Callable[[], datetime], hint: Hint) -> None:
        self._database = database
        self._clock = clock
        self._hint = hint

    def write(self, group: Sequence[Received]) -> list[Outcome]:
        """Take the group down; one outcome each, in their order. Does not raise."""
        try:
            outcomes = self._patiently(group)
        except Exception as error:
            if is_transient(error):
                log.warning("The database is away, %d orders were turned away: %s", len(group), error)
                return [Refused(503, "unavailable", _AWAY)] * len(group)
            if len(group) == 1:
                return [self._keep_for_later(group[0], error)]
            half = len(group) // 2
            return self.write(group[:half]) + self.write(group[half:])
        self._tell(outcomes)
        return outcomes

    def keep(self, one: Received) -> Outcome:
        """Keep the bytes and have them received at once by the stage. Raises what the database raises."""
        with self._database.begin() as tx:
            intake_id = keep_pending(tx, one, self._clock())
        self._hint("receive", [intake_id], "standard")
        return Kept(intake_id)

    def _patiently(self, group: Sequence[Received]) -> list[Outcome]:
        deadline, pause = time.monotonic() + PATIENCE, _FIRST_PAUSE
        while True:
            try:
                with self._database.begin() as tx:
                    return record(tx, group, self._clock())
            except Exception as error:
                if not is_transient(error) or time.monotonic() + pause > deadline:
                    raise
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _keep_for_later(self, one: Received, error: Exception) -> Outcome:
        incident = f"inc_{secrets.token_hex(8)}"
        log.error("incident %s: an order could not be recorded; its bytes are kept", incident, exc_info=error)
        try:
            with self._database.begin() as tx:
                return Kept(keep_pending(tx, one, self._clock(), error=f"{incident} {type(error).__name__}: {error}"))
        except Exception:
            log.exception("incident %s: nor could its bytes be kept", incident)
            return Refused(500, "internal-error", f"Something went wrong on our side and was written down as {incident}.")

    def _tell(self, outcomes: Sequence[Outcome]) -> None:
        lanes: dict[str, list[int]] = {}
        for outcome in outcomes:
            if isinstance(outcome, Recorded) and outcome.new:
                lanes.setdefault(outcome.lane, []).append(outcome.order_id)
        for lane, order_ids in lanes.items():
            self._hint("validate", sorted(order_ids), lane)
