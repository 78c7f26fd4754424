"""
Queries: what the customer says to a question, by whatever way, is checked like input, amends the order, and lets it go on.

Who said it and how is kept with the question and in the journal; the journal names the fields, never what was written into them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from orderpipe.domain.links import BadLink, ExpiredLink, Purpose
from orderpipe.domain.orders import UnknownNumber, internal_id
from orderpipe.domain.queries import Amended, Answer, Problem, apply_answer
from orderpipe.domain.rules import Override, Severity, worst
from orderpipe.flow import Unit, WaitingFor
from orderpipe.sideflows import cancellations, doubts
from orderpipe.sideflows.hints import Hint
from orderpipe.store import checks, holds, journal, link_keys, policies, questions, units
from orderpipe.store.checks import Subject
from orderpipe.store.journal import Entry
from orderpipe.store.metadata import Tx


class How(StrEnum):
    """By which way an answer came."""

    PAGE = "page"
    EMAIL = "email"
    PHONE = "phone"
    API = "api"
    AMENDED = "amended"


@dataclass(frozen=True, slots=True)
class Answered:
    """What an answer led to: the order, whether it was canceled, and what may go on."""

    order_id: int
    canceled: bool
    hints: tuple[Hint, ...]


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
    _amend(tx, order_id, amended, by=by, now=now)
    confirmed = sorted(f"{rule} {field}" for rule, field in amended.confirmed)
    return Answered(order_id, False, _settle(tx, order_id, {"changed": amended.changed, "confirmed": confirmed}, by=by, how=how, now=now))


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


def recheck(tx: Tx, order_id: int, *, by: str, now: datetime) -> tuple[Hint, ...]:
    """
    Look at the open question of an order that somebody has amended: what is in order by now is asked no more.

    What is left is not asked again; what is new is, with the rest, in one message. The caller has locked the order and sends the hints.
    """
    asked = next(iter(questions.open_of(tx, [order_id])), None)
    if asked is None:
        return ()
    found = [one for one in _subject(tx, order_id, now).findings() if one.severity != Severity.NOTE]
    if worst(found) != Severity.ASK:  # in order, or no longer for the customer to say
        holds.clear_findings(tx, [order_id], how=How.AMENDED, by=by, now=now)
        return _settle(tx, order_id, {"changed": (), "confirmed": ()}, by=by, how=How.AMENDED, now=now)
    if questions.merge(tx, {order_id: [one.doubt for one in found]}):
        units.wait(tx, Unit.ORDER, [(order_id, WaitingFor.QUERY, now)], now)
    holds.clear_findings(tx, [order_id], how=How.AMENDED, by=by, now=now)
    checks.keep_findings(tx, {order_id: found}, now)
    return ()


def _subject(tx: Tx, order_id: int, now: datetime) -> Subject:
    return checks.subjects(tx, [order_id], policies.policies(tx, now))[0]


def _amend(tx: Tx, order_id: int, amended: Amended, *, by: str, now: datetime) -> None:
    questions.amend(
        tx, order_id, customer=amended.customer, ship_to=amended.ship_to, payment_method=amended.payment_method, total=amended.total,
        requested_on=amended.requested_on,
    )
    questions.amend_lines(tx, order_id, amended.lines)
    holds.clear_findings(tx, [order_id], confirmed=amended.confirmed, how="answered", by=by, now=now)


def _settle(tx: Tx, order_id: int, note: dict[str, object], *, by: str, how: How, now: datetime) -> tuple[Hint, ...]:
    questions.settle(tx, {order_id: note}, state="answered", by=by, how=how, now=now)
    journal.write(tx, [Entry(order_id, "query.answered", note=note | {"how": how})], now=now, actor=by)
    return doubts.lift(tx, [order_id], how="answered", by=by, now=now)
