"""
Asking: a doubt is put to the customer, repeated by one channel and the other, then handed to the office for a call.

What is due stands in the rows, so a message delivered twice asks nobody twice.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from orderpipe.domain.calendars import WorkingCalendar
from orderpipe.domain.decisions import Tell
from orderpipe.domain.ladder import TASK, OnSilence, Plan, Rung, outcome, plan
from orderpipe.domain.orders import public_id
from orderpipe.domain.targets import Policies
from orderpipe.flow import Unit, WaitingFor
from orderpipe.sideflows import silence
from orderpipe.sideflows.question_letters import Stationery, letter
from orderpipe.store import journal, link_keys, notifications, policies, questions, units
from orderpipe.store.journal import Entry
from orderpipe.store.metadata import Tx
from orderpipe.store.questions import Followed, OpenQuery

_HAPPENED = {
    Rung.ASK: "query.asked", Rung.REMIND: "query.reminded", Rung.OTHER: "query.reminded", Rung.CALL: "query.escalated",
    Rung.CALL_AGAIN: "query.escalated",
}


@dataclass(frozen=True, slots=True)
class Desk:
    """Where questions are put from: the address of the customers' pages and the office's e-mail address."""

    public_url: str
    office: str


def next_tasks(tx: Tx, order_ids: Collection[int], now: datetime) -> dict[str, list[int]]:
    """What is due for each order's open question: `query.ask`, `query.remind` or `query.escalate`, with the order ids."""
    tasks: dict[str, list[int]] = {}
    for one in questions.open_of(tx, order_ids):
        tasks.setdefault(TASK[one.progress.rung(now)], []).append(one.order_id)
    return tasks


def ask(tx: Tx, order_ids: Collection[int], *, desk: Desk, now: datetime) -> int:
    """Put the open questions that have not been put yet; returns how many."""
    return _climb(tx, order_ids, "query.ask", desk=desk, now=now)


def remind(tx: Tx, order_ids: Collection[int], *, desk: Desk, now: datetime) -> int:
    """Repeat the questions whose time for it has come, by the channel they were put by, then by the other; returns how many."""
    return _climb(tx, order_ids, "query.remind", desk=desk, now=now)


def escalate(tx: Tx, order_ids: Collection[int], *, desk: Desk, now: datetime) -> int:
    """Give questions that stay without an answer to the office for a call, or end them as silence was told to; returns how many."""
    return _climb(tx, order_ids, "query.escalate", desk=desk, now=now)


def undelivered(tx: Tx, order_ids: Collection[int], *, now: datetime) -> None:
    """
    What was last written about these orders' questions has not arrived: the other channel is taken at once, or the office calls.

    Nothing happens about questions that the office has already been asked to call about.
    """
    ahead = questions.skip_reminder(tx, [one.order_id for one in _open(tx, order_ids)], now)
    units.wait(tx, Unit.ORDER, [(one, WaitingFor.QUERY, now) for one in ahead], now)


@dataclass(frozen=True, slots=True)
class _Step:
    """A rung taken of one question, what comes after it, and what silence means by now."""

    question: OpenQuery
    rung: Rung
    plan: Plan
    silent: OnSilence


def _climb(tx: Tx, order_ids: Collection[int], task: str, *, desk: Desk, now: datetime) -> int:
    rules, found = policies.policies(tx, now), _open(tx, order_ids)
    due = [one for one in found if (one.due_at is None or one.due_at <= now) and TASK[one.progress.rung(now)] == task]
    ended = [one for one in due if one.progress.rung(now) == Rung.SILENCE]
    over = {one.id for one in ended if silence.meant_by(one) != OnSilence.WAIT}
    steps = [_step(one, _calendar(rules, one), now) for one in due if one.id not in over]
    _write(tx, steps, desk, now)
    if ended:
        silence.end(tx, ended, now)
    # a question that is not due has been looked at too early, perhaps by a message delivered twice
    early = [(one.order_id, WaitingFor.QUERY, one.due_at) for one in found if one.due_at and one.due_at > now]
    units.wait(tx, Unit.ORDER, early, now)
    return len(due)


def _open(tx: Tx, order_ids: Collection[int]) -> list[OpenQuery]:
    """The open questions of the orders that still wait for the answer: one given to the office meanwhile stays there."""
    waiting = [one.id for one in units.claim(tx, Unit.ORDER, order_ids) if one.waiting_for == WaitingFor.QUERY]
    return questions.open_of(tx, waiting)


def _calendar(rules: Policies, one: OpenQuery) -> WorkingCalendar:
    return rules.calendar(one.shop_id, rules.order_type(one.shop_id, one.type).calendar)


def _step(one: OpenQuery, calendar: WorkingCalendar, now: datetime) -> _Step:
    rung = one.progress.rung(now)
    silent = OnSilence.WAIT if rung == Rung.SILENCE else one.silent
    if rung in (Rung.REMIND, Rung.OTHER) and one.progress.silence_at is None:
        silent = outcome(one.policy, one.doubts)
    return _Step(one, rung, plan(one.progress, rung, one.policy, calendar, silent=silent, now=now), silent)


def _write(tx: Tx, steps: Sequence[_Step], desk: Desk, now: datetime) -> None:
    """Note the rungs, let the orders wait until the next, and write the letters."""
    if not steps:
        return
    questions.follow(tx, [
        Followed(one.question.id, one.rung, one.plan.next_at, one.plan.silence_at, one.silent) for one in steps
    ], now)
    units.wait(tx, Unit.ORDER, [(one.question.order_id, WaitingFor.QUERY, one.plan.next_at) for one in steps], now)
    paper = Stationery(desk.public_url, link_keys.signer(tx, now), now)
    letters = [(one, letter(one.question, one.rung, one.plan, one.silent, paper)) for one in steps]
    notifications.enqueue(tx, [(one.question.order_id, tell) for one, tell in letters if tell], now, office_default=desk.office)
    journal.write(tx, [_entry(one, tell) for one, tell in letters if tell], now=now, actor="care")


def _entry(one: _Step, tell: Tell) -> Entry:
    note = {"query": public_id("query", one.question.id)}
    return Entry(one.question.order_id, _HAPPENED[one.rung], note=note | ({"channel": tell.channel} if tell.channel else {}))
