"""
The few figures by which a shop is known, each with that of the days before beside it.
"""

from collections.abc import Mapping
from dataclasses import replace

from orderpipe.domain.reports import By
from orderpipe.store.metadata import Tx
from orderpipe.store.reports import breaches, cancellations, judged, late_ship, questions
from orderpipe.store.reports.asked import OURS, Asked, Report, share, tabulate

GROUPS: tuple[By, ...] = ()

_DONE = f"""t AS (SELECT o.shop_id, o.ended_at AS at, ceil(extract(epoch FROM o.ended_at - o.received_at))::integer AS seconds, f.score
    FROM orders o LEFT JOIN feedback f ON f.order_id = o.id
    WHERE o.state = 'completed' AND o.ended_at >= :earliest AND o.ended_at < :latest AND {OURS})"""
_CASES = f"""t AS (SELECT c.shop_id, c.opened_at AS at FROM case_file c JOIN orders o ON o.id = c.order_id
    WHERE c.opened_at >= :earliest AND c.opened_at < :latest AND {OURS})"""

_QUESTIONS = {"received": "orders", "question_rate": "rate", "answer_median_seconds": "median_seconds"}


def overview(tx: Tx, asked: Asked) -> Report:
    """Each figure now and in as many days before."""
    asked = replace(asked, by=())
    now, before = _figures(tx, asked), _figures(tx, replace(asked, period=asked.period.before))
    return Report(("figure", "now", "before"), tuple((name, now[name], before[name]) for name in now))


def _figures(tx: Tx, asked: Asked) -> Mapping[str, object]:
    def one(relations: str, **figures: str) -> Mapping[str, object]:
        return tabulate(tx, asked, relations=relations, figures=figures).documents[0]

    question = questions.questions(tx, asked).documents[0]
    return {
        **{name: question[column] for name, column in _QUESTIONS.items()},
        **one(
            _DONE, completed="count(*)", cycle_median_seconds="percentile_disc(0.5) WITHIN GROUP (ORDER BY seconds)",
            rating="round(avg(score), 2)",
        ),
        **one(judged.perfect(asked), **judged.RATES),
        **one(late_ship.LATE, late_ship_rate=share("count(*) FILTER (WHERE late)", "count(*)")),
        **one(f"{breaches.BREACHES}, t AS (SELECT * FROM missed)", breaches="count(*)"),
        **one(f"{cancellations.CANCELED}, t AS (SELECT * FROM canceled)", canceled="count(*) FILTER (WHERE extent = 'whole')"),
        **one(_CASES, cases="count(*)"),
    }
