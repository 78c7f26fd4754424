"""
The broker door: `python -m workers.door` takes the orders that shops put onto a broker of their own with `celery.send_task("submit", …)`.

A process of its own that knows nothing but how to take orders down: no other task, no remote control, no way from a message to the
stages but the hints that the books give. Whatever lies in a queue, the worst it can do is to be refused.
"""

import logging
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

from orderpipe import assembly
from orderpipe.assembly import Assembly
from orderpipe.intake.envelope import Unreadable, nameless, queue_of
from orderpipe.intake.groups import MOST as GROUP
from orderpipe.intake.groups import GroupWriter
from orderpipe.intake.outcomes import Outcome, Received, Refused
from orderpipe.intake.refusals import Malformed
from orderpipe.intake.submission import Sender, SigningKey, read, unsigned
from orderpipe.serving.hints import Hints
from orderpipe.settings import Settings
from orderpipe.store import clock, shops
from orderpipe.store.database import Database, DatabaseError
from workers.health import EVERY, GOOD_FOR, beats
from workers.mailbox import LARGEST, Mailbox, Taken
from workers.mailbox_rabbitmq import AmqpMailbox
from workers.mailbox_redis import RedisMailbox

log = logging.getLogger(__name__)

LOOK_AT_SHOPS = 5.0
"""Seconds within which the queue of a new shop is found."""
TICK = timedelta(seconds=20)
MOST_TIMES = 3
"""A message that was taken more often than this has ended the process each time, and is refused unread."""
STRANGERS_KEPT = 20
"""Unsigned messages of one shop's queue that are kept as evidence in an hour; more are only counted."""
TELL_EVERY = 10.0
"""Seconds between two tellings of them in the log."""
PAUSE = 1.0
"""Seconds; the door waits so long when something does not answer."""


class Door:
    """Takes messages down, round by round, until it is told to stop."""

    def __init__(self, mailbox: Mailbox, parts: Assembly, hint: Callable[[str, Sequence[int], str], None]) -> None:
        self._mailbox = mailbox
        self._away: tuple[type[Exception], ...] = (*mailbox.away, DatabaseError)
        self._database = parts.engine
        self._clock = parts.clock
        self._writer = GroupWriter(parts.engine, parts.clock, hint)
        self._senders: Mapping[str, Sender] = {}
        self._look_again = 0.0
        self._pulse = parts.settings.pulse
        self._beat_again = 0.0
        self._strangers = Strangers()
        self.stopping = threading.Event()

    def run(self) -> None:
        """Work until told to stop; whatever goes wrong in a round, the next one begins anew."""
        while not self.stopping.is_set():
            try:
                self.round()
            except self._away as error:
                log.warning("The door waits: %s", error)
                self.stopping.wait(PAUSE)
            except Exception:
                log.exception("A round at the door failed; its messages come back.")
                self.stopping.wait(PAUSE)

    def round(self) -> int:
        """Take what has come and write it down; returns how many messages there were."""
        if time.monotonic() > self._look_again:
            self._look_at_keys()
        taken = self._mailbox.take(list(self._senders))
        if taken:
            self._deal_with(taken)
        self._beat()
        return len(taken)

    def _deal_with(self, taken: Sequence[Taken]) -> None:
        done: Sequence[Taken] | None = None
        try:
            done = self._take_down(taken)
        finally:
            if done is None:
                with suppress(*self._mailbox.away):
                    self._mailbox.give_back(taken)
        if done:
            self._mailbox.done(done)

    def _take_down(self, taken: Sequence[Taken]) -> Sequence[Taken] | None:
        """Write down what these messages hold; returns those that are done with, None when the door is to stop before."""
        self._look_at_keys()  # after they came, so that a key made just before opens the first message signed with it
        orders = [(one.tag, order) for one in taken for order in self._orders(one)]
        self._strangers.tell()
        failed: set[str] = set()
        for start in range(0, len(orders), GROUP):
            group = orders[start : start + GROUP]
            outcomes = self._written([order for _, order in group])
            if outcomes is None:
                return None
            failed |= {tag for (tag, _), outcome in zip(group, outcomes, strict=True) if _status(outcome) == 500}
        return [one for one in taken if one.tag not in failed]

    def _look_at_keys(self) -> None:
        self._senders = senders(self._database, self._clock())
        self._look_again = time.monotonic() + LOOK_AT_SHOPS

    def _orders(self, one: Taken) -> list[Received]:
        now, sender = self._clock(), self._senders[one.queue]
        try:
            _check(one)
            return read(one.envelope(), sender, now)
        except Malformed as reason:
            refusal: Malformed = reason
        except Exception:  # a mistake of ours must not keep the other messages from being taken down
            log.exception("A message of %s could not be read.", one.queue)
            refusal = Unreadable("Something went wrong on our side; please send it again, and tell us.", "internal-error")
        kept = self._strangers.may_be_kept(one.queue, refusal, now)
        return [unsigned(sender, _task_id(one), one.raw, refusal)] if kept else []

    def _written(self, group: Sequence[Received]) -> Sequence[Outcome] | None:
        """Write a group, however long the database is away; None when the door is to stop before that."""
        outcomes = self._writer.write(group)
        while any(_status(outcome) == 503 for outcome in outcomes):
            log.warning("%d orders wait at the door until they can be written.", len(group))
            if self.stopping.wait(PAUSE):
                return None
            outcomes = self._writer.write(group)
        self._beat()  # a round of long lists takes longer than a pulse is good for
        return outcomes

    def _beat(self) -> None:
        """Show that the door lives; nobody comes here while its broker or the database is away."""
        if self._pulse and time.monotonic() > self._beat_again:
            self._beat_again = time.monotonic() + EVERY
            beats(self._pulse, "door", GOOD_FOR)


def _status(outcome: Outcome) -> int:
    """Of a refusal: 503 when the database is away, 500 when not even the bytes can be kept, else the sender's affair."""
    return outcome.status if isinstance(outcome, Refused) else 200


def _check(one: Taken) -> None:
    if one.size > LARGEST:
        raise Unreadable(f"The message has {one.size} bytes, more than {LARGEST}; send the orders in several.", "too-large")
    if one.times > MOST_TIMES:
        raise Unreadable(f"The process that reads it has ended each of the {one.times - 1} times it tried.", "deadly")


def _task_id(one: Taken) -> str:
    try:
        return one.envelope().task_id
    except Unreadable:
        return nameless(one.raw)


def senders(database: Database, now: datetime) -> dict[str, Sender]:
    """Every shop's queue with its keys; also says in the books that the door lives."""
    with database.begin() as tx:
        found = shops.signing_keys(tx)
        clock.claim_tick(tx, clock.BROKER_DOOR, now=now, period=TICK, owner=socket.gethostname())
    keys: dict[tuple[str, int], list[SigningKey]] = {}
    for one in found:
        of_shop = keys.setdefault((queue_of(one.code), one.shop_id), [])
        if one.hash is not None:
            of_shop.append(SigningKey(one.hint or "", bytes(one.hash)))
    return {queue: Sender(shop_id, tuple(some)) for (queue, shop_id), some in keys.items()}


class Strangers:
    """Counts what nobody has signed, so that a flood of it fills neither the books nor the log."""

    def __init__(self) -> None:
        self._hour: datetime | None = None
        self._kept: Counter[str] = Counter()
        self._untold: Counter[tuple[str, str]] = Counter()
        self._tell_again = 0.0

    def may_be_kept(self, queue: str, reason: Malformed, now: datetime) -> bool:
        """Count a message of this queue, and say whether it is one of the first in this hour."""
        hour = now.replace(minute=0, second=0, microsecond=0)
        if hour != self._hour:
            self._hour, self._kept = hour, Counter()
        self._kept[queue] += 1
        self._untold[queue, reason.errors[0].detail] += 1
        return self._kept[queue] <= STRANGERS_KEPT

    def tell(self) -> None:
        """Write to the log, now and then, what was refused since the last time: a few lines with the commonest reasons."""
        if not self._untold or time.monotonic() < self._tell_again:
            return
        self._tell_again = time.monotonic() + TELL_EVERY
        for (queue, detail), count in self._untold.most_common(5):
            log.warning("%d unsigned or unreadable messages of %s were refused: %s", count, queue, detail)
        self._untold.clear()


def mailbox_of(settings: Settings) -> Mailbox:
    """The broker that the shops write to."""
    if settings.door_url.startswith("redis"):
        return RedisMailbox(settings.door_url, timedelta(seconds=settings.lease_seconds))
    return AmqpMailbox(settings.door_url)


def main() -> None:
    """Open the door until SIGTERM or Ctrl-C."""
    logging.basicConfig(level=logging.INFO, format="[%(asctime)s: %(levelname)s] %(message)s")
    parts = assembly.assemble()
    if not parts.settings.door_url:
        raise SystemExit("The broker door is closed: set ORDERPIPE_DOOR_URL to the broker that shops write to.")
    if parts.settings.door_url == parts.settings.broker_url:
        raise SystemExit("ORDERPIPE_DOOR_URL is the stages' own broker; give the door another database or vhost.")
    hints = Hints(parts.send_stage, parts.send_task)
    hints.start()
    door = Door(mailbox := mailbox_of(parts.settings), parts, hints.give)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, partial(_stop, door))
    log.info("The broker door is open.")
    door.run()
    mailbox.close()
    hints.stop()


def _stop(door: Door, *_: object) -> None:
    door.stopping.set()


if __name__ == "__main__":
    main()
