"""
Every report by its name, with what it can be grouped by.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from orderpipe.domain.reports import By, CannotGroup, UnknownReport
from orderpipe.store.metadata import Tx
from orderpipe.store.reports import breaches, cancellations, cycle_time, judged, late_ship, overview, questions, workload
from orderpipe.store.reports.asked import Asked, Report


@dataclass(frozen=True, slots=True)
class Kind:
    """A report: what makes it, what it can be grouped by, and what it says, in a line."""

    make: Callable[[Tx, Asked], Report]
    groups: tuple[By, ...]
    says: str


OVERVIEW = "overview"
WORKLOAD = "workload"
PERFECT = "perfect-order"

KINDS: Mapping[str, Kind] = {
    OVERVIEW: Kind(overview.overview, overview.GROUPS, "the few key figures, with those of the days before beside them"),
    "on-time": Kind(judged.on_time, judged.GROUPS, "on time in full, against the first promise and the last"),
    PERFECT: Kind(judged.perfect_order, judged.GROUPS, "orders that were complete, right, on time, undamaged and well documented"),
    "late-ship": Kind(late_ship.late_ship, late_ship.GROUPS, "orders that left after the day they were to leave"),
    "cycle-time": Kind(cycle_time.cycle_time, cycle_time.GROUPS, "how long orders take, by type and stage"),
    "breaches": Kind(breaches.breaches, breaches.GROUPS, "missed time targets, by stage and cause"),
    "cancellations": Kind(cancellations.cancellations, cancellations.GROUPS, "canceled, reduced and rejected orders, by reason"),
    "questions": Kind(questions.questions, questions.GROUPS, "how often customers are asked, and how long they take to answer"),
    WORKLOAD: Kind(workload.workload, workload.GROUPS, "what will be due at which stage on the next days"),
}


def make(tx: Tx, name: str, asked: Asked) -> Report:
    """The report of this name. Raises UnknownReport, CannotGroup."""
    kind = kind_of(name, asked.by)
    return kind.make(tx, asked)


def kind_of(name: str, by: Sequence[By] = ()) -> Kind:
    """The report of this name, if it can be grouped so. Raises UnknownReport, CannotGroup."""
    if name not in KINDS:
        raise UnknownReport(f"There is no report {name!r}; there is {', '.join(KINDS)}, satisfaction and causes.")
    kind = KINDS[name]
    if wrong := [one for one in by if one not in kind.groups]:
        can = f"it can by {', '.join(kind.groups)}" if kind.groups else "it cannot be grouped at all"
        raise CannotGroup(f"The report {name} cannot be grouped by {wrong[0]}; {can}.")
    return kind
