"""
Time targets that were missed, by stage and by what the unit waited for then, which tells whose turn it was.
"""

from collections.abc import Mapping

from orderpipe.domain.reports import By
from orderpipe.flow import WAITS, Owner, WaitingFor
from orderpipe.store.journal import REPORTED
from orderpipe.store.metadata import Tx
from orderpipe.store.reports.asked import OURS, Asked, Report, tabulate

GROUPS = (By.DAY, By.WEEK, By.MONTH, By.SHOP, By.TYPE, By.LOCATION)

_ROUTINE = {
    "released": WaitingFor.PICK_SCANS, "picked": WaitingFor.PACK_SCANS, "shipped": WaitingFor.CARRIER, "promised": WaitingFor.FULFILLMENTS,
}
"""What a unit waits for in a state where the journal did not say it, or the clock was just looking."""


def cases_of(column: str, words: Mapping[str, str], otherwise: str) -> str:
    """SQL that says other words for a column's."""
    cases = " ".join(f"WHEN '{one}' THEN '{word}'" for one, word in words.items())
    return f"CASE {column} {cases} ELSE '{otherwise}' END"


BREACHES = f"""
    missed AS (SELECT j.order_id, o.shop_id, o.type, f.location_id, j.at, j.note ->> 'stage' AS stage, coalesce(j.note ->> 'waiting_for',
            CASE WHEN f.kind = 'appointment' AND j.note ->> 'stage' = 'released' THEN 'performance'
                ELSE {cases_of("j.note ->> 'stage'", _ROUTINE, "pipeline")} END) AS cause
        FROM journal j JOIN orders o ON o.id = j.order_id LEFT JOIN fulfillment f ON f.id = j.fulfillment_id
        WHERE j.{REPORTED} AND j.what = 'target.breached' AND j.at >= :earliest AND j.at < :latest AND {OURS})"""
"""Every target missed, as `missed`."""

_FIGURES = {"breaches": "count(*)", "orders": "count(DISTINCT order_id)"}
_OWN = {"stage": "t.stage", "cause": "t.cause", "turn": cases_of("t.cause", {one: its.owner for one, its in WAITS.items()}, Owner.PIPELINE)}


def breaches(tx: Tx, asked: Asked) -> Report:
    """Missed time targets by stage and cause, the most frequent first."""
    return tabulate(
        tx, asked, relations=f"{BREACHES}, t AS (SELECT * FROM missed)", figures=_FIGURES, own=_OWN, order="count(*) DESC"
    )
