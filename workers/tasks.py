"""
Every task by its name, with its queue: one thin task per stage and per job. What they do stands elsewhere.
"""

import os
import socket
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from celery import Task

from orderpipe import assembly, broker
from orderpipe.broker import app
from orderpipe.flow import STEPS, Queue, Step, Unit, chain_from
from orderpipe.intake import receive
from orderpipe.settings import settings
from orderpipe.sideflows import asking, case_clock, confirmations, feedback, improvement, office, restock
from orderpipe.sideflows.asking import Desk
from orderpipe.store import clock, idempotency, memory, units
from orderpipe.store.metadata import Tx
from workers import delays, few, letterbox, retention, run, seal, send, targets, webhooks
from workers.run import Run
from workers.schedule import PERIODS
from workers.sweep import sweep

KEYS_KEPT = timedelta(days=7)
"""So long a repeated request gets its stored answer; after that the order's reference alone keeps it from being taken twice."""


class OrderpipeTask(Task):  # type: ignore[type-arg]  # Celery's generic parameters say nothing here
    """
    A task whose message is only a hint: when its worker dies it is sent again soon, a few times; the clock does the rest.
    """

    max_retries = 5
    default_retry_delay = 1
    resultrepr_maxsize = 200
    typing = False

    def started(self) -> Run:
        """The run of this message: this process's database and clock, and the task's id for the journal."""
        parts = assembly.assemble()
        return Run(parts.engine, parts.clock, self.request.id)

    @property
    def came_back(self) -> bool:
        """Whether a worker was given this message, or its unit again and again, and did not finish it."""
        return self.request.retries > 0 or bool((self.request.delivery_info or {}).get("redelivered"))


def _stage_task(step: Step) -> None:
    def take(self: OrderpipeTask, ids: list[int]) -> list[int]:
        ready = _take_apart(self, step, ids) if self.came_back else _take_on(self, step, ids)
        if not ready:
            self.request.chain = None
        return ready

    app.task(name=step.name, base=OrderpipeTask, bind=True)(take)


def _take_on(task: OrderpipeTask, step: Step, ids: list[int]) -> list[int]:
    """The stage, and for few units the ones after it as well."""
    started = task.started()
    if len(ids) > few.FEW:
        return run.run_stage(started, step.name, ids, _next(step))
    return few.take_on(task.request, step.name, ids, partial(run.run_together, started))


def _take_apart(task: OrderpipeTask, step: Step, ids: list[int]) -> list[int]:
    """A batch that came back goes on in halves of their own; a unit that came back alone runs here, a few times at most."""
    back = run.came_back(task.started(), step.name, ids, _next(step))
    lane = str((task.request.delivery_info or {}).get("routing_key")).removeprefix("flow.")
    for part in back.anew:
        broker.send_stage(step.name, part, lane)
    return [*back.ready, *run.run_stage(task.started(), step.name, back.here, _next(step))]


def _next(step: Step) -> str | None:
    links = chain_from(step.name)
    return links[1].name if len(links) > 1 else None


for _step in STEPS[1:]:
    _stage_task(_step)


@app.task(name="receive", base=OrderpipeTask, bind=True)
def take_down(self: OrderpipeTask, intake_ids: list[int]) -> str:
    """Take down what was received and kept raw, and send each lane's orders on to be validated."""
    started = self.started()

    def work(part: Sequence[int], _again: bool) -> list[int]:
        with started.engine.begin() as tx:
            return receive.receive_pending(tx, part, started.clock())

    def give_up(intake_id: int, error: BaseException) -> None:
        with started.engine.begin() as tx:
            receive.note_failure(tx, intake_id, error, started.clock())

    orders = run.attempt(work, intake_ids, give_up)
    with started.engine.begin() as tx:
        lanes = units.by_lane(tx, Unit.ORDER, orders)
    for lane, ids in lanes.items():
        broker.send_stage("validate", ids, lane)
    return f"{len(orders)} orders"


def _care(name: str, work: Callable[[Tx, Sequence[int], Run], int]) -> None:
    """A task of the care desk: in one transaction, for orders by id; a single order that breaks it does not stop the others."""

    def take(self: OrderpipeTask, order_ids: list[int]) -> str:
        started = self.started()

        def in_one_transaction(part: Sequence[int], _again: bool) -> list[int]:
            with started.engine.begin() as tx:
                work(tx, part, started)
            return list(part)

        done = run.attempt(in_one_transaction, order_ids, lambda order_id, error: run.park(started, Unit.ORDER, order_id, error))
        _letters_wait()
        return f"{len(done)} orders"

    app.task(name=name, base=OrderpipeTask, bind=True)(take)


def _desk() -> Desk:
    return Desk(settings().public_url, settings().office_email)


_care("query.ask", lambda tx, ids, started: asking.ask(tx, ids, desk=_desk(), now=started.clock()))
_care("query.remind", lambda tx, ids, started: asking.remind(tx, ids, desk=_desk(), now=started.clock()))
_care("query.escalate", lambda tx, ids, started: asking.escalate(tx, ids, desk=_desk(), now=started.clock()))
_care("office.remind", lambda tx, ids, started: office.remind(tx, ids, office=settings().office_email, now=started.clock()))


def _letters_wait() -> None:
    broker.send_task("notify.email", queue=Queue.NOTIFY)
    broker.send_task("notify.sms", queue=Queue.NOTIFY)


def _tick(name: str, work: Callable[[Run], Any]) -> None:
    """A job of the clock: of the ticks that several beats send in one period, only one is worked on."""

    def tick(self: OrderpipeTask) -> str:
        started = self.started()
        with started.engine.begin() as tx:
            ours = clock.claim_tick(tx, name, now=started.clock(), period=PERIODS[name], owner=f"{socket.gethostname()}:{os.getpid()}")
        return str(work(started)) if ours else "another beat's tick was first"

    app.task(name=name, base=OrderpipeTask, bind=True, max_retries=0)(tick)


def _restock(started: Run) -> int:
    with started.engine.begin() as tx:
        hints = restock.wake_waiting(tx, started.clock())
    for hint in hints:
        broker.send_stage(hint.step, hint.ids, hint.lane)
    return sum(len(hint.ids) for hint in hints)


def _check_confirmations(started: Run) -> int:
    with started.engine.begin() as tx:
        found = confirmations.report_untold(tx, office=settings().office_email, now=started.clock())
    if found:
        _letters_wait()
    return found


def _forget_keys(started: Run) -> int:
    with started.engine.begin() as tx:
        return idempotency.forget(tx, started.clock() - KEYS_KEPT)


def _learn(started: Run) -> int:
    """Until there is nothing new, but no longer than until the next tick."""
    learned, until = 0, started.clock() + PERIODS["memory.learn"]
    while started.clock() < until:
        with started.engine.begin() as tx:
            some = memory.learn(tx, started.clock())
        learned += some
        if not some:
            break
    return learned


_ROUNDS = 100
"""Transactions of one job of the clock at most, because other jobs share the worker."""


def _all_due(work: Callable[[Tx, Run], int]) -> Callable[[Run], int]:
    """A job over rows whose time has come: transaction by transaction, until none is left; what is more waits for the next tick."""

    def job(started: Run) -> int:
        done = 0
        for _ in range(_ROUNDS):
            with started.engine.begin() as tx:
                looked = work(tx, started)
            done += looked
            if not looked:
                break
        if done:
            _letters_wait()
        return done

    return job


_tick("case.escalate", _all_due(lambda tx, started: case_clock.look(tx, now=started.clock())))
_tick("return.expire", _all_due(lambda tx, started: case_clock.expire_returns(tx, now=started.clock())))
_tick("feedback.remind", _all_due(lambda tx, started: feedback.remind(tx, now=started.clock())))
_tick(improvement.JOB, _all_due(lambda tx, started: improvement.write_letters(tx, office=settings().office_email, now=started.clock())))
_tick("sweep", sweep)
_tick(letterbox.JOB, lambda started: letterbox.bring(started, settings().imap_url))
_tick("idempotency.forget", _forget_keys)
_tick(targets.JOB, targets.check)
_tick("memory.learn", _learn)
_tick("notify.check", _check_confirmations)
_tick(seal.JOB, seal.seal_journal)
_tick(delays.JOB, delays.project)
_tick(retention.JOB, retention.erase_what_is_due)
_tick(webhooks.COLLECT, webhooks.collect)


@app.task(name="delay.tell", base=OrderpipeTask, bind=True)
def tell_of_delays(self: OrderpipeTask, order_ids: list[int]) -> str:
    """Tell customers of the dates that cannot be kept, and what they may choose."""
    return delays.tell(self.started(), order_ids)


@app.task(name="delay.escalate", base=OrderpipeTask, bind=True)
def go_on_without_answer(self: OrderpipeTask, order_ids: list[int]) -> str:
    """Remind, have the office call, and in the end do what silence means."""
    return delays.escalate(self.started(), order_ids)


@app.task(name="restock", base=OrderpipeTask, bind=True)
def wake_waiting(self: OrderpipeTask) -> str:
    """Wake the demand that stock which came free may serve; hinted when stock comes, and once in a while by the clock."""
    return str(_restock(self.started()))


@app.task(name=letterbox.READ, base=OrderpipeTask, bind=True)
def read_mail(self: OrderpipeTask) -> str:
    """Understand the mail that waits, and see to letters that did not arrive; hinted when mail comes, and regularly by the clock."""
    return str(letterbox.read(self.started(), office=settings().office_email))


@app.task(name="notify.email", base=OrderpipeTask, bind=True)
def notify_email(self: OrderpipeTask) -> str:
    """Send the letters that are due, until none is left or a few seconds are over."""
    return str(send.drain(self.started().engine, "email", now=self.started().clock))


@app.task(name="notify.sms", base=OrderpipeTask, bind=True)
def notify_sms(self: OrderpipeTask) -> str:
    """Send the text messages that are due, until none is left or a few seconds are over."""
    return str(send.drain(self.started().engine, "sms", now=self.started().clock))


@app.task(name="notify.chat", base=OrderpipeTask, bind=True)
def notify_chat(self: OrderpipeTask) -> str:
    """Send the alarms that go to a chat, until none is left or a few seconds are over."""
    return str(send.drain(self.started().engine, "chat", now=self.started().clock))


@app.task(name=webhooks.SEND, base=OrderpipeTask, bind=True)
def notify_webhook(self: OrderpipeTask) -> str:
    """Bring the events that are due to the shops' own systems, until none is left or a few seconds are over."""
    return webhooks.send(self.started())
