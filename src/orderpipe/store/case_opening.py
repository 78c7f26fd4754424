"""
Cases are opened here, however many at once and by whomever: by a customer, by staff, or by the stage that finds a parcel lost.

A case comes with its number and both clocks, a line in the journal, and letters to the customer and the office; a key opens one case.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from orderpipe.domain.case_terms import Targets, clocks
from orderpipe.domain.cases import Case, Cause, Channel, Kind, Pieces, Severity, State, case_number, storable
from orderpipe.domain.decisions import Audience, Tell
from orderpipe.domain.orders import public_id
from orderpipe.domain.targets import Policies
from orderpipe.flow import FulfillmentState, Unit, WaitingFor
from orderpipe.store import case_terms, cases, holds, journal, units
from orderpipe.store.cases import Message
from orderpipe.store.journal import Entry
from orderpipe.store.metadata import Tx, text
from orderpipe.store.policies import policies
from orderpipe.store.telling import tell

HELD_UNTIL = timedelta(days=1)
OFFICE_HEARS = frozenset({Channel.PAGE, Channel.EMAIL, Channel.API})
"""What comes in by these the office has not seen yet."""

_HELD = (FulfillmentState.PLANNED, FulfillmentState.RELEASED, FulfillmentState.PICKED)


@dataclass(frozen=True, slots=True)
class Opening:
    """
    A case to be opened. `key` lets it, and its first words, exist once; `by` is who opens it, `author` who signed the words, `hold`
    stops the order until the case is answered, `score` is the rating that opened it, and who is `untold` hears of it by another letter.
    """

    order_id: int
    kind: Kind
    text: str
    key: str
    cause: Cause = Cause.OTHER
    lines: tuple[Pieces, ...] = ()
    by: str = "customer"
    channel: Channel = Channel.PAGE
    hold: bool = False
    severity: Severity = Severity.NORMAL
    fulfillment_id: int | None = None
    score: int | None = None
    author: str = ""
    untold: frozenset[Audience] = frozenset()


@dataclass(frozen=True, slots=True)
class Opened:
    """The case that an opening led to; `new`: since now."""

    case_id: int
    new: bool

    @property
    def number(self) -> str:
        """The number people read out."""
        return case_number(self.case_id)


@dataclass(frozen=True, slots=True)
class _About:
    """The order that a case is about."""

    shop_id: int
    type: str
    live: bool


def open_cases(tx: Tx, openings: Sequence[Opening], *, office: str, now: datetime) -> list[Opened]:
    """Open these cases, in their order; the caller holds the orders' locks. Raises NoWorkingTime where the calendar never works."""
    if not openings:
        return []
    about, rules = _orders(tx, {one.order_id for one in openings}), policies(tx, now)
    targets = case_terms.targets(tx)
    rows = {one.key: _row(one, about[one.order_id], targets, rules, now) for one in openings}
    new = cases.insert(tx, list(rows.values()))
    ids = new | cases.of_keys(tx, rows.keys() - new.keys())
    fresh = {new[one.key]: one for one in openings if one.key in new}
    opened = cases.of_ids(tx, fresh)
    _hold(tx, [opened[case_id] for case_id, one in fresh.items() if one.hold and about[one.order_id].live], now)
    _write_down(tx, fresh, opened, office=office, now=now)
    return [Opened(ids[one.key], one.key in new) for one in openings]


def _orders(tx: Tx, order_ids: Collection[int]) -> dict[int, _About]:
    rows = tx.execute(text("SELECT id, shop_id, type, ended_at IS NULL FROM orders WHERE id = ANY(:ids)"), {"ids": list(order_ids)})
    return {row[0]: _About(*row[1:]) for row in rows}


def _row(one: Opening, about: _About, targets: Targets, rules: Policies, now: datetime) -> dict[str, Any]:
    times = clocks(targets, rules, one.kind, shop_id=about.shop_id, order_type=about.type, now=now)
    return {
        "shop_id": about.shop_id, "order_id": one.order_id, "kind": one.kind, "state": State.RECEIVED, "cause": one.cause,
        "severity": one.severity, "channel": one.channel, "opened_by": one.by, "dedupe_key": one.key,
        "lines": [asdict(line) for line in one.lines], "fulfillment_id": one.fulfillment_id, "opened_at": now,
        "next_at": min(times.acknowledge_warn_at, times.resolve_warn_at), **asdict(times),
    }


def _hold(tx: Tx, opened: Sequence[Case], now: datetime) -> None:
    """Stop those of the orders that do not wait for an answer or for the office already; what is packed goes on its way."""
    if not opened:
        return
    rows = tx.execute(
        text("""SELECT o.id AS order_id, f.id FROM orders o LEFT JOIN fulfillment f ON f.order_id = o.id AND f.state = ANY(:held)
                AND coalesce(f.waiting_for, '') <> 'office'
            WHERE o.id = ANY(:ids) AND coalesce(o.waiting_for, '') NOT IN ('query', 'office') ORDER BY o.id, f.id"""),
        {"ids": [one.order_id for one in opened], "held": list(_HELD)},
    ).all()
    free, until = {row.order_id for row in rows}, now + HELD_UNTIL
    holds.open_holds(tx, [
        {
            "order_id": one.order_id, "fulfillment_id": None, "kind": WaitingFor.OFFICE, "stops": "all", "owner": "office",
            "reason": f"Case {one.number} stops it.", "opened_at": now, "deadline": until,
        }
        for one in opened if one.order_id in free
    ])
    units.wait(tx, Unit.ORDER, [(order_id, WaitingFor.OFFICE, until) for order_id in sorted(free)], now)
    units.wait(tx, Unit.FULFILLMENT, [(row.id, WaitingFor.OFFICE, until) for row in rows if row.id], now)
    cases.save(tx, [replace(one, holds=True) for one in opened if one.order_id in free])


def _write_down(tx: Tx, fresh: Mapping[int, Opening], opened: Mapping[int, Case], *, office: str, now: datetime) -> None:
    if not fresh:
        return
    cases.write_messages(tx, [_message(case_id, one, now) for case_id, one in fresh.items() if one.text])
    by = next(iter(fresh.values())).by  # whoever opens several at once opens them all
    journal.write(tx, [
        Entry(one.order_id, "case.opened", note={"case": public_id("case", case_id), "kind": one.kind, "cause": one.cause})
        for case_id, one in fresh.items()
    ], now=now, actor=by)
    letters = [(one, letter) for case_id, one in fresh.items() for letter in (received(opened[case_id]), _to_office(one, opened[case_id]))]
    tells = [(one.order_id, letter) for one, letter in letters if letter and letter.to not in one.untold]
    tell(tx, tells, office=office, by=by, now=now)


def _message(case_id: int, one: Opening, now: datetime) -> Message:
    direction, author = "note" if one.channel == Channel.ORDERPIPE else "in", storable(one.author or one.by)
    return Message(case_id, now, direction, one.channel, author, storable(one.text), one.key)


def received(case: Case) -> Tell:
    """The letter that says that we have it, under which number, and until when we answer."""
    facts = {
        "case": case.number, "kind": case.kind, "cause": case.cause, "by": case.opened_by, "again": case.reopened > 0,
        "acknowledge_by": case.clocks.acknowledge_by, "resolve_by": case.clocks.resolve_by,
    }
    return Tell("case-received", facts, f"case-received:{case.id}:{case.reopened}")


def _to_office(one: Opening, case: Case) -> Tell | None:
    if one.score is not None:
        facts = {"case": case.number, "score": one.score, "text": storable(one.text), "resolve_by": case.clocks.resolve_by}
        return Tell("office-low-score", facts, f"office-low-score:{case.id}", Audience.OFFICE)
    if one.channel not in OFFICE_HEARS:
        return None
    return to_office(case, one.text)


def to_office(case: Case, words: str) -> Tell:
    """The letter with which the office hears of a new case, or of what the customer has written about one after our answer."""
    facts = {
        "case": case.number, "kind": case.kind, "cause": case.cause, "text": storable(words), "again": case.reopened > 0,
        "acknowledge_by": case.clocks.acknowledge_by,
    }
    return Tell("office-case", facts, f"office-case:{case.id}:{case.reopened}", Audience.OFFICE)
