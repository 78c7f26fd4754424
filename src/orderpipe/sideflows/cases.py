"""
Cases: opened by customer, staff or orderpipe, then handled step by step; the customer is told at each.

Whoever acts holds the order's lock, so each step happens once and in its place. A case that was answered is reopened by whatever
the customer writes next.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from orderpipe.domain.case_terms import clocks
from orderpipe.domain.cases import (
    ANSWERED,
    Case,
    Cause,
    Channel,
    Kind,
    Outcome,
    Pieces,
    Severity,
    Step,
    UnknownCase,
    paragraphs,
    reopened,
    stepped,
    storable,
    together,
)
from orderpipe.domain.decisions import Audience, Tell
from orderpipe.domain.orders import public_id
from orderpipe.domain.remedies import Remedy, check_pieces
from orderpipe.settings import settings
from orderpipe.sideflows import office, remedies
from orderpipe.sideflows.hints import Hint
from orderpipe.store import case_opening, case_terms, cases, journal, refunds, replacements, units
from orderpipe.store.case_opening import Opened, Opening
from orderpipe.store.cases import Message
from orderpipe.store.journal import Entry
from orderpipe.store.metadata import Tx
from orderpipe.store.policies import policies
from orderpipe.store.telling import tell

CUSTOMER = "customer"


@dataclass(frozen=True, slots=True)
class Assessment:
    """What an assessment says; None leaves it as it is."""

    severity: Severity | None = None
    owner: str | None = None
    cause: Cause | None = None
    kind: Kind | None = None


@dataclass(frozen=True, slots=True)
class Word:
    """
    A word on a case: of the customer; of staff to the customer; or (`note`) among staff. `author` is whoever signed it,
    `source_id` the sender's own id of the message, by which it is taken down once, `lines` what more the case is about now; who is
    `untold` hears of it by another letter.
    """

    text: str
    by: str
    channel: Channel
    author: str = ""
    source_id: str | None = None
    note: bool = False
    lines: tuple[Pieces, ...] = ()
    untold: frozenset[Audience] = frozenset()


class NoSuchCredit(LookupError):
    """The case has no credit of this reference."""


@dataclass(frozen=True, slots=True)
class Done:
    """The case after a step, and what may go on."""

    case: Case
    hints: tuple[Hint, ...] = ()


def open_case(tx: Tx, opening: Opening, *, now: datetime) -> Opened:
    """Open a case about an order that exists; the same key opens the same case. Raises RemedyRefused for pieces that it does not have."""
    units.lock_orders(tx, [opening.order_id])
    if opening.lines:
        check_pieces(opening.lines, replacements.original(tx, opening.order_id).pieces)
    return case_opening.open_cases(tx, [opening], office=settings().office_email, now=now)[0]


def acknowledge(tx: Tx, case_id: int, *, by: str, now: datetime) -> Done:
    """Somebody has looked at it: the first clock stops. Raises UnknownCase, CaseRefused."""
    return _go(tx, stepped(claimed(tx, case_id), Step.ACKNOWLEDGE, now), Step.ACKNOWLEDGE, by=by, now=now)


def assess(tx: Tx, case_id: int, found: Assessment, *, by: str, now: datetime) -> Done:
    """How much it weighs, what caused it, and who looks after it. Raises UnknownCase, CaseRefused."""
    case = stepped(claimed(tx, case_id), Step.ASSESS, now)
    case = replace(
        case, severity=found.severity or case.severity, owner=case.owner if found.owner is None else found.owner,
        cause=found.cause or case.cause, kind=found.kind or case.kind,
    )
    return _go(tx, case, Step.ASSESS, by=by, now=now)


def investigate(tx: Tx, case_id: int, note: str, *, by: str, now: datetime) -> Done:
    """What was found out, for staff only. Raises UnknownCase, CaseRefused."""
    case = stepped(claimed(tx, case_id), Step.INVESTIGATE, now)
    cases.write_messages(tx, [Message(case_id, now, "note", Channel.STAFF, by, storable(note))])
    return _go(tx, case, Step.INVESTIGATE, by=by, now=now)


def respond(tx: Tx, case_id: int, text: str, chosen: Sequence[Remedy], *, by: str, now: datetime) -> Done:
    """Answer the customer and set the remedies going, all or nothing. Raises UnknownCase, CaseRefused, RemedyRefused, DecisionRefused."""
    case = stepped(claimed(tx, case_id), Step.RESPOND, now)
    cases.save(tx, [case])
    applied = remedies.apply(tx, case, chosen, by=by, now=now)
    hints = (*applied.hints, *_let_go(tx, case, by=by, now=now))
    case = replace(case, remedies=(*case.remedies, *applied.documents), holds=False)
    (message_id,) = cases.write_messages(tx, [Message(case_id, now, "out", Channel.STAFF, by, storable(text))])
    facts = {"case": case.number, "text": paragraphs(storable(text)), "remedies": applied.documents}
    letter = Tell("case-response", facts, f"case-response:{message_id}")
    _write(tx, case, "case.responded", [letter], by=by, now=now, note={"remedies": [one.kind for one in chosen]})
    return Done(case, hints)


def close(tx: Tx, case_id: int, outcome: Outcome, *, cause: Cause | None = None, by: str, now: datetime) -> Done:
    """End the case, saying how; the customer is told. Raises UnknownCase, CaseRefused."""
    case = stepped(claimed(tx, case_id), Step.CLOSE, now)
    hints = _let_go(tx, case, by=by, now=now)
    case = replace(case, outcome=outcome, cause=cause or case.cause, holds=False)
    _write(tx, case, "case.closed", [closing(case)], by=by, now=now, note={"outcome": outcome, "cause": case.cause})
    return Done(case, hints)


def give_credit(tx: Tx, case_id: int, reference: str, *, by: str, now: datetime) -> Done:
    """The shop has given the credit of this reference; the customer is told once. Raises UnknownCase, NoSuchCredit."""
    case = claimed(tx, case_id)
    new = refunds.give(tx, case_id, reference, now)
    if new is None:
        raise NoSuchCredit(f"Case {case.number} has no credit {reference!r}.")
    if new:
        (one,) = (one for one in refunds.of_case(tx, case_id) if one.reference == reference)
        note: dict[str, object] = {"reference": reference, "amount": one.amount, "currency": one.currency}
        letter = Tell("credit-given", {"case": case.number, "amount": one.amount}, f"credit-given:{case_id}:{reference}")
        _write(tx, case, "credit.given", [letter], by=by, now=now, note=note)
    return Done(case)


def closing(case: Case) -> Tell:
    """The letter that says how the case has ended."""
    return Tell("case-closed", {"case": case.number, "outcome": case.outcome}, f"case-closed:{case.id}:{case.reopened}")


def say(tx: Tx, case_id: int, word: Word, *, now: datetime) -> Done:
    """Take a word down; the customer's reopens a case that was answered. Raises UnknownCase."""
    case = claimed(tx, case_id)
    direction = "note" if word.note else "in" if word.by == CUSTOMER else "out"
    author = storable(word.author or word.by)
    written = Message(case_id, now, direction, word.channel, author, storable(word.text), word.source_id)
    new = cases.write_messages(tx, [written])
    if not new or direction == "note":
        return Done(case)
    if direction == "out":
        letter = Tell("case-progress", _progress(case, "written") | {"text": paragraphs(written.body)}, f"case-written:{new[0]}")
        _write(tx, case, "case.written", [letter], by=word.by, now=now)
        return Done(case)
    if word.lines:
        case = replace(case, lines=together(case.lines, word.lines, replacements.original(tx, case.order_id).pieces))
    return Done(_heard(tx, case, written, new[0], untold=word.untold, now=now))


def _heard(tx: Tx, case: Case, written: Message, message_id: int, *, untold: Collection[Audience], now: datetime) -> Case:
    letters = [replace(case_opening.to_office(case, written.body), dedupe=f"office-case:{case.id}:message:{message_id}")]
    what = "case.written"
    if case.state in ANSWERED:
        targets, rules = case_terms.targets(tx), policies(tx, now)
        case = reopened(case, clocks(targets, rules, case.kind, shop_id=case.shop_id, order_type=case.order_type, now=now))
        letters, what = [case_opening.received(case), case_opening.to_office(case, written.body)], "case.reopened"
    _write(tx, case, what, [one for one in letters if one.to not in untold], by=CUSTOMER, now=now)
    return case


def claimed(tx: Tx, case_id: int) -> Case:
    """The case, with its order's lock. Raises UnknownCase."""
    found = cases.order_of(tx, case_id)
    if found is None:
        raise UnknownCase("There is no such case.")
    units.lock_orders(tx, [found[1]])
    return cases.of_ids(tx, [case_id])[case_id]


def _go(tx: Tx, case: Case, step: Step, *, by: str, now: datetime) -> Done:
    letter = Tell("case-progress", _progress(case, case.state), f"case-progress:{case.id}:{case.reopened}:{case.state}")
    _write(tx, case, f"case.{case.state}", [letter], by=by, now=now, note={"cause": case.cause} if step == Step.ASSESS else {})
    return Done(case)


def _progress(case: Case, step: str) -> dict[str, object]:
    return {"case": case.number, "step": step, "resolve_by": case.clocks.resolve_by}


def _write(
    tx: Tx, case: Case, what: str, letters: Sequence[Tell], *, by: str, now: datetime, note: dict[str, object] | None = None
) -> None:
    cases.save(tx, [case])
    journal.write(tx, [Entry(case.order_id, what, note={"case": public_id("case", case.id)} | (note or {}))], now=now, actor=by)
    tell(tx, [(case.order_id, one) for one in letters], office=settings().office_email, by=by, now=now)


def _let_go(tx: Tx, case: Case, *, by: str, now: datetime) -> tuple[Hint, ...]:
    return office.let_go(tx, case.order_id, how="case", by=by, now=now) if case.holds else ()
