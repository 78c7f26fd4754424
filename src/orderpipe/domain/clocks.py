"""
Clocks of time targets: the working time that something of an order has taken, without the time in which others had the turn.

A clock is worked out each time from what the journal says, so that nothing restarts it: no edit, no changed calendar, no lost message.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from orderpipe.domain.calendars import WorkingCalendar, add_working_time, working_seconds_between

Span = tuple[datetime, datetime | None]
"""From, until (UTC); None: it still lasts."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Counts working time since an instant (UTC), and stands still in the `pauses`, which may overlap and come in any order."""

    calendar: WorkingCalendar
    since: datetime
    pauses: tuple[Span, ...] = ()

    @property
    def stands(self) -> bool:
        """Whether it stands still now."""
        return any(until is None for _, until in self.pauses)

    def reaches(self, minutes: float, now: datetime) -> datetime:
        """
        When it has counted so many working minutes (UTC); while it stands still and has not, when it would if it went on now.

        So it is never earlier than it turns out to be. Raises NoWorkingTime.
        """
        left = minutes * 60
        for begins, ends in without([(self.since, None)], self.pauses):
            worked = float("inf") if ends is None else working_seconds_between(self.calendar, begins, ends)
            if worked >= left:
                return add_working_time(self.calendar, begins, left / 60)
            left = round(left - worked, 6)  # whole microseconds, as calendars count
        return add_working_time(self.calendar, max(now, self.since), left / 60)


def joined(spans: Iterable[Span]) -> list[Span]:
    """The same time in spans that do not touch, in order."""
    told: list[Span] = []
    for begins, ends in sorted(spans, key=lambda span: span[0]):
        if not told or (told[-1][1] is not None and begins > told[-1][1]):
            told.append((begins, ends))
        elif told[-1][1] is not None and (ends is None or ends > told[-1][1]):
            told[-1] = told[-1][0], ends
    return [(begins, ends) for begins, ends in told if ends is None or begins < ends]


def without(spans: Iterable[Span], others: Iterable[Span]) -> list[Span]:
    """What of the spans lies in none of the others, in order."""
    gaps = joined(others)
    return [piece for span in joined(spans) for piece in _cut(span, gaps)]


def _cut(span: Span, gaps: Sequence[Span]) -> Iterator[Span]:
    begins, end = span
    for gap_begins, gap_ends in gaps:
        if gap_ends is not None and gap_ends <= begins:
            continue
        if end is not None and gap_begins >= end:
            break
        if gap_begins > begins:
            yield begins, gap_begins
        if gap_ends is None:
            return
        begins = gap_ends
    if end is None or begins < end:
        yield begins, end
