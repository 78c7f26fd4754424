"""
Queries: a doubt is put to the customer, repeated once, then handed to the office for a call; an answer resumes the order.

The question goes out by e-mail or SMS with a link to answer. An answer is checked like input before it changes the order.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from orderpipe.domain.calendars import WorkingCalendar
from orderpipe.domain.decisions import Audience, Tell
from orderpipe.domain.orders import UnknownNumber, internal_id, public_id
from orderpipe.domain.queries import Amended, Answer, Problem, apply_answer, escalate_at, numbered, remind_at
from orderpipe.domain.targets import Policies
from orderpipe.flow import OrderState, Owner, Unit, WaitingFor
from orderpipe.sideflows import cancellations
from orderpipe.sideflows.hints import Hint
from orderpipe.store import bounced, checks, holds, journal, notifications, policies, questions, units
from orderpipe.store.journal import Entry
from orderpipe.store.metadata import Tx
from orderpipe.store.questions import OpenQuery

REPLY_LIES_WITH_OFFICE = "The customer's reply is for the office to read."
"""Why an order waits for the office whose question was answered, but not clearly."""

CALL_AGAIN = timedelta(days=1)
"""How often the office is reminded to call a customer who does not answer."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Where questions are put from: the address of the customers' pages and the office's e-mail address."""

    public_url: str
    office: str


@dataclass(frozen=True, slots=True)
class Answered:
    """What an answer led to: the order, whether it was canceled, and what may go on."""

    order_id: int
    canceled: bool
    hints: tuple[Hint, ...]


class AnswerRefused(Exception):
    """The answer cannot be taken as it is; every problem says where, and what is wrong."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(one.detail for one in problems))
        self.problems = tuple(problems)


class NoSuchQuery(LookupError):
    """There is no such question."""


class AlreadyAnswered(Exception):
    """This question has been answered, or is no longer open."""


def next_tasks(tx: Tx, order_ids: Collection[int]) -> dict[str, list[int]]:
    """What is due for each order's open question: `query.ask`, `query.remind` or `query.escalate`, with the order ids."""
    tasks: dict[str, list[int]] = {}
    for one in questions.open_of(tx, order_ids):
        name = "query.ask" if not one.asked_at else "query.remind" if not one.reminded_at else "query.escalate"
        tasks.setdefault(name, []).append(one.order_id)
    return tasks


def ask(tx: Tx, order_ids: Collection[int], *, desk: Desk, now: datetime) -> int:
    """Put the open questions that have not been put yet; returns how many."""
    rules = policies.policies(tx, now)
    due = [one for one in _open(tx, order_ids) if one.asked_at is None]
    later = {one.order_id: remind_at(_calendar(rules, one), now) for one in due}
    tells = [(one.order_id, Tell("question", _question(one, desk, later[one.order_id]), f"question:{one.id}")) for one in due]
    _follow_up(tx, due, "asked", tells, later=later, desk=desk, now=now)
    return len(due)


def remind(tx: Tx, order_ids: Collection[int], *, desk: Desk, now: datetime) -> int:
    """Repeat the open questions that were put once; returns how many."""
    rules = policies.policies(tx, now)
    due = [one for one in _open(tx, order_ids) if one.asked_at and one.reminded_at is None]
    later = {one.order_id: escalate_at(_calendar(rules, one), now) for one in due}
    tells = [
        (one.order_id, Tell("question-reminder", _question(one, desk, later[one.order_id]), f"question-reminder:{one.id}"))
        for one in due
    ]
    _follow_up(tx, due, "reminded", tells, later=later, desk=desk, now=now)
    return len(due)


def escalate(tx: Tx, order_ids: Collection[int], *, desk: Desk, now: datetime) -> int:
    """Give the questions that stay without an answer to the office for a call, and once a day again; returns how many."""
    due = [one for one in _open(tx, order_ids) if one.reminded_at]
    later = dict.fromkeys((one.order_id for one in due), now + CALL_AGAIN)
    tells = [
        (one.order_id, Tell(
            "office-question-unanswered",
            {"query_id": public_id("query", one.id), "doubts": one.doubts, "contact": one.contact},
            f"office-question-unanswered:{one.id}:{now:%Y%m%d}", Audience.OFFICE,
        ))
        for one in due
    ]
    _follow_up(tx, due, "escalated", tells, later=later, desk=desk, now=now)
    return len(due)


def _open(tx: Tx, order_ids: Collection[int]) -> list[OpenQuery]:
    """The open questions of the orders that still wait for the answer: one given to the office meanwhile stays there."""
    waiting = [one.id for one in units.claim(tx, Unit.ORDER, order_ids) if one.waiting_for == WaitingFor.QUERY]
    return questions.open_of(tx, waiting)


def _follow_up(
    tx: Tx, due: Sequence[OpenQuery], step: str, tells: Sequence[tuple[int, Tell]], *,
    later: Mapping[int, datetime], desk: Desk, now: datetime,
) -> None:
    columns: dict[str, questions.Followed] = {"asked": "asked_at", "reminded": "reminded_at", "escalated": "escalated_at"}
    questions.follow(tx, [one.id for one in due], columns[step], now)
    units.wait(tx, Unit.ORDER, [(order_id, WaitingFor.QUERY, until) for order_id, until in later.items()], now)
    notifications.enqueue(tx, tells, now, office_default=desk.office)
    entries = [Entry(one.order_id, f"query.{step}", note={"query": public_id("query", one.id)}) for one in due]
    journal.write(tx, entries, now=now, actor="care")


def _calendar(rules: Policies, one: OpenQuery) -> WorkingCalendar:
    return rules.calendar(one.shop_id, rules.order_type(one.shop_id, one.type).calendar)


def _question(one: OpenQuery, desk: Desk, until: datetime) -> dict[str, object]:
    return {
        "query_id": public_id("query", one.id), "link": f"{desk.public_url}/q/{one.token}", "answer_until": until,
        "doubts": numbered(one.doubts),
    }


def answer(tx: Tx, query: str, given: Answer, *, by: str, now: datetime) -> Answered:
    """
    Take an answer to the question with this public id or link token, and let the order go on to be checked again.

    Raises NoSuchQuery, AlreadyAnswered, AnswerRefused, and CancelRefused where it cancels; then nothing has changed.
    """
    order_id = _order_of(tx, query)
    units.lock_orders(tx, [order_id])
    open_query = next(iter(questions.open_of(tx, [order_id])), None)
    if open_query is None:
        raise AlreadyAnswered("This question has been answered already, or the order no longer needs an answer.")
    if given.cancel:
        canceled = cancellations.cancel(tx, order_id, reason="customer", by=by, now=now)
        return Answered(order_id, True, canceled.hints)
    subject = checks.subjects(tx, [order_id])[0]
    amended = apply_answer(subject.order, open_query.doubts, given)
    if not isinstance(amended, Amended):
        raise AnswerRefused(amended)
    _apply(tx, order_id, amended, by=by, now=now)
    given_anew = [amended.customer[part] for part in ("email", "phone") if f"/customer/{part}" in amended.changed]
    bounced.clear(tx, subject.shop_id, given_anew, now)
    return Answered(order_id, False, _resumed(tx, order_id, by=by, now=now))


def _order_of(tx: Tx, query: str) -> int:
    try:
        order_id = questions.order_of_query(tx, internal_id("query", query), None)
    except UnknownNumber:
        order_id = questions.order_of_query(tx, None, query)
    if order_id is None:
        raise NoSuchQuery("There is no such question.")
    return order_id


def _apply(tx: Tx, order_id: int, amended: Amended, *, by: str, now: datetime) -> None:
    questions.amend(
        tx, order_id, customer=amended.customer, ship_to=amended.ship_to, payment_method=amended.payment_method, total=amended.total
    )
    questions.amend_lines(tx, order_id, amended.lines)
    holds.clear_findings(tx, order_id, confirmed=amended.confirmed, how="answered", by=by, now=now)
    holds.close_holds(tx, [order_id], {WaitingFor.QUERY}, how="answered", by=by, now=now)
    note = {"changed": amended.changed, "confirmed": sorted(f"{rule} {field}" for rule, field in amended.confirmed)}
    questions.settle(tx, order_id, state="answered", answer=note, by=by, now=now)
    journal.write(tx, [Entry(order_id, "query.answered", note=note)], now=now, actor=by)


def hand_over(tx: Tx, order_id: int, *, now: datetime) -> bool:
    """
    The customer's reply to the open question lies with the office now: until it is keyed in or decided about, nobody is reminded.

    Returns whether the question was the customer's turn until then.
    """
    if [one.waiting_for for one in units.claim(tx, Unit.ORDER, [order_id])] != [WaitingFor.QUERY]:
        return False
    deadline = now + CALL_AGAIN
    holds.open_holds(tx, [{
        "order_id": order_id, "fulfillment_id": None, "kind": WaitingFor.OFFICE, "stops": OrderState.RECEIVED, "owner": Owner.OFFICE,
        "reason": REPLY_LIES_WITH_OFFICE, "opened_at": now, "deadline": deadline,
    }])
    units.wait(tx, Unit.ORDER, [(order_id, WaitingFor.OFFICE, deadline)], now)
    journal.write(tx, [Entry(order_id, "query.handed-over")], now=now, actor="care")
    return True


def _resumed(tx: Tx, order_id: int, *, by: str, now: datetime) -> tuple[Hint, ...]:
    with_office = holds.close_because(tx, order_id, REPLY_LIES_WITH_OFFICE, how="answered", by=by, now=now)
    units.wake(tx, Unit.ORDER, [order_id], {WaitingFor.QUERY, WaitingFor.OFFICE} if with_office else {WaitingFor.QUERY}, now)
    return tuple(
        Hint("validate", one.lane, [one.id])
        for one in units.claim(tx, Unit.ORDER, [order_id]) if one.state == OrderState.RECEIVED and one.waiting_for is None
    )
