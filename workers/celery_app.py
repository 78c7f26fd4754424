"""
The app that Celery's command line starts: `celery -A workers.celery_app worker -Q …`, on as many hosts as wanted.

Workers for which nobody waits at the door let the others go first where the processors are busy.
"""

import os
from typing import Any

from celery.signals import celeryd_init

from orderpipe.broker import app
from workers import pulse, schedule
from workers import tasks as tasks

app.conf.beat_schedule = schedule.JOBS
pulse.show(app)

STEPS_BACK = {"bulk": 10, "notify": 5}
"""By how much a worker of this role is nicer than others; see nice(2)."""


@celeryd_init.connect
def _step_back(sender: str = "", **_: Any) -> None:
    """A worker's name begins with its role."""
    os.nice(STEPS_BACK.get(sender.partition("@")[0], 0))


__all__ = ["app", "tasks"]
