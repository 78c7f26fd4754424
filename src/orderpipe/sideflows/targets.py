"""
Time targets: what is late wakes whose work it is, then whoever stands above, until somebody says that they look after it.

Many that are late in the same way make one alarm and one letter, never a flood; what has gone on by itself wakes nobody any more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from orderpipe.domain.decisions import Audience, Tell
from orderpipe.domain.desks import Level
from orderpipe.domain.orders import number_of
from orderpipe.domain.targets import Policies
from orderpipe.sideflows import clocks
from orderpipe.store import alarms, notifications, policies
from orderpipe.store.alarms import Alarm, Kind, Late
from orderpipe.store.metadata import Tx

SHOWN = 20
"""Orders that one letter names."""

OVER_YET = timedelta(days=1)
"""How often it is looked whether an alarm that everybody has heard of is over."""

_LETTER = {Kind.WARNED: "office-target-soon", Kind.BREACHED: "office-target-breached"}


class UnknownAlarm(LookupError):
    """There is no such alarm."""


class TakenAlready(Exception):
    """Somebody looks after this alarm already."""


@dataclass(frozen=True, slots=True)
class Escalated:
    """How many alarms were told, and on which channels letters wait."""

    alarms: int
    channels: frozenset[str]


def escalate(tx: Tx, *, office: str, now: datetime, limit: int = 500) -> Escalated:
    """Tell the next of each alarm that nobody has taken. `office` is the address of the office of shops without one."""
    due = alarms.to_tell(tx, now=now, limit=limit)
    if not due:
        return Escalated(0, frozenset())
    rules, late = policies.policies(tx, now), alarms.late(tx, [one.id for one in due], most=SHOWN)
    live = [one for one in due if late[one.id]]
    rungs = {one.id: _rungs(one, rules) for one in live}
    told = [one for one in live if one.level < len(rungs[one.id])]
    tells = [tell for one in told for tell in _letters(one, late[one.id], rungs[one.id][one.level])]
    channels = notifications.enqueue(tx, tells, now, office_default=office).channels
    alarms.told(tx, {one.id: _next_at(one, len(rungs[one.id]), rules, now) for one in told})
    alarms.look_again(tx, [one.id for one in live if one not in told], now + OVER_YET)
    alarms.close(tx, [one.id for one in due if not late[one.id]], now)
    return Escalated(len(told), channels)


def _rungs(one: Alarm, rules: Policies) -> Sequence[Level]:
    """A warning goes to whose work it is, and no further."""
    ladder = rules.ladder(one.shop_id, one.stage)
    return ladder[:1] if one.kind == Kind.WARNED else ladder


def _next_at(one: Alarm, rungs: int, rules: Policies, now: datetime) -> datetime:
    """When the next is told; after the last, when it is looked whether the alarm is over."""
    at = clocks.told_at(rules, one.shop_id, one.stage, one.level + 1, one.opened_at) if one.level + 1 < rungs else None
    return at or now + OVER_YET


def _letters(one: Alarm, late: Sequence[Late], level: Level) -> list[tuple[int, Tell]]:
    key = f"office-target:{one.id}:{one.level}"
    return [
        (late[0].order_id, Tell(_LETTER[one.kind], _facts(one, late, level), f"{key}:{place}", Audience.OFFICE, address=address))
        for place, address in enumerate(level.to or ("",))
    ]


def _facts(one: Alarm, late: Sequence[Late], level: Level) -> Mapping[str, object]:
    first = late[0]
    return {
        "alarm": alarm_number(one.id), "stage": one.stage, "location": one.location or "", "level": level.name, "count": one.open,
        "since": first.since, "due_at": first.due_at, "target_minutes": round(first.minutes),
        "orders": [{"number": number_of(each.order_id), "since": each.since, "due_at": each.due_at} for each in late],
    }


def alarm_number(alarm_id: int) -> str:
    """How people call an alarm."""
    return f"A-{alarm_id}"


def alarm_id_of(called: str) -> int:
    """The alarm called so. Raises UnknownAlarm."""
    digits = called.upper().removeprefix("A-")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 18:
        raise UnknownAlarm(f"{called!r} is no alarm; alarms are called like A-12.")
    return int(digits)


def acknowledge(tx: Tx, alarm_id: int, *, by: str, now: datetime, shop_id: int | None = None) -> Alarm:
    """Somebody looks after it: nobody else is told. Raises UnknownAlarm, and TakenAlready with the name of who does."""
    done = alarms.acknowledge(tx, alarm_id, by=by, now=now, shop_id=shop_id)
    found = alarms.find(tx, alarm_id, shop_id=shop_id)
    if found is None:
        raise UnknownAlarm(f"There is no alarm {alarm_number(alarm_id)}.")
    if not done:
        since = f"{found.acknowledged_at:%Y-%m-%d %H:%M} UTC"
        raise TakenAlready(f"{found.acknowledged_by} looks after {alarm_number(alarm_id)} since {since}.")
    return found
