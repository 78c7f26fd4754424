"""
Every job that the clock starts, with its period; any number of beats may run, because a tick is claimed in the database.
"""

from datetime import timedelta

from orderpipe.flow import Queue
from orderpipe.settings import settings

PERIODS: dict[str, timedelta] = {
    "sweep": timedelta(seconds=settings().sweep_seconds),
    "restock": timedelta(seconds=3 * settings().sweep_seconds),
    "target.check": timedelta(seconds=3 * settings().sweep_seconds),
    "delay.project": timedelta(seconds=settings().delays_seconds),
    "notify.email": timedelta(seconds=2 * settings().sweep_seconds),
    "notify.sms": timedelta(seconds=2 * settings().sweep_seconds),
    "notify.chat": timedelta(seconds=6 * settings().sweep_seconds),
    "webhook.collect": timedelta(seconds=settings().sweep_seconds / 2),
    "mail.fetch": timedelta(seconds=6 * settings().sweep_seconds),
    "mail.read": timedelta(seconds=6 * settings().sweep_seconds),
    "notify.check": timedelta(minutes=5),
    "case.escalate": timedelta(minutes=1),
    "feedback.remind": timedelta(minutes=10),
    "return.expire": timedelta(hours=1),
    "report.letter": timedelta(hours=1),
    "journal.seal": timedelta(hours=1),
    "memory.learn": timedelta(minutes=1),
    "idempotency.forget": timedelta(days=1),
    "retention.apply": timedelta(days=1),
}

_ASKED = timedelta(minutes=5)
"""The longest that a beat waits to ask for a job; a beat that is started anew more often than the job is due still asks in time."""

_QUEUES = {
    "notify.email": Queue.NOTIFY, "notify.sms": Queue.NOTIFY, "notify.chat": Queue.NOTIFY,
    "mail.fetch": Queue.MAIL, "mail.read": Queue.CARE,
}

_UNWANTED = frozenset() if settings().imap_url else frozenset({"mail.fetch"})
"""Jobs that nobody need do here, and for whose ticks there may be no worker."""

JOBS: dict[str, dict[str, object]] = {
    name: {
        "task": name,
        "schedule": min(period, _ASKED).total_seconds(),
        # a backlog of ticks collapses into the newest
        "options": {"queue": _QUEUES.get(name, Queue.CLOCK).value, "expires": min(period, _ASKED).total_seconds()},
    }
    for name, period in PERIODS.items() if name not in _UNWANTED
}
