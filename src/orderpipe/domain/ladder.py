"""
The ladder of a question: asked, repeated, repeated by the other channel, given to the office for a call; at last, what silence means.

Each rung comes so much working time after the one before. How long, and what silence means, each shop says for each type of order.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from orderpipe.domain.calendars import WorkingCalendar, add_working_time, next_working_instant
from orderpipe.domain.contacts import email_problem, sms_number
from orderpipe.domain.notices import Channel
from orderpipe.domain.queries import confirmable

CALL_AGAIN = timedelta(days=1)
"""How often the office is reminded to call, on working days."""

LONGEST = 43_200
"""Working minutes that a rung may be away from the one before, at most: 90 working days of eight hours."""

LONGEST_LINK_DAYS = 400


class Rung(StrEnum):
    """A step of following a question up; at SILENCE the customer has not answered by the day that we named."""

    ASK = "ask"
    REMIND = "remind"
    OTHER = "other-channel"
    CALL = "call"
    CALL_AGAIN = "call-again"
    SILENCE = "silence"


TASK = {
    Rung.ASK: "query.ask", Rung.REMIND: "query.remind", Rung.OTHER: "query.remind", Rung.CALL: "query.escalate",
    Rung.CALL_AGAIN: "query.escalate", Rung.SILENCE: "query.escalate",
}
"""Which task takes a rung."""


class OnSilence(StrEnum):
    """What becomes of an order whose question nobody answers; WAIT: the office is reminded every working day."""

    CANCEL = "cancel"
    PROCEED = "proceed"
    WAIT = "wait"


@dataclass(frozen=True, slots=True)
class QueryPolicy:
    """
    Working minutes from each rung to the next: the reminder, the reminder by the other channel (0: none), the call, silence.

    `link_days` are calendar days for which the link in each letter opens the question.
    """

    remind_after: int = 240
    other_channel_after: int = 240
    call_after: int = 240
    silence_after: int = 2_400
    on_silence: OnSilence = OnSilence.WAIT
    link_days: int = 30

    def __post_init__(self) -> None:
        """Raises BadPolicy."""
        for name, least in (("remind_after", 1), ("other_channel_after", 0), ("call_after", 1), ("silence_after", 1)):
            if not least <= getattr(self, name) <= LONGEST:
                raise BadPolicy(f"{name} is from {least} to {LONGEST} working minutes, not {getattr(self, name)}.")
        if not 1 <= self.link_days <= LONGEST_LINK_DAYS:
            raise BadPolicy(f"link_days is from 1 to {LONGEST_LINK_DAYS}, not {self.link_days}.")


class BadPolicy(ValueError):
    """A question cannot be followed up like this."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a question has been followed up (UTC), whether the other channel is open, and what silence was said to mean, and when."""

    asked_at: datetime | None
    reminded_at: datetime | None
    repeated_at: datetime | None
    escalated_at: datetime | None
    other: bool = False
    silence_at: datetime | None = None

    def rung(self, at: datetime) -> Rung:
        """The rung that is taken when the clock looks at this instant."""
        if self.asked_at is None:
            return Rung.ASK
        if self.reminded_at is None:
            return Rung.REMIND
        if self.escalated_at is None:
            return Rung.OTHER if self.other and self.repeated_at is None else Rung.CALL
        return Rung.SILENCE if self.silence_at and self.silence_at <= at else Rung.CALL_AGAIN


@dataclass(frozen=True, slots=True)
class Plan:
    """When the next rung is due, from when on silence counts, None where it never does, and by when we ask for an answer (UTC)."""

    next_at: datetime
    silence_at: datetime | None
    answer_until: datetime


def plan(progress: Progress, rung: Rung, policy: QueryPolicy, calendar: WorkingCalendar, *, silent: OnSilence, now: datetime) -> Plan:
    """
    What follows a rung taken now; `silent` is what silence means for this question. Raises NoWorkingTime.

    The day from which silence counts is told with the first reminder and never comes earlier; at the call it may become later.
    """
    def after(minutes: float) -> datetime:
        return add_working_time(calendar, now, minutes)

    match rung:
        case Rung.ASK:
            return Plan(after(policy.remind_after), None, after(policy.remind_after))
        case Rung.REMIND | Rung.OTHER:
            until_call = policy.call_after + (policy.other_channel_after if rung == Rung.REMIND else 0)
            silence_at = progress.silence_at
            if silence_at is None and silent != OnSilence.WAIT:
                silence_at = after(until_call + policy.silence_after)
            other_next = rung == Rung.REMIND and progress.other
            return Plan(after(policy.other_channel_after if other_next else until_call), silence_at, silence_at or after(until_call))
        case _:
            silence_at = None if rung == Rung.SILENCE else progress.silence_at
            if silence_at and rung == Rung.CALL:
                silence_at = max(silence_at, after(policy.silence_after))
            again = next_working_instant(calendar, now + CALL_AGAIN)
            return Plan(min(again, silence_at or again), silence_at, silence_at or again)


def outcome(policy: QueryPolicy, doubts: Iterable[Mapping[str, object]]) -> OnSilence:
    """What silence means for these doubts: only what may be right as it stands can go on as it was ordered."""
    if policy.on_silence == OnSilence.PROCEED and not all(map(confirmable, doubts)):
        return OnSilence.WAIT
    return policy.on_silence


def other_channel(asked_by: Channel, customer: Mapping[str, str], country: str) -> Channel | None:
    """The other channel by which this customer can be written to; `country` is for telephone numbers without one."""
    if asked_by == Channel.EMAIL:
        return Channel.SMS if sms_number(customer.get("phone", ""), country) else None
    return None if email_problem(customer.get("email", "")) else Channel.EMAIL
