"""
Cases: what a customer complains about, claims, sends back or asks, handled step by step after ISO 10002, with two clocks.

A case goes from received to closed and says at each step what may follow; it stops its order only if it says so.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import IntFlag, StrEnum
from typing import Any

from orderpipe.domain.orders import UnknownNumber, number_of, order_id_of


class Kind(StrEnum):
    """What a case is about."""

    COMPLAINT = "complaint"
    RETURN = "return"
    CLAIM = "claim"
    ORDER_ERROR = "order-error"
    WITHDRAWAL = "withdrawal"
    ENQUIRY = "enquiry"


class State(StrEnum):
    """How far a case is; the steps of ISO 10002."""

    RECEIVED = "received"
    ACKNOWLEDGED = "acknowledged"
    ASSESSED = "assessed"
    INVESTIGATED = "investigated"
    RESPONDED = "responded"
    CLOSED = "closed"


class Step(StrEnum):
    """What staff does with a case."""

    ACKNOWLEDGE = "acknowledge"
    ASSESS = "assess"
    INVESTIGATE = "investigate"
    RESPOND = "respond"
    CLOSE = "close"


class Cause(StrEnum):
    """Why it came to a case: the list that improvement reports count by."""

    DAMAGED = "damaged"
    WRONG_ITEM = "wrong-item"
    MISSING_ITEM = "missing-item"
    LATE = "late"
    QUALITY = "quality"
    BILLING = "billing"
    NOT_ORDERED = "not-ordered"
    CHANGED_MIND = "changed-mind"
    CARRIER_LOST = "carrier-lost"
    CARRIER_RETURNED = "carrier-returned"
    OTHER = "other"


class Severity(StrEnum):
    """How much it weighs."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


class Channel(StrEnum):
    """How a case or a message came."""

    PAGE = "page"
    EMAIL = "email"
    STAFF = "staff"
    API = "api"
    ORDERPIPE = "orderpipe"


class Outcome(StrEnum):
    """How a case ended."""

    RESOLVED = "resolved"
    NOT_JUSTIFIED = "not-justified"
    WITHDRAWN = "withdrawn"
    DUPLICATE = "duplicate"


class Alarm(IntFlag):
    """What has been reported of a case's two clocks."""

    ACKNOWLEDGE_SOON = 1
    ACKNOWLEDGE_LATE = 2
    RESOLVE_SOON = 4
    RESOLVE_LATE = 8


NOTHING = Alarm(0)

CLOSES_AFTER = timedelta(days=10)
"""A case that was answered closes by itself when the customer says nothing for so long."""

SOON = 0.8
"""The part of a clock's working time after which its owner is warned."""

LEADS_TO: Mapping[Step, State] = {
    Step.ACKNOWLEDGE: State.ACKNOWLEDGED, Step.ASSESS: State.ASSESSED, Step.INVESTIGATE: State.INVESTIGATED,
    Step.RESPOND: State.RESPONDED, Step.CLOSE: State.CLOSED,
}
MAY_FOLLOW: Mapping[State, tuple[Step, ...]] = {
    State.RECEIVED: tuple(Step),
    State.ACKNOWLEDGED: (Step.ASSESS, Step.INVESTIGATE, Step.RESPOND, Step.CLOSE),
    State.ASSESSED: (Step.ASSESS, Step.INVESTIGATE, Step.RESPOND, Step.CLOSE),
    State.INVESTIGATED: (Step.INVESTIGATE, Step.RESPOND, Step.CLOSE),
    State.RESPONDED: (Step.RESPOND, Step.CLOSE),
    State.CLOSED: (),
}
ANSWERED = frozenset({State.RESPONDED, State.CLOSED})


class CaseRefused(Exception):
    """The case does not stand where this can be done with it."""

    def __init__(self, sentence: str, state: str, allowed: Iterable[str] = ()) -> None:
        super().__init__(sentence)
        self.state, self.allowed = state, tuple(allowed)


class UnknownCase(LookupError):
    """There is no such case."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """So many pieces of the order's line of this number."""

    number: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Clocks:
    """Until when a case is to be acknowledged and answered, and when its owner is warned (UTC)."""

    acknowledge_warn_at: datetime
    acknowledge_by: datetime
    resolve_warn_at: datetime
    resolve_by: datetime


@dataclass(frozen=True, slots=True)
class Case:
    """A case as it stands; instants UTC. `remedies` are those instructed, oldest first, as documents; `told` the alarms reported."""

    id: int
    shop_id: int
    order_id: int
    order_type: str
    kind: Kind
    state: State
    cause: Cause
    severity: Severity
    owner: str
    channel: Channel
    opened_by: str
    opened_at: datetime
    clocks: Clocks
    lines: tuple[Pieces, ...] = ()
    fulfillment_id: int | None = None
    holds: bool = False
    acknowledged_at: datetime | None = None
    responded_at: datetime | None = None
    closed_at: datetime | None = None
    told: Alarm = NOTHING
    reopened: int = 0
    outcome: Outcome | None = None
    remedies: tuple[Mapping[str, Any], ...] = field(default=())

    @property
    def number(self) -> str:
        """The number people read out."""
        return case_number(self.id)

    @property
    def allowed(self) -> tuple[Step, ...]:
        """What may be done with it now."""
        return MAY_FOLLOW[self.state]


def case_number(case_id: int) -> str:
    """The number people read out, such as `C-100042-7`, with a check digit."""
    return f"C-{number_of(case_id)}"


def case_id_of(number: str) -> int:
    """The case behind a number such as `C-100042-7`. Raises UnknownNumber."""
    prefix, _, digits = number.strip().partition("-")
    if prefix.upper() != "C":
        raise UnknownNumber(f"{number!r} is no case number; it looks like C-100042-7.")
    return order_id_of(digits)


def stepped(case: Case, step: Step, now: datetime) -> Case:
    """The case after this step; a later step acknowledges and answers what was not yet. Raises CaseRefused."""
    if step not in case.allowed:
        raise CaseRefused(f"Case {case.number} is {case.state}; {step} does not fit here.", case.state, case.allowed)
    after = replace(case, state=LEADS_TO[step], acknowledged_at=case.acknowledged_at or now)
    if after.state in ANSWERED:
        after = replace(after, responded_at=now if step == Step.RESPOND else case.responded_at or now)
    return replace(after, closed_at=now) if step == Step.CLOSE else after


def reopened(case: Case, clocks: Clocks) -> Case:
    """The case once the customer has written again after our answer: received anew, with both clocks anew."""
    return replace(
        case, state=State.RECEIVED, clocks=clocks, acknowledged_at=None, responded_at=None, closed_at=None, told=NOTHING,
        reopened=case.reopened + 1, outcome=None,
    )


def alarms(case: Case, now: datetime) -> Alarm:
    """What is to be reported of its clocks now and was not yet; who hears that a clock has run out need not be warned of it."""
    if case.state in ANSWERED:
        return NOTHING
    due = NOTHING
    for alarm, at in _looks(case):
        due |= alarm if at <= now else NOTHING
    if Alarm.ACKNOWLEDGE_LATE in due:
        due &= ~Alarm.ACKNOWLEDGE_SOON
    if Alarm.RESOLVE_LATE in due:
        due &= ~Alarm.RESOLVE_SOON
    return due


def reported(case: Case, due: Alarm) -> Case:
    """The case once these alarms are reported; with the late one the early one is settled too."""
    settled = due
    if Alarm.ACKNOWLEDGE_LATE in due:
        settled |= Alarm.ACKNOWLEDGE_SOON
    if Alarm.RESOLVE_LATE in due:
        settled |= Alarm.RESOLVE_SOON
    return replace(case, told=case.told | settled)


def next_look(case: Case) -> datetime | None:
    """When the clock looks at the case again (UTC); None when it is closed, or everything is reported."""
    if case.state == State.CLOSED:
        return None
    if case.state == State.RESPONDED:
        return closes_at(case)
    return min((at for _, at in _looks(case)), default=None)


def closes_at(case: Case) -> datetime | None:
    """When an answered case closes by itself."""
    return case.responded_at + CLOSES_AFTER if case.state == State.RESPONDED and case.responded_at else None


def _looks(case: Case) -> list[tuple[Alarm, datetime]]:
    clocks = case.clocks
    looks = [(Alarm.RESOLVE_SOON, clocks.resolve_warn_at), (Alarm.RESOLVE_LATE, clocks.resolve_by)]
    if case.acknowledged_at is None:
        looks += [(Alarm.ACKNOWLEDGE_SOON, clocks.acknowledge_warn_at), (Alarm.ACKNOWLEDGE_LATE, clocks.acknowledge_by)]
    return [(alarm, at) for alarm, at in looks if alarm not in case.told]


def goes_on(case: Case, kind: Kind, cause: Cause) -> bool:
    """
    Whether what a customer says belongs to this case: it is open and about the same. What is sent back because it is not wanted any
    more belongs to the withdrawal.
    """
    same = case.kind == kind and (kind == Kind.WITHDRAWAL or case.cause == cause)
    return case.state != State.CLOSED and (same or (case.kind, kind, cause) == (Kind.WITHDRAWAL, Kind.RETURN, Cause.CHANGED_MIND))


def together(some: Iterable[Pieces], more: Iterable[Pieces], most: Mapping[int, int]) -> tuple[Pieces, ...]:
    """The pieces of both, of each line no more than there are (`most`)."""
    found: dict[int, int] = {}
    for one in (*some, *more):
        found[one.number] = min(found.get(one.number, 0) + one.quantity, most.get(one.number, 0))
    return tuple(Pieces(number, quantity) for number, quantity in sorted(found.items()) if quantity)


def storable(words: str) -> str:
    """The words as they can be kept: exactly, but for NUL and halves of characters, which no database takes."""
    return words.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def paragraphs(words: str) -> list[str]:
    """The words as a letter shows them: paragraph by paragraph, without empty ones."""
    return [line.strip() for line in words.splitlines() if line.strip()]
