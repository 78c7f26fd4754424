"""
The pulse of workers and beats, for `workers.health`: a worker's while it takes messages, a beat's while its ticks reach the broker.
"""

from typing import Any

from celery import Celery, bootsteps
from celery.signals import after_task_publish, beat_init

from orderpipe.settings import settings
from workers.health import EVERY, GOOD_FOR, beats


class Pulse(bootsteps.StartStopStep):
    """Beats in the loop that takes messages; while the broker is away nobody takes any, and it stops."""

    requires = ("celery.worker.consumer.tasks:Tasks",)
    _timer: Any = None

    def start(self, consumer: Any) -> None:
        """The consumer takes messages from now on."""
        if folder := settings().pulse:
            note = (folder, consumer.hostname.partition("@")[0], GOOD_FOR)
            beats(*note)
            self._timer = consumer.timer.call_repeatedly(EVERY, beats, note)

    def stop(self, _consumer: Any) -> None:
        """The consumer has lost its broker, or ends."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def show(app: Celery) -> None:
    """Let this app's workers and beats show that they live, where a folder is set for it."""
    app.steps["consumer"].add(Pulse)
    beat_init.connect(_watch_beat, weak=False)


def _watch_beat(**_: Any) -> None:
    after_task_publish.connect(_ticked, weak=False)


def _ticked(**_: Any) -> None:
    if folder := settings().pulse:
        beats(folder, "beat", GOOD_FOR + 3 * settings().sweep_seconds)
