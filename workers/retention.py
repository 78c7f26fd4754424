"""
The clock's daily look at what is kept longer than it should be, in bites, because it shares its worker with more urgent jobs.
"""

import time

from orderpipe.sideflows import privacy
from orderpipe.store import clock
from workers.run import Run

JOB = "retention.apply"
SECONDS = 8.0
"""After this long no further batch is begun; the rest is left to the next tick."""


def erase_what_is_due(run: Run) -> str:
    """Erase customers that are marked and data that are older than their shop keeps them; says how many."""
    total, enough = 0, time.monotonic() + SECONDS
    while time.monotonic() < enough:
        with run.engine.begin() as tx:
            done = privacy.erase_due(tx, run.clock())
        total += done
        if not done:
            return f"{total} erased"
    with run.engine.begin() as tx:
        clock.ask_again(tx, JOB, now=run.clock())
    return f"{total} erased, more at the next tick"
