"""
What must be true of the books at every moment: each rule is one sentence and one statement that finds whatever breaks it.

`orderpipe check` and the fault tests run them; a rule that finds something means a defect, never an ordinary delay.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from orderpipe.store.invariants_of_cases import CASES
from orderpipe.store.invariants_of_orders import BOOKS, ENDS, LETTERS, WAITS
from orderpipe.store.invariants_of_stock import CARRIER, HANDLING, STOCK
from orderpipe.store.metadata import Tx, text
from orderpipe.store.rule import Rule

INVARIANTS: tuple[Rule, ...] = (*STOCK, *HANDLING, *CARRIER, *BOOKS, *LETTERS, *WAITS, *ENDS, *CASES)
"""Every rule, in the order in which they are checked and shown."""

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Offender:
    """What breaks a rule: the order (None where it is about stock), and what is wrong in figures."""

    order_id: int | None
    detail: str


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that is broken: how often, and the first offenders."""

    rule: Rule
    count: int
    offenders: tuple[Offender, ...]

    @property
    def order_ids(self) -> tuple[int, ...]:
        """The orders among the first offenders."""
        return tuple(sorted({one.order_id for one in self.offenders if one.order_id is not None}))


def check_all(tx: Tx, rules: Sequence[Rule] = INVARIANTS) -> list[Violation]:
    """Check these rules, each in one statement and so on one state of the books; [] when all hold."""
    return [violation for rule in rules if (violation := check(tx, rule)) is not None]


def check(tx: Tx, rule: Rule) -> Violation | None:
    """Check one rule; None when it holds."""
    return _find(tx, rule, {})


STUCK = Rule(
    "nobody-forgotten",
    "No live unit is overdue for long: the clock hands out whatever its time has come for.",
    """SELECT id, format('order %s, waiting for %s, due since %s', state, coalesce(waiting_for, 'nothing'), next_at)
        FROM orders WHERE next_at < :before
        UNION ALL SELECT order_id, format('fulfillment %s %s, waiting for %s, due since %s', id % 1000, state,
            coalesce(waiting_for, 'nothing'), next_at)
        FROM fulfillment WHERE next_at < :before""",
)


def stuck(tx: Tx, *, now: datetime, overdue: timedelta) -> Violation | None:
    """Live units whose time came longer than this ago and that nobody has taken up; None when the clock keeps up."""
    return _find(tx, STUCK, {"before": now - overdue})


def _find(tx: Tx, rule: Rule, given: dict[str, object]) -> Violation | None:
    # the larger books are hashed and sorted in memory: seconds instead of minutes for 200,000 orders
    tx.execute(text("SET LOCAL work_mem = '128MB'"))
    rows = tx.execute(
        text(f"""SELECT v.order_id, v.detail, count(*) OVER () AS total FROM ({rule.statement}) AS v (order_id, detail)
            ORDER BY v.order_id, v.detail LIMIT {_SHOWN}"""),
        given,
    ).all()
    if not rows:
        return None
    return Violation(rule, int(rows[0].total), tuple(Offender(row.order_id, row.detail) for row in rows))
