"""
Queries: what the customer says to a question, by whatever way, is checked like input, amends the order, and lets it go on.

Who said it and how is kept with the question and in the journal; the journal names the fields, never what was written into them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from orderpipe.domain.links import BadLink, ExpiredLink, Purpose
from orderpipe.domain.orders import UnknownNumber, internal_id, public_id
from orderpipe.domain.queries import Amended, Answer, Problem, apply_answer, confirmable
from orderpipe.domain.rules import Override
from orderpipe.flow import OrderState, Owner, Unit, WaitingFor
from orderpipe.settings import settings
from orderpipe.sideflows import amended_doubts, amendments, cancellations, doubts
from orderpipe.sideflows.hints import Hint
from orderpipe.store import bounced, checks, holds, journal, link_keys, policies, questions, units
from orderpipe.store.carry_out import Occasion
from orderpipe.store.checks import Subject
from orderpipe.store.journal import Entry
from orderpipe.store.metadata import Tx
from orderpipe.store.questions import OpenQuery

REPLY_LIES_WITH_OFFICE = "The customer's reply is for the office to read."
"""Why an order waits for the office whose question was answered, but not clearly."""

READ_WITHIN = timedelta(days=1)
"""How soon the office is reminded of a reply that it has not read."""


class How(StrEnum):
    """By which way an answer came."""

    PAGE = "page"
    EMAIL = "email"
    PHONE = "phone"
    API = "api"


@dataclass(frozen=True, slots=True)
class Answered:
    """
    What an answer led to: the order, whether it was canceled, and what may go on.

    `earlier` is the number of the order that this one was the same as, or was added to; `separate`: it could not be added any more.
    """

    order_id: int
    canceled: bool
    hints: tuple[Hint, ...]
    earlier: str = ""
    separate: bool = False


class AnswerRefused(Exception):
    """The answer cannot be taken as it is; every problem says where, and what is wrong."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(f"{one.pointer}: {one.detail}" if one.pointer else one.detail for one in problems))
        self.problems = tuple(problems)


class NoSuchQuery(LookupError):
    """There is no such question."""


class QuestionExpired(NoSuchQuery):
    """The link to this question has expired."""


class AlreadyAnswered(Exception):
    """This question has been answered, or is no longer open."""


def answer(
    tx: Tx, query: str, given: Answer, *, by: str, now: datetime, how: How = How.API, right: Override = Override.CUSTOMER
) -> Answered:
    """
    Take an answer to the question with this public id or link token, and let the order go on to be checked again.

    `right` is whose the answer is: what only the office may override, a customer cannot confirm.

    Raises NoSuchQuery, AlreadyAnswered, AnswerRefused, and CancelRefused where it cancels; then nothing has changed.
    """
    query_id = behind(tx, query, now)
    order_id = questions.order_of_query(tx, query_id)
    if order_id is None:
        raise NoSuchQuery("There is no such question.")
    units.lock_orders(tx, [order_id])
    asked = questions.open_query(tx, query_id)
    if asked is None:
        raise AlreadyAnswered("This question has been answered already, or the order no longer needs an answer.")
    if given.cancel:
        return Answered(order_id, True, cancellations.cancel(tx, order_id, reason="customer", by=by, now=now).hints)
    amended = apply_answer(_subject(tx, order_id, now).order, asked.doubts, given, right)
    if not isinstance(amended, Amended):
        raise AnswerRefused(amended)
    note = {"changed": amended.changed, "confirmed": sorted(f"{rule} {field}" for rule, field in amended.confirmed), "how": how}
    journal.write(tx, [Entry(order_id, "query.answered", note=note)], now=now, actor=by)
    if units.claim(tx, Unit.ORDER, [order_id])[0].state != OrderState.RECEIVED:
        said = amended_doubts.Answered(how, amended.confirmed, note)
        return Answered(order_id, False, _as_amendment(tx, asked, given, said, by=by, now=now))
    _write(tx, order_id, amended, by=by, now=now)
    bounced.clear(tx, asked.shop_id, [amended.customer[part] for part in ("email", "phone") if f"/customer/{part}" in amended.changed], now)
    questions.settle(tx, {order_id: note}, state="answered", by=by, how=how, now=now)
    with_office = holds.close_because(tx, order_id, REPLY_LIES_WITH_OFFICE, how="answered", by=by, now=now)
    waits = {WaitingFor.QUERY, WaitingFor.OFFICE} if with_office else {WaitingFor.QUERY}
    return Answered(order_id, False, doubts.lift(tx, [order_id], waits=waits, how="answered", by=by, now=now))


def hand_over(tx: Tx, order_id: int, *, now: datetime) -> bool:
    """
    The customer's reply to the open question lies with the office now: until it is keyed in or decided about, nobody is reminded.

    Returns whether the question was the customer's turn until then.
    """
    order = units.claim(tx, Unit.ORDER, [order_id])[0]
    if order.waiting_for != WaitingFor.QUERY:
        return False
    deadline = now + READ_WITHIN
    holds.open_holds(tx, [{
        "order_id": order_id, "fulfillment_id": None, "kind": WaitingFor.OFFICE, "stops": order.state, "owner": Owner.OFFICE,
        "reason": REPLY_LIES_WITH_OFFICE, "opened_at": now, "deadline": deadline,
    }])
    units.wait(tx, Unit.ORDER, [(order_id, WaitingFor.OFFICE, deadline)], now)
    journal.write(tx, [Entry(order_id, "query.handed-over")], now=now, actor="care")
    return True


def reply_lies_with_office(tx: Tx, order_id: int) -> bool:
    """Whether the customer replied to the open question, but so that the office has to read it."""
    return holds.is_held_because(tx, order_id, REPLY_LIES_WITH_OFFICE)


def settle_reply(tx: Tx, order_id: int, *, by: str, now: datetime) -> bool:
    """
    The office has read the reply and lets the order go on: what it may override is taken as right. Returns whether that was anything.

    What has to be put right will be found again, and asked about alone. The caller has locked the order.
    """
    asked = next(iter(questions.open_of(tx, [order_id])), None)
    confirmed = [f"{one['rule']} {one['field']}" for one in asked.doubts if confirmable(one, Override.OFFICE)] if asked else []
    if asked is None or not confirmed:
        return False
    given = Answer({}, frozenset(confirmed))
    answer(tx, public_id("query", asked.id), given, by=by, now=now, how=How.EMAIL, right=Override.OFFICE)
    return True


def _as_amendment(
    tx: Tx, asked: OpenQuery, given: Answer, said: amended_doubts.Answered, *, by: str, now: datetime
) -> tuple[Hint, ...]:
    """An answer about an order that is being worked on changes it as an amendment does."""
    change = amendments.Asked(given.changes, f"answer {public_id('query', asked.id)}", answer=said)
    try:
        return amendments.amend(tx, asked.order_id, change, by=by, now=now).hints
    except amendments.AmendRefused as refused:
        raise AnswerRefused(refused.problems) from refused


def behind(tx: Tx, query: str, now: datetime) -> int:
    """The question of this public id, or behind this token of a link. Raises NoSuchQuery, QuestionExpired."""
    try:
        return internal_id("query", query)
    except UnknownNumber:
        return behind_link(tx, query, now)


def behind_link(tx: Tx, token: str, now: datetime) -> int:
    """The question behind this token of a link. Raises NoSuchQuery, QuestionExpired."""
    try:
        return link_keys.signer(tx, now).read(token, Purpose.QUESTION, now)
    except ExpiredLink as reason:
        raise QuestionExpired("The link to this question has expired; a newer letter has another.") from reason
    except BadLink as reason:
        if (found := questions.of_old_link(tx, token)) is None:
            raise NoSuchQuery("There is no such question.") from reason
        return found


def ask_on(tx: Tx, order_id: int, *, by: str, now: datetime, at_once: bool = False) -> bool:
    """
    Let an order that went to the office with its question open wait for the answer again; returns whether anything is still in doubt.

    `at_once`: the customer is reminded now. The caller has locked the order.
    """
    amended_doubts.look_again(tx, order_id, Occasion(now, by, policies.policies(tx, now), settings().office_email))
    if at_once:
        questions.due_now(tx, [one.id for one in questions.open_of(tx, [order_id])], now)
    left = questions.open_of(tx, [order_id])
    units.wait(tx, Unit.ORDER, [(order_id, WaitingFor.QUERY, one.due_at or now) for one in left], now)
    return bool(left)


def _subject(tx: Tx, order_id: int, now: datetime) -> Subject:
    return checks.subjects(tx, [order_id], policies.policies(tx, now))[0]


def _write(tx: Tx, order_id: int, amended: Amended, *, by: str, now: datetime) -> None:
    questions.amend(
        tx, order_id, customer=amended.customer, ship_to=amended.ship_to, payment_method=amended.payment_method, total=amended.total,
        requested_on=amended.requested_on,
    )
    questions.amend_lines(tx, order_id, amended.lines)
    holds.clear_findings(tx, [order_id], confirmed=amended.confirmed, how="answered", by=by, now=now)
