"""
Performances: a service is delivered on the word of whoever performed it.

The word is kept like a scan, accepted or refused, and sent twice it counts once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from orderpipe.domain.handling import Phase
from orderpipe.domain.scans import Outcome, Scan
from orderpipe.sideflows.recorded import Recorded
from orderpipe.sideflows.scans import record_scans
from orderpipe.store.metadata import Tx


@dataclass(frozen=True, slots=True)
class Performance:
    """The word that a service was performed: when (UTC), by whom, a remark; by the sender's own `client_id` a resend counts once."""

    fulfillment_id: int
    at: datetime
    performer: str
    client_id: str
    note: str = ""


def record_performed(tx: Tx, facts: Sequence[Performance], *, shop_id: int, by: str, now: datetime) -> Recorded[Outcome]:
    """Record that services of the shop were performed, however many, with the same few statements; `by` is who says so."""
    scans = [
        Scan(one.fulfillment_id, Phase.PERFORMED, "performed", one.client_id, one.performer, "", one.at, note=one.note) for one in facts
    ]
    return record_scans(tx, scans, shop_id=shop_id, by=by, now=now)
