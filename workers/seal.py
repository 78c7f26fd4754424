"""
The clock's hourly seal on the journal, in bites of a few seconds, because sealing shares its worker with more urgent jobs.
"""

import time

from orderpipe.domain.seals import Seal, hash_of
from orderpipe.settings import settings
from orderpipe.sideflows import sealing
from orderpipe.store import clock
from orderpipe.store.seal_file import SealFile
from workers.run import Run

JOB = "journal.seal"
SECONDS = 8.0
"""After this long no further seal is begun; the rest is left to the next tick."""


def seal_journal(run: Run) -> str:
    """Seal what is old enough; says until when the journal is sealed, and the hash that stands for all of it."""
    now, enough = run.clock(), time.monotonic() + SECONDS
    newest = None
    while time.monotonic() < enough:
        with run.engine.begin() as tx:
            new = sealing.seal_next(tx, SealFile(settings().seals_folder), now)
        if new is None:
            return told(newest)
        newest = new
    with run.engine.begin() as tx:
        clock.ask_again(tx, JOB, now=now)
    return f"{told(newest)}, more at the next tick"


def told(newest: Seal | None) -> str:
    """What is seen of a tick in Flower."""
    return f"sealed until {newest.until_at.isoformat()}, head {hash_of(newest).hex()}" if newest else "nothing to seal yet"
