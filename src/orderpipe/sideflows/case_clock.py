"""
The clocks of cases: the owner is warned before a time target is missed, the office hears when it is, once each and bundled.

Answered cases on which the customer says nothing more close by themselves; returns of which nothing came expire.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from itertools import groupby

from orderpipe.domain.cases import Alarm, Case, Outcome, Step, alarms, closes_at, reported, stepped
from orderpipe.domain.decisions import Audience, Tell
from orderpipe.domain.orders import number_of, public_id
from orderpipe.domain.returns import return_number
from orderpipe.settings import settings
from orderpipe.sideflows.cases import closing
from orderpipe.store import cases, journal, returns, units
from orderpipe.store.journal import Entry
from orderpipe.store.metadata import Tx
from orderpipe.store.telling import tell

MOST = 500
"""Cases looked at in one transaction."""

SHOWN = 20
"""Cases that one letter to the office names."""

LATE = Alarm.ACKNOWLEDGE_LATE | Alarm.RESOLVE_LATE


def look(tx: Tx, *, now: datetime) -> int:
    """Look at the cases whose time has come; returns how many there were."""
    due = cases.due(tx, now=now, limit=MOST)
    units.lock_orders(tx, due.values())
    found = list(cases.of_ids(tx, due).values())
    ending = [one for one in found if (at := closes_at(one)) and at <= now]
    alarmed = [(one, due_now) for one in found if (due_now := alarms(one, now))]
    ended = [replace(stepped(one, Step.CLOSE, now), outcome=one.outcome or Outcome.RESOLVED) for one in ending]
    cases.save(tx, [*(reported(one, which) for one, which in alarmed), *ended])
    journal.write(tx, [*(_missed(one, which) for one, which in alarmed if which & LATE), *map(_closed, ended)], now=now, actor="clock")
    tells = [(one.order_id, closing(one)) for one in ended]
    tell(tx, [*tells, *_letters(alarmed)], office=settings().office_email, by="clock", now=now)
    return len(due)


def expire_returns(tx: Tx, *, now: datetime) -> int:
    """Let returns expire of which nothing came; returns how many were looked at."""
    due = returns.overdue(tx, now=now, limit=MOST)
    units.lock_orders(tx, due.values())
    gone = returns.expire(tx, due)
    entries = [Entry(due[one], "return.expired", note={"return": return_number(one)}) for one in gone]
    journal.write(tx, entries, now=now, actor="clock")
    return len(due)


def _missed(case: Case, which: Alarm) -> Entry:
    late = [alarm.name for alarm in (Alarm.ACKNOWLEDGE_LATE, Alarm.RESOLVE_LATE) if alarm in which]
    return Entry(case.order_id, "case.late", note={"case": public_id("case", case.id), "missed": late})


def _closed(case: Case) -> Entry:
    return Entry(case.order_id, "case.closed", note={"case": public_id("case", case.id), "outcome": case.outcome})


def _letters(alarmed: Iterable[tuple[Case, Alarm]]) -> list[tuple[int, Tell]]:
    """One letter for each shop, owner and urgency."""

    def heard_by(pair: tuple[Case, Alarm]) -> tuple[int, bool, str]:
        late = bool(pair[1] & LATE)
        return pair[0].shop_id, late, "" if late else pair[0].owner

    letters = []
    for (_, late, owner), some in groupby(sorted(alarmed, key=heard_by), key=heard_by):
        group = list(some)
        first, which = group[0]
        facts = {
            "late": late, "owner": owner, "count": len(group),
            "cases": [
                {"case": one.number, "order": number_of(one.order_id), "kind": one.kind, "owner": one.owner, "by": _until(one, alarm)}
                for one, alarm in group[:SHOWN]
            ],
        }
        key = f"office-case-due:{first.id}:{first.reopened}:{int(which)}"
        letters.append((first.order_id, Tell("office-case-due", facts, key, Audience.OFFICE)))
    return letters


def _until(case: Case, which: Alarm) -> datetime:
    first = which & (Alarm.ACKNOWLEDGE_SOON | Alarm.ACKNOWLEDGE_LATE)
    return case.clocks.acknowledge_by if first else case.clocks.resolve_by
