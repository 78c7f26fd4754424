"""
The app that Celery's command line starts: `celery -A workers.celery_app worker -Q …`, on as many hosts as wanted.
"""

from orderpipe.broker import app
from workers import pulse, schedule
from workers import tasks as tasks

app.conf.beat_schedule = schedule.JOBS
pulse.show(app)

__all__ = ["app", "tasks"]
