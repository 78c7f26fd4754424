"""
The sender: leases what is due, writes it, hands it to the mail server or SMS provider, and records what became of it.

Nothing is sent inside a transaction. Killed between a provider's OK and the record, it repeats at most `GROUP` letters, each with
the Message-ID it had; a letter whose sender was killed is due again when its lease ends.
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import chain

from orderpipe.channels.keeping import keep
from orderpipe.channels.opening import open_outlet
from orderpipe.channels.outlets import Accepted, BadOutlet, BadRecipient, Outcome, Outlet, Parcel, Postponed, Refused, Unavailable
from orderpipe.domain.kinds import kind_of
from orderpipe.domain.notices import (
    ATTEMPTS,
    STALE,
    STALE_NEWS,
    Dead,
    Fault,
    Later,
    Leased,
    Order,
    Result,
    Sent,
    Withdrawn,
    pause_after,
)
from orderpipe.settings import settings
from orderpipe.store import notifications
from orderpipe.store.database import Database, is_transient
from workers.handing_out import Handed, Unreadable, complain, hand_out

BATCH = 100
LEASE_SECONDS = settings().lease_seconds
WORK_SECONDS = 30.0
"""After this long a batch gives back what it has not begun; the rest of the lease covers one letter to a server that hardly answers."""

RECORD_SECONDS = 20.0
"""So long a sender that cannot record what it sent tries on."""

GROUP, GROUP_SECONDS = 25, 0.25
"""So many letters, or those of so long, are recorded together: one commit a letter would cost more than the letter."""


@dataclass(frozen=True, slots=True)
class SendReport:
    """What became of the notifications handed out. `trouble` says why the outlet as a whole does not work, "" when it does."""

    leased: int = 0
    sent: int = 0
    postponed: int = 0
    dead: int = 0
    waiting: int = 0
    trouble: str = ""

    def __add__(self, other: "SendReport") -> "SendReport":
        return SendReport(
            self.leased + other.leased, self.sent + other.sent, self.postponed + other.postponed, self.dead + other.dead,
            self.waiting + other.waiting, other.trouble or self.trouble,
        )

    def __str__(self) -> str:
        counts = f"{self.sent} sent, {self.postponed} postponed, {self.dead} dead, {self.waiting} waiting"
        return f"{counts}. {self.trouble}" if self.trouble else counts


def drain(
    engine: Database, channel: str, *, now: Callable[[], datetime], seconds: float = 5.0, outlet: Outlet | None = None
) -> SendReport:
    """Send until nothing is due, the outlet fails, or the time (seconds) is over; `now` gives UTC."""
    end = time.monotonic() + seconds
    total = SendReport()
    while time.monotonic() < end:
        report = send_batch(engine, channel, now=now, outlet=outlet)
        total += report
        if report.leased < BATCH or report.trouble:
            break
    return total


def send_batch(
    engine: Database, channel: str, *, now: Callable[[], datetime], limit: int = BATCH, outlet: Outlet | None = None
) -> SendReport:
    """Lease up to `limit` due notifications of a channel (`email`, `sms`), send and record them; `now` gives UTC."""
    with engine.begin() as tx:
        leased = notifications.lease(tx, channel, limit=limit, now=now(), lease_seconds=LEASE_SECONDS)
        handed = hand_out(tx, channel, leased, now()) if leased else Handed()
    batch = Batch(outlet or _outlet(channel, os.getpid()), now)
    report = SendReport(leased=len(leased))
    for group in _grouped(chain(handed.put_off, batch.results(handed.letters, handed.orders))):
        _record(engine, group, now)
        report += _counted(group)
    if batch.unreadable:
        complain(engine, batch.unreadable, now())
    return replace(report, trouble=batch.trouble)


def _record(engine: Database, group: Sequence[Result], now: Callable[[], datetime]) -> None:
    """Write down what became of a group, through a restart of the database: what is not recorded is sent again."""
    patience = time.monotonic() + RECORD_SECONDS
    while True:
        try:
            with engine.begin() as tx:
                notifications.record(tx, group, now())
            return
        except Exception as error:
            if time.monotonic() > patience or not is_transient(error):
                raise
            time.sleep(0.5)


class Batch:
    """The sending of one lease; what fails for all letters, or for all of one sender, fails once."""

    def __init__(self, outlet: Outlet, now: Callable[[], datetime]) -> None:
        self._outlet = outlet
        self._now = now
        self._blocked: dict[str | None, Unavailable] = {}
        self.unreadable: list[Unreadable] = []
        self._started = time.monotonic()

    @property
    def trouble(self) -> str:
        """Why nothing at all can be sent, "" when that is not so."""
        blocked = self._blocked.get(None)
        return blocked.reason if blocked else ""

    def results(self, leased: Sequence[Leased], orders: dict[int, Order]) -> Iterator[Result]:
        """Send one after the other."""
        for notice in leased:
            if time.monotonic() - self._started > WORK_SECONDS:
                yield Later(notice, "The batch before it took too long.", self._now(), counts=False)
            else:
                yield self._send(notice, orders.get(notice.about))

    def _send(self, notice: Leased, order: Order | None) -> Result:
        if notice.attempts > ATTEMPTS:
            return Dead(notice, f"It was begun {ATTEMPTS} times and never came to an end.")
        if order is None:
            return Dead(notice, "The order it speaks of is no longer there.")
        if (lasts := kind_of(notice.kind).lasts) and self._now() - notice.created_at > lasts:
            return Withdrawn(notice, STALE_NEWS)
        try:
            parcel = self._write(notice, order)
        except BadOutlet as error:
            return self._result(notice, self._block(Unavailable(str(error), wait=600)), b"")
        except BadRecipient as error:
            return Dead(notice, f"It could not be written. {error}", Fault.ADDRESS)
        except Exception as error:  # whatever keeps this one from being written must not keep the others from going out
            return Dead(notice, f"It could not be written. {error}")
        blocked = self._blocked.get(None) or self._blocked.get(parcel.sender)
        return self._result(notice, blocked or self._deliver(parcel), parcel.content)

    def _write(self, notice: Leased, order: Order) -> Parcel:
        """In the shop's own words where it has some; should they fail, in ours."""
        try:
            return self._outlet.write(notice, order)
        except (BadOutlet, BadRecipient):
            raise
        except Exception as error:
            if not notice.own_words:
                raise
            self.unreadable.append(Unreadable(notice, order.shop_id, str(error)))
            return self._outlet.write(replace(notice, own_words=""), order)

    def _deliver(self, parcel: Parcel) -> Outcome:
        outcome = self._outlet.deliver(parcel)
        return self._block(outcome) if isinstance(outcome, Unavailable) else outcome

    def _block(self, outcome: Unavailable) -> Unavailable:
        self._blocked[outcome.sender] = outcome
        return outcome

    def _result(self, notice: Leased, outcome: Outcome, content: bytes) -> Result:
        match outcome:
            case Accepted():
                return Sent(notice, outcome.reply, keep(content, notice.language))
            case Refused():
                return Dead(notice, outcome.reason, Fault.ADDRESS if outcome.address else Fault.LETTER)
            case Postponed():
                pause = pause_after(notice.attempts, notice.dedupe_key)
                return Later(notice, outcome.reason, self._now() + pause) if pause else _given_up(notice, outcome.reason, Fault.LETTER)
            case Unavailable():
                if self._now() - notice.created_at > STALE:
                    return _given_up(notice, outcome.reason, Fault.OURS)
                return Later(notice, outcome.reason, self._now() + timedelta(seconds=outcome.wait), counts=False)


def _given_up(notice: Leased, reason: str, fault: Fault) -> Dead:
    return Dead(notice, f"Given up after {notice.attempts} attempts. {reason}", fault)


def _grouped(results: Iterator[Result]) -> Iterator[list[Result]]:
    """Groups small enough, in number and in time, that a crash repeats little."""
    group: list[Result] = []
    begun = time.monotonic()
    for result in results:
        group.append(result)
        if len(group) >= GROUP or time.monotonic() - begun > GROUP_SECONDS:
            yield group
            group, begun = [], time.monotonic()
    if group:
        yield group


def _counted(group: Sequence[Result]) -> SendReport:
    later = [result for result in group if isinstance(result, Later)]
    counted = sum(result.counts for result in later)
    return SendReport(
        sent=sum(isinstance(result, Sent) for result in group), dead=sum(isinstance(result, Dead) for result in group),
        postponed=counted, waiting=len(later) - counted,
    )


@lru_cache(maxsize=4)
def _outlet(channel: str, _process: int) -> Outlet:
    """This process's own way out, kept open: a connection must not be shared with the process it was forked from."""
    chosen = settings()
    return open_outlet(
        channel, smtp_url=chosen.smtp_url, mail_from=chosen.mail_from, sms_url=chosen.sms_url, replies=chosen.reply_address
    )
