"""
Claims of parcels that were lost or came back: the office's decision about the order is the answer to them.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from orderpipe.domain.cases import Outcome, Step, stepped
from orderpipe.domain.orders import public_id
from orderpipe.store import cases, journal
from orderpipe.store.journal import Entry
from orderpipe.store.metadata import Tx

REMEDY = {"resend": "re-delivery", "close": "none"}


def answer(tx: Tx, order_id: int, fulfillment_ids: Collection[int], decision: str, *, by: str, now: datetime) -> None:
    """Answer the open claims about these parcels with what was decided; the customer hears of it by the decision's own letter."""
    found = cases.about_parcels(tx, order_id, fulfillment_ids)
    remedy = {"kind": REMEDY[decision], "by": by, "at": now}
    cases.save(tx, [
        replace(stepped(one, Step.RESPOND, now), outcome=Outcome.RESOLVED, remedies=(*one.remedies, remedy)) for one in found
    ])
    entries = [Entry(order_id, "case.responded", note={"case": public_id("case", one.id), "decision": decision}) for one in found]
    journal.write(tx, entries, now=now, actor=by)
