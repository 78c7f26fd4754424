"""
The job that looks after time targets: reads the clocks whose look has come, and wakes who has to hear of it.
"""

import time

from orderpipe import broker
from orderpipe.flow import MOST, Queue
from orderpipe.settings import settings
from orderpipe.sideflows import clocks, targets
from orderpipe.sideflows.clocks import Looked
from workers.run import Run

JOB = "target.check"

SECONDS = 5.0
"""After this long a tick leaves the rest to the next one, because other jobs share the worker."""


def check(run: Run) -> str:
    """Look at what is due, then tell the next of each alarm; says what it found."""
    ends = time.monotonic() + SECONDS
    looked = Looked()
    for job in (clocks.look, clocks.read_all_anew):
        while time.monotonic() < ends:
            with run.engine.begin() as tx:
                some = job(tx, now=run.clock(), limit=MOST)
            looked += some
            if some.orders < MOST:
                break
    with run.engine.begin() as tx:
        told = targets.escalate(tx, office=settings().office_email, now=run.clock())
    for channel in sorted(told.channels):
        broker.send_task(f"notify.{channel}", queue=Queue.NOTIFY)
    return f"{looked.orders} orders looked at, {looked.missed} targets missed, {looked.warned} soon missed, {told.alarms} alarms told"
