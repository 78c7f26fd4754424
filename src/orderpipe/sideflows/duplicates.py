"""
Answers about an order that is much like an earlier one: it is the same and goes, or its lines are added to the earlier one.

What can no longer be added stays an order of its own, and its customer is told so. Every other answer is taken as it is.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from orderpipe.domain.cases import Outcome, State
from orderpipe.domain.decisions import Tell
from orderpipe.domain.merging import RULES, additions_to, earlier_order, why_apart
from orderpipe.domain.orders import number_of
from orderpipe.domain.queries import Answer, Problem
from orderpipe.domain.rules import Override
from orderpipe.flow import OrderState
from orderpipe.sideflows import amendments, cancellations, queries
from orderpipe.sideflows import cases as handling
from orderpipe.sideflows.amendments import AmendRefused, Asked
from orderpipe.sideflows.hints import Hint
from orderpipe.sideflows.queries import Answered, AnswerRefused, How
from orderpipe.store import amending, cases, journal, questions, units
from orderpipe.store.journal import Entry
from orderpipe.store.metadata import Tx
from orderpipe.store.questions import OpenQuery
from orderpipe.store.telling import tell

_GONE = frozenset({OrderState.CANCELED, OrderState.REJECTED})


def answer(
    tx: Tx, query: str, given: Answer, *, by: str, now: datetime, how: How = How.API, right: Override = Override.CUSTOMER
) -> Answered:
    """Take an answer to a question, as `queries.answer` does and with what it raises."""
    asked = _claimed(tx, queries.behind(tx, query, now)) if given.cancel or given.merge else None
    earlier = earlier_order(asked.doubts) if asked else None
    if asked is None or earlier is None:
        if asked and given.merge:
            raise AnswerRefused([Problem("", "We did not ask about an earlier order, so there is none to add this one to.", "no-earlier")])
        return queries.answer(tx, query, given, by=by, now=now, how=how, right=right)
    if given.merge:
        hints = _merge(tx, asked.order_id, earlier, by=by, how=how, now=now)
        if isinstance(hints, str):
            kept = queries.answer(tx, query, _both(asked), by=by, now=now, how=how, right=right)
            _tell_apart(tx, asked.order_id, earlier, hints, by=by, now=now)
            return replace(kept, separate=True)
        return Answered(asked.order_id, True, (*hints, *_end(tx, asked.order_id, earlier, "merged", by=by, now=now)), number_of(earlier))
    if amending.subject(tx, earlier, now).order.state in _GONE:  # type: ignore[union-attr]  # a doubt names orders that there are
        return queries.answer(tx, query, given, by=by, now=now, how=how, right=right)
    hints = _end(tx, asked.order_id, earlier, "duplicate", by=by, now=now)
    return Answered(asked.order_id, True, hints, number_of(earlier))


def lock(tx: Tx, order_id: int) -> None:
    """Lock the order, and the earlier one that its open question names, in the order of their ids."""
    asked = next(iter(questions.open_of(tx, [order_id])), None)
    earlier = earlier_order(asked.doubts) if asked else None
    units.lock_orders(tx, [order_id, *([earlier] if earlier else [])])


def _claimed(tx: Tx, query_id: int) -> OpenQuery | None:
    before = questions.open_query(tx, query_id)
    if before is not None:
        lock(tx, before.order_id)
    return questions.open_query(tx, query_id)


def _both(asked: OpenQuery) -> Answer:
    return Answer({}, frozenset(f"{one['rule']} {one['field']}" for one in asked.doubts if one["rule"] in RULES))


def _merge(tx: Tx, order_id: int, earlier: int, *, by: str, how: How, now: datetime) -> tuple[Hint, ...] | str:
    """Add the order's lines to the earlier one, as an amendment of that; returns what may go on, or why it cannot be."""
    new, first = amending.subject(tx, order_id, now), amending.subject(tx, earlier, now)
    assert new is not None
    assert first is not None
    if why := why_apart(new.order, first.order):
        return why
    if (new.type, new.currency, new.prepaid) != (first.type, first.currency, first.prepaid):
        return "The two orders are of different kinds."
    number = number_of(order_id)
    asked = Asked(additions_to(first.order, new.order), f"merge {number}", note={"how": how, "merged": number})
    try:
        return amendments.amend(tx, earlier, asked, by=by, now=now).hints
    except AmendRefused as refused:
        return str(refused)


def _end(tx: Tx, order_id: int, earlier: int, reason: str, *, by: str, now: datetime) -> tuple[Hint, ...]:
    """Cancel the later order, linked with the earlier one; cases about it have nothing to be about any more, and are closed."""
    of = {"of": number_of(earlier)}
    canceled = cancellations.cancel(tx, order_id, reason=reason, by=by, now=now, facts=of)
    journal.write(tx, [Entry(earlier, f"order.{_NOTED[reason]}", note={"order": number_of(order_id)})], now=now, actor=by)
    hints = list(canceled.hints)
    for case in cases.of_orders(tx, [order_id]):
        if case.state != State.CLOSED:
            hints += handling.close(tx, case.id, Outcome.RESOLVED, by=by, now=now).hints
    return tuple(hints)


_NOTED: Mapping[str, str] = {"merged": "took-over", "duplicate": "ordered-twice"}


def _tell_apart(tx: Tx, order_id: int, earlier: int, why: str, *, by: str, now: datetime) -> None:
    journal.write(tx, [Entry(order_id, "order.kept-apart", note={"of": number_of(earlier), "why": why})], now=now, actor=by)
    letter = Tell("kept-apart", {"of": number_of(earlier)}, f"kept-apart:{order_id}")
    tell(tx, [(order_id, letter)], office="", by=by, now=now)
