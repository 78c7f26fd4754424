"""
What the doctor looks at, one sign after the other: configuration, servers, workers, clock, letters, and what stands still.

Nothing is looked for behind a server that does not answer.
"""

import importlib.metadata
import platform
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import redis

from orderpipe import broker
from orderpipe.assembly import Assembly
from orderpipe.channels.mailbox import Mailbox, MailboxFailed
from orderpipe.channels.outlets import BadOutlet
from orderpipe.channels.smtp import MailServer
from orderpipe.cli.terminal import local_time
from orderpipe.domain.orders import number_of, public_id
from orderpipe.domain.quiet_hours import NIGHT
from orderpipe.flow import Lane, Queue
from orderpipe.intake.envelope import queue_of
from orderpipe.settings import Settings
from orderpipe.sideflows import confirmations
from orderpipe.store import clock, invariants, mail_in, migrations_runner, outbox, shops, vital_signs, webhooks
from orderpipe.store.database import DatabaseError
from orderpipe.store.metadata import Tx

TICK_WITHIN = timedelta(seconds=60)
FORGOTTEN = timedelta(minutes=10)
LETTER_WITHIN = timedelta(minutes=15)
UNTOLD_SHOWN = timedelta(hours=4)
REFUSALS_SHOWN = timedelta(days=1)
ANSWER_SECONDS = 2.0
_WITHOUT_TOKENS = frozenset({
    "", "postgresql", "postgresql+psycopg", "redis", "rediss", "amqp", "amqps", "smtp", "smtps", "imap", "imaps", "http",
    "https",
})
_OPTIONAL = (("imap_url", False), ("sms_url", False), ("door_url", False))
_SECRET = re.compile(r"(?<=://)([^:@/?\s]*):([^@/\s]+)@")


@dataclass(frozen=True, slots=True)
class Sign:
    """One thing looked at: what was seen, whether it is well, and what to do where it is not."""

    name: str
    said: str
    well: bool = True
    remedy: str = ""


def examine(parts: Assembly) -> Iterator[Sign]:
    """Look at everything, one after the other."""
    yield _versions()
    yield from _configured(parts.settings)
    yield from _behind_the_database(parts)
    yield from _behind_the_broker(parts.settings)
    yield from _outlets(parts.settings)


def masked(url: str) -> str:
    """The address without its password and without what a provider's URL may keep secret behind the host."""
    shown = _SECRET.sub(r"\1:…@", url)
    if urlsplit(url).scheme in _WITHOUT_TOKENS:
        return shown
    parts = urlsplit(shown)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/…"


def _versions() -> Sign:
    packages = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("orderpipe", "celery", "sqlalchemy"))
    return Sign("versions", f"{packages}, Python {platform.python_version()}")


def _configured(settings: Settings) -> Iterator[Sign]:
    for name, needed in (("database_url", True), ("broker_url", True), ("smtp_url", True), *_OPTIONAL):
        url = getattr(settings, name)
        variable = f"ORDERPIPE_{name.upper()}"
        if url:
            yield Sign(variable, masked(url))
        else:
            yield Sign(variable, "not set", well=not needed, remedy=f"Set {variable}, or use `orderpipe up`." if needed else "")
    yield Sign("ORDERPIPE_PUBLIC_URL", settings.public_url)


def _behind_the_database(parts: Assembly) -> Iterator[Sign]:
    try:
        with parts.engine.begin() as tx:
            yield Sign("PostgreSQL", vital_signs.server_version(tx))
        current, head = migrations_runner.current_revision(parts.settings.database_url)
    except DatabaseError as error:
        cause = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        yield Sign("PostgreSQL", cause, well=False, remedy="Start the server, or correct ORDERPIPE_DATABASE_URL.")
        return
    newest = current == head
    yield Sign("migration", f"at {current or 'nothing'}, newest {head}", newest, "" if newest else "orderpipe migrate")
    if current is None:
        return
    with parts.engine.begin() as tx:
        yield from _clock(tx, parts.clock())
        yield from _standing_still(tx, parts.clock())
        yield from _letters(tx, parts.clock())
        yield _webhooks(tx)
        yield from _broker_door(tx, parts.settings.door_url, parts.clock())


def _clock(tx: Tx, now: datetime) -> Iterator[Sign]:
    due = {name: at for name, at in vital_signs.ticks(tx).items() if name != clock.BROKER_DOOR}  # which tells of itself, without a beat
    late = [name for name, at in due.items() if at < now - TICK_WITHIN]
    if "sweep" not in due:
        remedy = "Start `celery -A workers.celery_app beat`, and a worker of the queue clock."
        yield Sign("clock", "has never ticked", False, remedy)
    elif late:
        said = ", ".join(f"{name} was due {local_time(due[name])}" for name in late)
        yield Sign("clock", said, False, "See whether beat runs, and a worker of the queue clock.")
    else:
        yield Sign("clock", f"{', '.join(sorted(due))} tick")


def _standing_still(tx: Tx, now: datetime) -> Iterator[Sign]:
    found = vital_signs.parked(tx)
    if found:
        said = "; ".join(f"{number_of(one.order_id)} ({one.state}): {one.error.splitlines()[0][:120]}" for one in found[:5])
        yield Sign("failed stages", said, False, "Put the cause right, then `orderpipe order decide NUMBER resume`.")
    else:
        yield Sign("failed stages", "none")
    unread = vital_signs.unread(tx)
    said = "; ".join(f"{public_id('intake', intake)}: {error.splitlines()[0][:120]}" for intake, error in unread[:5]) or "none"
    remedy = "Our own code failed on it. Put the cause right; the clock tries again by itself." if unread else ""
    yield Sign("received but not taken down", said, not unread, remedy)
    forgotten = invariants.stuck(tx, now=now, overdue=FORGOTTEN)
    if forgotten:
        first = ", ".join(number_of(order_id) for order_id in forgotten.order_ids[:5])
        said = f"{forgotten.count} units have waited for the clock for over {FORGOTTEN.seconds // 60} minutes, first {first}"
        yield Sign("overdue units", said, False, "See whether beat and the stages' workers run.")
    else:
        yield Sign("overdue units", "none")


def _letters(tx: Tx, now: datetime) -> Iterator[Sign]:
    waiting = outbox.backlog(tx)
    oldest = min((one.oldest_at for one in waiting if one.reason != NIGHT), default=now)
    said = ", ".join(f"{one.count} by {one.channel}{': ' + one.reason if one.reason else ''}" for one in waiting[:5]) or "none"
    late = oldest < now - LETTER_WITHIN
    remedy = "See whether a worker of the queue notify runs, and what the server answers."
    yield Sign("letters waiting", said, not late, remedy if late else "")
    dead = vital_signs.dead_letters(tx)
    yield Sign("dead letters", str(dead or "none"), not dead, "orderpipe mail dead" if dead else "")
    unread = mail_in.count_open(tx)
    remedy = "orderpipe mail in --open; orderpipe mail in ID --done." if unread else ""
    yield Sign("mails for somebody to look at", str(unread or "none"), not unread, remedy)
    untold = outbox.untold(tx, since=now - UNTOLD_SHOWN, until=now - confirmations.TOLD_WITHIN)
    said = ", ".join(f"{number_of(one.order_id)} ({one.reason})" for one in untold[:5]) or "none"
    said = f"{said} and {len(untold) - 5} more" if len(untold) > 5 else said
    yield Sign("confirmed but not told", said, not untold, "orderpipe order told NUMBER" if untold else "")


def _webhooks(tx: Tx) -> Sign:
    failing = [one for one in webhooks.listed(tx) if one.failing_since]
    said = ", ".join(f"{public_id('webhook_endpoint', one.id)} takes nothing since {local_time(one.failing_since)}" for one in failing[:5]
                     if one.failing_since)
    return Sign("webhooks", said or "none fails", not failing, "orderpipe webhook list" if failing else "")


def _broker_door(tx: Tx, url: str, now: datetime) -> Iterator[Sign]:
    if not url:
        return
    lengths = broker.lengths_at(url, [queue_of(shop.code) for shop in shops.list_shops(tx)])
    due = vital_signs.ticks(tx).get(clock.BROKER_DOOR)
    if lengths is None:
        yield Sign("broker door", "its broker does not answer", False, "Start it, or correct ORDERPIPE_DOOR_URL.")
    elif due is None or due < now - TICK_WITHIN:
        said = f"nobody takes what shops put there{f' since {local_time(due)}' if due else ''}"
        yield Sign("broker door", said, False, "Start `python -m workers.door`, or `orderpipe up`.")
    else:
        waiting = ", ".join(f"{name} {length}" for name, length in lengths.items() if length)
        yield Sign("broker door", f"open; waiting: {waiting or 'none'}")
    found = vital_signs.refused(tx, "broker", now - REFUSALS_SHOWN)
    said = ", ".join(f"{count} of {code}" for code, count in found.items()) or "none"
    yield Sign("refused at the broker door since yesterday", said)


def _behind_the_broker(settings: Settings) -> Iterator[Sign]:
    if not settings.broker_url:
        return
    queues = [*(lane.queue for lane in Lane), *(queue.value for queue in Queue)]
    lengths = {name: broker.queue_length(name) for name in queues[:1]}
    if None in lengths.values():
        yield Sign("broker", "does not answer", False, "Start it, or correct ORDERPIPE_BROKER_URL.")
        return
    lengths |= {name: broker.queue_length(name) for name in queues[1:]}
    yield Sign("broker", _broker_version(settings.broker_url))
    full = ", ".join(f"{name} {length}" for name, length in lengths.items() if length)
    yield Sign("messages waiting", full or "none")
    yield from _workers(queues)


def _broker_version(url: str) -> str:
    if not url.startswith("redis"):
        return "answers"
    with redis.Redis.from_url(url, socket_timeout=ANSWER_SECONDS) as client:
        return f"Redis {client.info('server')['redis_version']}"


def _workers(queues: list[str]) -> Iterator[Sign]:
    served = broker.app.control.inspect(timeout=ANSWER_SECONDS).active_queues() or {}
    unread = sorted(set(queues) - {queue["name"] for some in served.values() for queue in some})
    if not served:
        yield Sign("workers", "none answers", False, "Start `celery -A workers.celery_app worker -Q …`, or `orderpipe up`.")
        return
    yield Sign("workers", ", ".join(sorted(served)))
    if unread:
        yield Sign("queues", f"nobody works on {', '.join(unread)}", False, f"Start a worker with -Q {','.join(unread)}.")


def _outlets(settings: Settings) -> Iterator[Sign]:
    if settings.smtp_url:
        yield _mail(settings.smtp_url)
    if settings.imap_url:
        yield _mailbox(settings.imap_url)
    host = urlsplit(settings.sms_url)
    if settings.sms_url and host.scheme in ("json", "jsons", "form", "forms") and host.hostname:
        yield _sms(host.hostname, host.port or (443 if host.scheme.endswith("s") else 80))


def _mailbox(url: str) -> Sign:
    try:
        with Mailbox(url) as mailbox:
            return Sign("mailbox", f"{mailbox.name} answers; not read yet: {len(mailbox.waiting(None)) or 'none'}")
    except (BadOutlet, MailboxFailed) as error:
        return Sign("mailbox", str(error), False, "Start it, or correct ORDERPIPE_IMAP_URL.")


def _mail(url: str) -> Sign:
    try:
        server = MailServer.at(url)
        connection = server.connect()
        connection.quit()
    except (BadOutlet, OSError) as error:  # smtplib's own errors are OSErrors
        return Sign("mail server", str(error), False, "Start it, or correct ORDERPIPE_SMTP_URL.")
    return Sign("mail server", f"{server.host}:{server.port} answers")


def _sms(host: str, port: int) -> Sign:
    try:
        socket.create_connection((host, port), timeout=ANSWER_SECONDS).close()
    except OSError as error:
        return Sign("SMS provider", f"{host}:{port}: {error}", False, "Start it, or correct ORDERPIPE_SMS_URL.")
    return Sign("SMS provider", f"{host}:{port} answers")
