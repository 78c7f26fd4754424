"""
Time targets: what stands longer than its target is reported once, in the journal and to the office.

Many breaches of one stage found at once make one letter, not a flood.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from orderpipe.domain.decisions import Audience, Tell
from orderpipe.flow import Unit
from orderpipe.store import clock, journal, notifications
from orderpipe.store.clock import Breach
from orderpipe.store.journal import Entry
from orderpipe.store.metadata import Tx

MOST = 2000


def report_breaches(tx: Tx, *, office: str, now: datetime) -> int:
    """Report the targets that were missed since the last look; returns how many."""
    found = [breach for unit in (Unit.ORDER, Unit.FULFILLMENT) for breach in clock.note_breaches(tx, unit, now=now, limit=MOST)]
    entries = [
        Entry(
            one.order_id, "target.breached", fulfillment_id=one.id if one.id != one.order_id else None,
            note={"stage": "whole" if one.whole else one.stage} | ({"waiting_for": one.waits_for} if one.waits_for else {}),
            spent_seconds=(now - one.since).total_seconds(), target_seconds=(one.due_at - one.since).total_seconds(),
        )
        for one in found
    ]
    journal.write(tx, entries, now=now, actor="clock")
    notifications.enqueue(tx, _letters(found), now, office_default=office)
    return len(found)


def _letters(found: Sequence[Breach]) -> list[tuple[int, Tell]]:
    def kind(one: Breach) -> tuple[int, str]:
        return one.shop_id, "whole" if one.whole else one.stage

    letters = []
    for (_, stage), some in groupby(sorted(found, key=kind), key=kind):
        group = sorted(some, key=lambda one: one.since)
        first = group[0]
        facts = {
            "stage": stage, "since": first.since, "count": len(group),
            "target_minutes": round((first.due_at - first.since).total_seconds() / 60),
        }
        letters.append((first.order_id, Tell("office-target-breached", facts, f"office-target:{first.id}:{stage}", Audience.OFFICE)))
    return letters
