"""
Webhooks out: the clock collects what the journal has for them, and the sender brings it to the shops' own systems.

Nothing is sent inside a transaction, and every endpoint has lines of its own: a slow one holds up nobody else's messages. A sender that
is killed repeats what it had not recorded, each message with the id it had.
"""

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from orderpipe import broker
from orderpipe.api import webhook_messages
from orderpipe.channels.webhook import Answer, Line
from orderpipe.domain.addresses import Networks, networks
from orderpipe.domain.webhooks import Attempt, Delivery, Endpoint, headers
from orderpipe.flow import Queue
from orderpipe.settings import settings
from orderpipe.sideflows import webhooks as flow
from orderpipe.store import webhook_deliveries, webhook_news, webhooks
from orderpipe.store.database import Database
from workers.run import Run, patiently

log = logging.getLogger(__name__)

COLLECT, SEND = "webhook.collect", "notify.webhook"
COLLECTED_AT_ONCE = 2_000
SECONDS = 8.0
"""After this long nothing more is begun; the letters' senders have the same workers."""

LINES = 4
"""Connections to one endpoint at the same time; all messages of one order go over the same, in order."""

AT_ONCE = 16
"""Endpoints that one sender talks to at the same time."""

EACH = 40
"""Messages that are handed out for one endpoint."""

SLOW = 2.0
"""So long a line works before what came of it is recorded; who takes so long for one message gets nothing more from this run."""


def collect(run: Run) -> str:
    """Turn what is new in the journal into deliveries, and wake the sender where something is due."""
    found, enough = 0, time.monotonic() + SECONDS
    while time.monotonic() < enough:
        with run.engine.begin() as tx:
            now = run.clock()
            look = webhook_news.next_look(tx, now)
            if look is None:
                return "no endpoints"
            new = webhook_news.collect(tx, look, now=now, limit=COLLECTED_AT_ONCE)
            more = new == COLLECTED_AT_ONCE or webhook_news.move_on(tx, look, now)
        found += new
        if not more:
            break
    with run.engine.begin() as tx:
        due = webhooks.is_due(tx, run.clock())
    if due:
        broker.send_task(SEND, queue=Queue.NOTIFY)
    return f"{found} collected"


@dataclass(slots=True)
class Work:
    """What one endpoint was handed out: the lease ends when the last of its lines has come back."""

    endpoint: Endpoint
    until: datetime
    lines: int = 0
    slow: bool = False


@dataclass(slots=True)
class Round:
    """One run of the sender: whom it talks to, and how it went."""

    engine: Database
    now: Callable[[], datetime]
    allowed: Networks
    pool: ThreadPoolExecutor
    under_way: dict[Future[list[Attempt]], Work] = field(default_factory=dict)
    sent: int = 0
    failed: int = 0
    disabled: list[int] = field(default_factory=list)
    slow: list[int] = field(default_factory=list)


def send(run: Run, *, seconds: float = SECONDS) -> str:
    """Send what is due until nothing is or the time (seconds) is over, and write down what came of each message."""
    begun = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE * LINES, "webhook") as pool:
        round_ = Round(run.engine, run.clock, networks(settings().webhook_allow), pool)
        while True:
            begin = time.monotonic() - begun < seconds
            handed_out = _hand_out(round_) if begin else 0
            if not round_.under_way:
                if handed_out == 0:
                    break
                continue
            done, _ = wait(round_.under_way, timeout=0.2, return_when=FIRST_COMPLETED)
            _record(round_, list(done))
    if round_.disabled:
        broker.send_task("notify.email", queue=Queue.NOTIFY)
    return f"{round_.sent} sent, {round_.failed} failed, {len(round_.disabled)} endpoints disabled"


def _hand_out(round_: Round) -> int:
    """Lease endpoints that are free and put their messages on their lines."""
    busy = {work.endpoint.id for work in round_.under_way.values()}
    free = AT_ONCE - len(busy)
    if free <= 0:
        return 0
    now = round_.now()
    until = now + timedelta(seconds=settings().lease_seconds)
    with round_.engine.begin() as tx:
        leased = {one.id: one for one in webhooks.lease(tx, now=now, until=until, limit=free, without=round_.slow)}
        due = webhook_deliveries.due(tx, leased, now=now, each=EACH) if leased else []
        bodies = webhook_messages.write(tx, due) if due else {}
        idle = leased.keys() - {one.endpoint_id for one in due}
        webhooks.give_back(tx, dict.fromkeys(idle, until))
    for endpoint_id in leased.keys() - idle:
        _begin(round_, Work(leased[endpoint_id], until), [one for one in due if one.endpoint_id == endpoint_id], bodies)
    return len(due)


def _begin(round_: Round, work: Work, due: Sequence[Delivery], bodies: dict[int, bytes]) -> None:
    lines: dict[int, list[Delivery]] = {}
    for one in due:
        lines.setdefault((one.order_id or 0) % LINES, []).append(one)
    work.lines = len(lines)
    for some in lines.values():
        round_.under_way[round_.pool.submit(_call, work, some, bodies, round_)] = work


def _call(work: Work, due: Sequence[Delivery], bodies: dict[int, bytes], round_: Round) -> list[Attempt]:
    """One line's messages, one after the other; after a failure, or when they take long, the rest waits."""
    begun, attempts = time.monotonic(), []
    line = Line(work.endpoint.url, round_.allowed)
    try:
        for one in due:
            attempts.append(_post(line, work.endpoint, one, bodies[one.id], round_.now()))
            work.slow |= attempts[-1].took > SLOW
            if time.monotonic() - begun > SLOW or not attempts[-1].arrived:
                break
        return attempts
    finally:
        line.close()


def _post(line: Line, endpoint: Endpoint, one: Delivery, body: bytes, now: datetime) -> Attempt:
    begun = time.monotonic()
    try:
        answer = line.post(body, {**_SAID, **headers(one.event_id, now, body, endpoint.secrets)})
    except Exception as error:  # whatever keeps this one from being sent must not keep the others from being recorded
        log.exception("The message %s could not be sent.", one.event_id)
        answer = Answer(None, error=f"{type(error).__name__}: {error}")
    return Attempt(one, answer.status, answer.said, answer.error, time.monotonic() - begun)


def _record(round_: Round, done: Sequence[Future[list[Attempt]]]) -> None:
    finished = [(round_.under_way.pop(one), one.result()) for one in done]
    attempts = [attempt for _, some in finished for attempt in some]
    back = []
    for work, _ in finished:
        work.lines -= 1
        if work.lines == 0:
            back.append(work)
            round_.slow += [work.endpoint.id] if work.slow else []
    round_.sent += sum(one.arrived for one in attempts)
    round_.failed += sum(not one.arrived for one in attempts)
    round_.disabled += patiently(lambda _again: _settle(round_, attempts, back))


def _settle(round_: Round, attempts: Sequence[Attempt], back: Sequence[Work]) -> list[int]:
    with round_.engine.begin() as tx:
        webhooks.give_back(tx, {work.endpoint.id: work.until for work in back})
        return flow.settle(tx, attempts, office=settings().office_email, now=round_.now()) if attempts else []


_SAID = {"Content-Type": "application/json", "User-Agent": "orderpipe-webhooks", "Accept": "*/*"}
