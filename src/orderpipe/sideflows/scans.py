"""
Scans: what the picker and the packer hold under the scanner counts if it belongs to the fulfillment, and is kept either way.

The stages decide when picking or packing is done; they are woken once nothing more is left to scan.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from orderpipe.domain.handling import Phase
from orderpipe.domain.orders import order_of
from orderpipe.domain.scans import Decided, Facts, Outcome, Scan, decide
from orderpipe.flow import Unit, WaitingFor
from orderpipe.sideflows.hints import Hint
from orderpipe.sideflows.recorded import Recorded, hints_for
from orderpipe.store import journal, scans, scope, units
from orderpipe.store.journal import Entry
from orderpipe.store.metadata import Tx


@dataclass(frozen=True, slots=True)
class _Answers:
    """Which scans complete what a stage waits for."""

    step: str
    phases: frozenset[Phase]
    wait: WaitingFor


_ANSWERS = (
    _Answers("pick", frozenset({Phase.PICK, Phase.SHORT}), WaitingFor.PICK_SCANS),
    _Answers("pack", frozenset({Phase.PACK}), WaitingFor.PACK_SCANS),
    _Answers("deliver", frozenset({Phase.PERFORMED}), WaitingFor.PERFORMANCE),
)


def record_scans(tx: Tx, facts: Sequence[Scan], *, shop_id: int, by: str, now: datetime) -> Recorded[Outcome]:
    """
    Record scans of the shop's fulfillments, however many, with the same few statements; `by` is who sent them.

    A refused scan is recorded with its reason; one sent before counts once and gets its first outcome again.
    """
    lanes = scope.lock_orders_of(tx, shop_id, {order_of(one.fulfillment_id) for one in facts})
    standings = scans.standings(tx, {one.fulfillment_id for one in facts if order_of(one.fulfillment_id) in lanes})
    known = scans.known(tx, {(one.fulfillment_id, one.client_id) for one in facts if one.fulfillment_id in standings})
    meanings = scans.meanings(tx, shop_id, {one.barcode for one in facts if one.phase != Phase.PERFORMED})
    decided = decide(facts, Facts(standings, meanings, known))
    new = [one for one in decided.outcomes if one.recordable]
    scans.keep(tx, new)
    scans.count(tx, standings, decided.after)
    journal.write(tx, _entries(new), now=now, actor=by)
    return Recorded(decided.outcomes, _wake(tx, decided, lanes, now))


def _wake(tx: Tx, decided: Decided, lanes: Mapping[int, str], now: datetime) -> list[Hint]:
    hints: list[Hint] = []
    for answers in _ANSWERS:
        # only once nothing is left to scan, so that ten scans do not send ten messages
        free = units.wake(tx, Unit.FULFILLMENT, decided.completed(answers.phases), {answers.wait}, now)
        hints += hints_for(answers.step, free, lanes)
    return hints


def _entries(new: Sequence[Outcome]) -> list[Entry]:
    """One entry per fulfillment and phase, whatever the number of scans."""
    counts: dict[tuple[int, Phase], list[int]] = {}
    for one in new:
        counts.setdefault((one.scan.fulfillment_id, one.scan.phase), [0, 0])[0 if one.accepted else 1] += 1
    return [
        Entry(order_of(unit), f"fulfillment.{_SAID[phase]}", unit, note={"accepted": accepted, "refused": refused})
        for (unit, phase), (accepted, refused) in counts.items()
    ]


_SAID = {Phase.PICK: "pick-scanned", Phase.PACK: "pack-scanned", Phase.SHORT: "short-scanned", Phase.PERFORMED: "performed-said"}
