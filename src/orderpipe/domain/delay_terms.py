"""
What a customer is offered when a promise is not kept, and what silence means: by the shop's policy, as the US mail-order rule has it.

Silence is consent to a first, definite delay of 30 days at most; a longer, indefinite or repeated one needs the customer's word, or
what is late is canceled.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from orderpipe.domain.calendars import local_time

SHORT = timedelta(days=30)
"""A first delay up to this long needs no word of the customer (16 CFR 435.2)."""

ANSWER_WITHIN = timedelta(days=7)
"""So much time a customer has to answer, at least."""

REMIND_AFTER = timedelta(days=3)
CALL_BEFORE = timedelta(days=2)
"""So long before anything without a date is canceled, the office is to call."""


class Policy(StrEnum):
    """What a shop lets silence mean."""

    US_MAIL_ORDER = "us-mail-order"
    SILENCE_IS_CONSENT = "silence-is-consent"
    EXPRESS_CONSENT = "express-consent"
    OFFICE = "office"


class Silence(StrEnum):
    """What comes of no answer: the customer waits, what is late is canceled, or the office calls."""

    CONSENTS = "consents"
    CANCELS = "cancels"
    CALLS = "calls"


class Choice(StrEnum):
    """What a customer may choose."""

    WAIT = "wait"
    PART = "part"
    SUBSTITUTE = "substitute"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Rights:
    """What silence means, from when on, and when it is reminded of and (None: never) the office called before."""

    silence: Silence
    answer_until: datetime
    remind_at: datetime
    call_at: datetime | None


@dataclass(frozen=True, slots=True)
class Late:
    """
    A delay about to be told; instants UTC.

    `first_until`: as promised at first; `until`: as promised until now; `new_until`: None where nobody can name a date. `repeated`:
    the customer was told of a delay of this order before; `agreed`: and has agreed to wait without a date; `unanswered`: what was told
    then, if no answer came.
    """

    first_until: datetime
    until: datetime
    new_until: datetime | None
    repeated: bool = False
    agreed: bool = False
    on_its_way: bool = False
    unanswered: Rights | None = None


def rights(policy: Policy, late: Late, *, now: datetime, zone: ZoneInfo) -> Rights:
    """What the customer is told about silence, at this instant; there is time to answer until the end of a day in that zone."""
    silence = _silence(policy, late)
    until = now + ANSWER_WITHIN
    if silence == Silence.CANCELS:
        until = max(until, late.until if late.repeated else late.first_until + SHORT)
    elif silence == Silence.CONSENTS and late.new_until is not None:
        until = max(now, min(until, late.new_until))
    until = local_time(zone.key, until.astimezone(zone).date() + timedelta(days=1), time(0))
    if late.unanswered is not None and Silence.CONSENTS not in (silence, late.unanswered.silence):
        until = min(until, late.unanswered.answer_until)  # another date is no reason to wait longer for the word that is missing
    calls = silence == Silence.CALLS or (silence == Silence.CANCELS and late.new_until is None)
    return Rights(silence, until, now + REMIND_AFTER, until - CALL_BEFORE if calls else None)


def _silence(policy: Policy, late: Late) -> Silence:
    if late.on_its_way or (late.agreed and late.new_until is not None):
        return Silence.CONSENTS
    if policy == Policy.US_MAIL_ORDER:
        short = late.new_until is not None and late.new_until - late.first_until <= SHORT
        return Silence.CONSENTS if short and not late.repeated else Silence.CANCELS
    return {
        Policy.SILENCE_IS_CONSENT: Silence.CONSENTS, Policy.EXPRESS_CONSENT: Silence.CANCELS, Policy.OFFICE: Silence.CALLS,
    }[policy]


def options(*, on_its_way: bool, part: bool, substitute: bool, cancelable: bool) -> tuple[Choice, ...]:
    """What can be offered; to wait can always."""
    if on_its_way:
        return (Choice.WAIT,)
    offered = {Choice.WAIT: True, Choice.PART: part, Choice.SUBSTITUTE: substitute, Choice.CANCEL: cancelable}
    return tuple(choice for choice, there in offered.items() if there)


def still_open(offered: Sequence[Choice], chosen: Choice | None) -> tuple[Choice, ...]:
    """What may be chosen now; whoever waits may still choose otherwise, and what was begun can only be canceled."""
    if chosen is None:
        return tuple(offered)
    return tuple(one for one in offered if one == Choice.CANCEL or (chosen == Choice.WAIT and one != Choice.WAIT))


class Step(StrEnum):
    """The next rung of the ladder."""

    REMIND = "remind"
    CALL = "call"
    END = "end"


def next_step(
    known: Rights, *, reminded: bool, called: bool, now: datetime
) -> tuple[Step | None, datetime]:
    """What is due now, and when the next rung is."""
    if now >= known.answer_until:
        return Step.END, known.answer_until
    rungs: Sequence[tuple[Step, datetime | None, bool]] = (
        (Step.CALL, known.call_at, called), (Step.REMIND, known.remind_at, reminded or called),
    )
    due = next((name for name, at, done in rungs if at is not None and not done and now >= at), None)
    ahead = [at for name, at, done in rungs if at is not None and not done and name != due and at > now]
    return due, min((*ahead, known.answer_until))
