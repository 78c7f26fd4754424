"""
Silence: a question that nobody answered by the day we named ends as the customer was told, and as nobody was told, not at all.

The order is canceled with a letter that says why, or goes on as it was ordered, which is then taken as confirmed.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from orderpipe.domain.ladder import OnSilence
from orderpipe.flow import Unit
from orderpipe.sideflows import cancellations, doubts
from orderpipe.sideflows.hints import Hint
from orderpipe.store import holds, journal, questions, units
from orderpipe.store.journal import Entry
from orderpipe.store.metadata import Tx
from orderpipe.store.questions import OpenQuery

BY = "silence"
"""What journal and findings call what nobody said."""

REASON = "unanswered"


def meant_by(one: OpenQuery) -> OnSilence:
    """What silence really means: nothing, unless a reminder that names the day has gone out."""
    return one.silent if one.told else OnSilence.WAIT


def end(tx: Tx, silent: Sequence[OpenQuery], now: datetime) -> tuple[Hint, ...]:
    """End these questions, whose day has come, as their customers were told; the caller has locked the orders."""
    by_outcome = {outcome: [one for one in silent if meant_by(one) == outcome] for outcome in OnSilence}
    journal.write(tx, [
        Entry(one.order_id, "query.silent", note={"outcome": meant_by(one)}) for one in silent
    ], now=now, actor=BY)
    _cancel(tx, [one.order_id for one in by_outcome[OnSilence.CANCEL]], now)
    return _proceed(tx, {one.order_id: one for one in by_outcome[OnSilence.PROCEED]}, now)


def _cancel(tx: Tx, order_ids: Sequence[int], now: datetime) -> None:
    if order_ids:
        claimed = {one.id: one for one in units.claim(tx, Unit.ORDER, order_ids)}
        cancellations.cancel_unstarted(tx, claimed, reason=REASON, by=BY, now=now)


def _proceed(tx: Tx, silent: Mapping[int, OpenQuery], now: datetime) -> tuple[Hint, ...]:
    if not silent:
        return ()
    notes = {
        order_id: {"changed": (), "confirmed": [f"{doubt['rule']} {doubt['field']}" for doubt in one.doubts], "how": BY}
        for order_id, one in silent.items()
    }
    holds.clear_findings(tx, silent, how="confirmed", by=BY, now=now)
    questions.settle(tx, notes, state="answered", by=BY, how=BY, now=now)
    journal.write(tx, [Entry(order_id, "query.answered", note=note) for order_id, note in notes.items()], now=now, actor=BY)
    return doubts.lift(tx, silent, how="answered", by=BY, now=now)
