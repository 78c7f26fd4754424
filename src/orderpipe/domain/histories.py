"""
What the journal says of an order's time: how long its parts waited for somebody else, and which clocks run of it now.

The clock of a stage stands still while a customer or shop is waited for, or a day that the customer asked for; that of the whole
order as well while nothing of it is ours to do, as when all its parcels are with the carrier.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from orderpipe.domain.clocks import Clock, Span, without
from orderpipe.domain.targets import OUTSIDERS, PERFORMED, UNTIL_CONFIRMED, UNTIL_SHIPPED, WHOLE, Policies
from orderpipe.flow import FULFILLMENT_ENDS, WAITS, FulfillmentState, OrderState, Owner, WaitingFor

ITSELF = 0
"""In place of a fulfillment: the order itself."""

_TURN = {reason: waiting.owner for reason, waiting in WAITS.items()} | {WaitingFor.DATE: Owner.CUSTOMER}
"""Whose turn it is while a unit waits; it is the customer who wants to have it later."""
STANDING = frozenset(reason for reason, turn in _TURN.items() if turn in OUTSIDERS) - {WaitingFor.CARRIER}
"""Waits that stop the clock of a unit's stage, where its type does not say otherwise; the carrier has a target of its own."""

_ENDED_BY = {"payment.received": WaitingFor.PAYMENT}
"""What ends a wait by a fact of the order, which the unit's next step may follow later."""


@dataclass(frozen=True, slots=True)
class Part:
    """A fulfillment that has not ended, as it stands; instants UTC."""

    id: int
    state: FulfillmentState
    appointment: bool
    entered_at: datetime
    location_id: int | None
    not_before: datetime | None
    due_at: datetime | None

    @property
    def stage(self) -> str:
        """The name of its present target."""
        return PERFORMED if self.appointment and self.state == FulfillmentState.RELEASED else self.state


@dataclass(frozen=True, slots=True)
class Standing:
    """An order as it stands, with its parts that have not ended; instants UTC."""

    order_id: int
    shop_id: int
    type: str
    state: OrderState
    ended: bool
    entered_at: datetime
    received_at: datetime
    due_at: datetime | None
    complete_by: datetime | None
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Happened:
    """An entry of the journal about a unit's way: what it became, or what it began to wait for; `spent_seconds` in the state before."""

    at: datetime
    fulfillment_id: int
    what: str
    after: str | None = None
    waits_for: str | None = None
    spent_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A hold of an order or of one of its fulfillments, by what it waits for."""

    fulfillment_id: int
    kind: str
    span: Span


@dataclass(frozen=True, slots=True)
class History:
    """Everything that happened to an order, in order, and its holds."""

    entries: Sequence[Happened] = ()
    holds: Sequence[Held] = ()


@dataclass(frozen=True, slots=True)
class Running:
    """A clock that runs now: of which unit, for which target, in working minutes; `due_at` is what is written down (UTC)."""

    unit: int
    stage: str
    minutes: float
    clock: Clock
    location_id: int | None
    due_at: datetime | None


def running(one: Standing, policies: Policies, history: History | None = None, *, now: datetime) -> list[Running]:
    """
    The clocks of an order and its parts that have a target, as they stand at `now`. Raises UnknownPolicy.

    Without its history as if nothing had ever been waited for: no target is reached before that.
    """
    kind, clocks = policies.order_type(one.shop_id, one.type), []
    paused = _Paused(one, history, kind.pauses, now) if history else None
    units: list[tuple[int, str, datetime, int | None, datetime | None]] = [
        (ITSELF, one.state, one.entered_at, None, one.due_at), (ITSELF, WHOLE, one.received_at, None, one.complete_by),
    ]
    units += [(part.id, part.stage, part.entered_at, part.location_id, part.due_at) for part in one.parts]
    for unit, stage, since, location, due in units:
        if (minutes := kind.targets.get(stage)) is not None:
            clock = Clock(policies.works_by(one.shop_id, one.type, stage, location), since, paused.of(unit, stage) if paused else ())
            clocks.append(Running(unit, stage, minutes, clock, location, due))
    return clocks


def still_ahead(one: Standing) -> tuple[str, ...]:
    """The stages that something of the order may yet enter."""
    if one.state in UNTIL_CONFIRMED:
        ahead = UNTIL_CONFIRMED[UNTIL_CONFIRMED.index(one.state) + 1 :]
        return (*ahead, *UNTIL_SHIPPED, FulfillmentState.SHIPPED, PERFORMED)
    if any(part.state in UNTIL_SHIPPED[:-1] for part in one.parts):  # what is not found becomes a part of its own, planned anew
        return (*UNTIL_SHIPPED, FulfillmentState.SHIPPED, PERFORMED)
    return (FulfillmentState.SHIPPED,)


class _Paused:
    """When the clocks of an order stood still."""

    def __init__(self, one: Standing, history: History, outsiders: frozenset[str], now: datetime) -> None:
        self._history, self._outsiders, self._now = history, outsiders, now
        self._parts = {part.id: part for part in one.parts}
        self._asked = self._of_holds()

    def of(self, unit: int, stage: str) -> tuple[Span, ...]:
        """The pauses of this clock."""
        if stage == WHOLE:
            return (*self._asked, *self._waits(ITSELF), *self._elsewhere())
        if stage == FulfillmentState.SHIPPED:  # the carrier's own target
            return ()
        return (*self._asked, *self._waits(unit))

    def _of_holds(self) -> list[Span]:
        """While the customer is asked; not any more once the reply lies with the office."""
        if Owner.CUSTOMER not in self._outsiders:
            return []
        of_order = [held for held in self._history.holds if held.fulfillment_id == ITSELF]
        asked = [held.span for held in of_order if held.kind == WaitingFor.QUERY]
        return without(asked, [held.span for held in of_order if held.kind == WaitingFor.OFFICE])

    def _waits(self, unit: int) -> Iterator[Span]:
        """While this unit waited for an outsider."""
        begun: tuple[datetime, str] | None = None
        for entry in self._history.entries:
            ends = _ENDED_BY.get(entry.what) == begun[1] if begun and entry.what in _ENDED_BY else False
            if begun and (ends or (entry.fulfillment_id == unit and (entry.after or entry.waits_for))):
                yield begun[0], entry.at
                begun = None
            if entry.fulfillment_id == unit and entry.waits_for and _TURN.get(WaitingFor(entry.waits_for)) in self._outsiders:
                begun = entry.at, entry.waits_for
        asked_for = part.not_before if (part := self._parts.get(unit)) else None
        if begun:
            yield begun[0], asked_for if begun[1] == WaitingFor.DATE else None
        if asked_for and asked_for > self._now and Owner.CUSTOMER in self._outsiders:
            yield self._now, asked_for

    def _elsewhere(self) -> list[Span]:
        """Since the order was promised, whenever all of it was with somebody else."""
        promised = next((entry.at for entry in self._history.entries if entry.after == OrderState.PROMISED), None)
        if promised is None:
            return []
        ours = [held.span for held in self._history.holds if held.kind == WaitingFor.OFFICE]
        for unit in dict.fromkeys([*(entry.fulfillment_id for entry in self._history.entries), *self._parts]):
            if unit != ITSELF:
                ours += without(self._in_work(unit), [*self._waits(unit), *self._asked])
        return without([(promised, None)], ours)

    def _in_work(self, unit: int) -> list[Span]:
        """From its beginning to its end, without the time with the carrier."""
        moves = [entry for entry in self._history.entries if entry.fulfillment_id == unit and entry.after]
        if not moves:
            return [(self._parts[unit].entered_at, None)] if unit in self._parts else []
        begins, end = moves[0].at - timedelta(seconds=moves[0].spent_seconds or 0), moves[-1]
        whole: Span = (begins, end.at if end.after in FULFILLMENT_ENDS else None)
        return without([whole], self._shipped(moves) if Owner.CARRIER in self._outsiders else ())

    @staticmethod
    def _shipped(moves: Sequence[Happened]) -> Iterable[Span]:
        for place, move in enumerate(moves):
            if move.after == FulfillmentState.SHIPPED:
                yield move.at, moves[place + 1].at if place + 1 < len(moves) else None
