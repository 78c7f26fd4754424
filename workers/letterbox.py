"""
The reader of the mailbox: each mail is kept first, then marked as read, then understood, in a transaction of its own.

Killed between any two of these it loses nothing and does nothing twice: what is kept is known by its bytes, and what was not
understood still waits for it. A mail server may be slow or silent, so a worker that does nothing else goes to it.
"""

import hashlib
import logging
import time
from dataclasses import dataclass

from orderpipe import broker
from orderpipe.channels.mailbox import Fetched, Mailbox, MailboxFailed
from orderpipe.channels.outlets import BadOutlet
from orderpipe.flow import Queue
from orderpipe.sideflows import fallbacks, incoming
from orderpipe.sideflows.incoming import NotTaken, Taken
from orderpipe.store import mail_in
from orderpipe.store.database import is_transient
from orderpipe.store.mail_in import Arrived
from workers.run import Run

log = logging.getLogger(__name__)

JOB, READ = "mail.fetch", "mail.read"
SECONDS = 10.0
"""After this long a visit to the mailbox, or to what waits to be understood, leaves the rest to the next one."""
MOST_TRIES = 5
"""So often a mail is begun; one that ended its reader each time is left to a person."""


@dataclass(frozen=True, slots=True)
class Read:
    """How many mails were understood, and how many letters took another way."""

    understood: int = 0
    fell_back: int = 0

    def __str__(self) -> str:
        return f"{self.understood} read, {self.fell_back} letters sent another way"


def bring(run: Run, url: str) -> str:
    """Keep what came, for another worker to read; says how many mails are new, or why the mailbox could not be read."""
    try:
        new = fetch(run, url)
    except (MailboxFailed, BadOutlet) as error:
        log.warning("%s", error)
        return str(error)
    if new:
        broker.send_task(READ, queue=Queue.CARE)
    return f"{new} new"


def read(run: Run, *, office: str) -> Read:
    """Understand what waits, and see to letters that did not arrive."""
    understood = understand(run, office=office)
    with run.engine.begin() as tx:
        fell_back = fallbacks.fall_back(tx, office=office, now=run.clock())
    if understood or fell_back:
        broker.send_task("notify.email", queue=Queue.NOTIFY)
        broker.send_task("notify.sms", queue=Queue.NOTIFY)
    return Read(understood, fell_back)


def fetch(run: Run, url: str) -> int:
    """Keep what lies in the mailbox and was not read; returns how many mails are new. Raises MailboxFailed, BadOutlet."""
    end = time.monotonic() + SECONDS
    new = 0
    with Mailbox(url) as mailbox:
        with run.engine.begin() as tx:
            last = mail_in.last_uid(tx, mailbox.name, mailbox.uid_validity)
        for uid in mailbox.waiting(last):
            if time.monotonic() > end:
                break
            if fetched := mailbox.fetch(uid):
                with run.engine.begin() as tx:
                    new += mail_in.keep(tx, [_arrived(mailbox, fetched)], run.clock())
                mailbox.mark_read([uid])
    return new


def _arrived(mailbox: Mailbox, fetched: Fetched) -> Arrived:
    digest = hashlib.sha256(fetched.raw + (b"" if fetched.size == len(fetched.raw) else b"%d" % fetched.size)).digest()
    return Arrived(mailbox.name, mailbox.uid_validity, fetched.uid, fetched.size, fetched.raw, digest)


def understand(run: Run, *, office: str) -> int:
    """Take every mail that waits, each for itself: one that breaks its reader stops no other. Returns how many were taken."""
    end = time.monotonic() + SECONDS
    taken, last = 0, 0
    while time.monotonic() < end and (begun := _next_after(run, last)):
        last, tries = begun
        if tries >= MOST_TRIES:
            _set_aside(run, last, f"It ended whoever read it, {tries} times.", office)
        else:
            _hint(_take(run, last, office))
        taken += 1
    return taken


def _next_after(run: Run, last: int) -> tuple[int, int] | None:
    with run.engine.begin() as tx:
        return mail_in.begin(tx, last)


def _take(run: Run, mail_id: int, office: str) -> Taken | None:
    try:
        return _in_one_transaction(run, mail_id, office, literally=True)
    except NotTaken:
        return _in_one_transaction(run, mail_id, office, literally=False)
    except Exception as error:
        if is_transient(error):
            raise
        log.exception("Mail %d cannot be read.", mail_id)
        _set_aside(run, mail_id, f"{type(error).__name__}: {error}", office)
        return None


def _in_one_transaction(run: Run, mail_id: int, office: str, *, literally: bool) -> Taken | None:
    with run.engine.begin() as tx:
        return incoming.take(tx, mail_id, office=office, now=run.clock(), literally=literally)


def _set_aside(run: Run, mail_id: int, error: str, office: str) -> None:
    with run.engine.begin() as tx:
        incoming.set_aside(tx, mail_id, error, office=office, now=run.clock())


def _hint(taken: Taken | None) -> None:
    if taken is None:
        return
    for hint in taken.hints:
        broker.send_stage(hint.step, hint.ids, hint.lane)
    if taken.restock:
        broker.send_task("restock", queue=Queue.CARE)
