"""
The rules a shop works by: working calendars, types of order with their lanes and time targets, and the clock's own jobs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import ARRAY, BigInteger, Boolean, CheckConstraint, Column, DateTime, Engine, Float, Table, Text, select
from sqlalchemy.dialects.postgresql import JSONB

from orderpipe.domain.calendars import UnknownCountry, UnreadableCalendar, WorkingCalendar
from orderpipe.domain.desks import Desk, Level
from orderpipe.domain.targets import EVERYBODY, OrderType, Policies
from orderpipe.flow import Lane
from orderpipe.store import query_policies, rule_settings
from orderpipe.store.metadata import Tx, insert_rows, metadata, text
from orderpipe.store.personal import IMPERSONAL

calendar = Table(
    "calendar",
    metadata,
    Column("shop_id", BigInteger, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("time_zone", Text, nullable=False),
    Column("hours", JSONB, nullable=False),
    Column("country", Text, nullable=False, server_default=""),
    Column("exceptions", JSONB, nullable=False, server_default="{}"),
    info=IMPERSONAL,
)
"""
`hours`: {"0": [["09:00", "17:00"]], …} by weekday, Monday 0; `exceptions`: {"2026-12-24": [["09:00", "12:00"]]}. An end not after
its start is on the next day. Shop 0 is everyone's default.
"""

order_type = Table(
    "order_type",
    metadata,
    Column("shop_id", BigInteger, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("lane", Text, nullable=False),
    Column("prepaid", Boolean, nullable=False, server_default="false"),
    Column("calendar", Text, nullable=False, server_default="standard"),
    Column("targets", JSONB, nullable=False),
    Column("warn_share", Float, nullable=False, server_default="0.8"),
    Column("pauses", ARRAY(Text), nullable=False, server_default="{customer,shop,carrier}"),
    CheckConstraint("lane IN ('express', 'standard', 'bulk')", name="lane"),
    CheckConstraint("0 < warn_share AND warn_share <= 1", name="warn_share"),
    info=IMPERSONAL,
)
"""
`targets`: working minutes a unit may stand in a state, by state, and `whole` for the order from arrival to its end. The owner is warned
at `warn_share` of it; the clock stands still while one of `pauses` is waited for.
"""

desk = Table(
    "desk",
    metadata,
    Column("shop_id", BigInteger, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("calendar", Text, nullable=False, server_default=""),
    Column("stages", ARRAY(Text), nullable=False),
    Column("escalation", JSONB, nullable=False, server_default="[]"),
    info=IMPERSONAL,
)
"""
Who does the work of these `stages`, and when. `escalation`: [{"level": "owner", "after": 0, "to": ["kim@shop.example"]}, …], `after` in
working minutes since the alarm, `to` addresses or Apprise URLs.
"""

job_clock = Table(
    "job_clock",
    metadata,
    Column("name", Text, primary_key=True),
    Column("due", DateTime(timezone=True), nullable=False),
    Column("owner", Text, nullable=False, server_default=""),
    Column("seen_until", DateTime(timezone=True)),
    info=IMPERSONAL,
)
"""`seen_until`: for a job that looks at each thing once, how far it has come."""


def read_policies(tx: Tx) -> Policies:
    """All order types, calendars, settings of rules, desks and locations' calendars of all shops, in a statement each."""
    return _understand(_read_rows(tx))


def policies(tx: Tx, now: datetime) -> Policies:
    """As `read_policies`, but read again by this process only after 10 s, and the same object as long as nothing changed."""
    kept = _kept.get(tx.engine)
    if kept and kept.read_at <= now < kept.read_at + _LIFETIME:
        return kept.policies
    rows = _read_rows(tx)
    understood = kept.policies if kept and kept.rows == rows else _understand(rows)
    _kept[tx.engine] = _Kept(now, rows, understood)
    return understood


def ensure_defaults(tx: Tx) -> None:
    """Write everybody's calendars, order types and ways to follow questions up where they are missing; what is there stays as it is."""
    insert_rows(tx, calendar, _CALENDARS, conflict="ON CONFLICT DO NOTHING")
    insert_rows(tx, order_type, _ORDER_TYPES, conflict="ON CONFLICT DO NOTHING")
    query_policies.ensure_defaults(tx)


_Rows = tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]], dict[int, tuple[int, str]]]


@dataclass(frozen=True, slots=True)
class _Kept:
    read_at: datetime
    rows: _Rows
    policies: Policies


_LIFETIME = timedelta(seconds=10)
_kept: WeakKeyDictionary[Engine, _Kept] = WeakKeyDictionary()


def _read_rows(tx: Tx) -> _Rows:
    types = tx.execute(select(order_type).order_by(order_type.c.shop_id, order_type.c.code))
    calendars = tx.execute(select(calendar).order_by(calendar.c.shop_id, calendar.c.code))
    desks = tx.execute(select(desk).order_by(desk.c.shop_id, desk.c.code))
    places = tx.execute(text("SELECT id, shop_id, calendar FROM location ORDER BY id"))
    return (
        [dict(row) for row in types.mappings()], [dict(row) for row in calendars.mappings()], rule_settings.read(tx),
        [dict(row) for row in desks.mappings()], {row.id: (row.shop_id, row.calendar) for row in places},
    )


def _understand(rows: _Rows) -> Policies:
    """A calendar that cannot be read stops only those who ask for it."""
    types, calendars, broken = {}, {}, {}
    for row in rows[0]:
        kind = OrderType(
            row["code"], Lane(row["lane"]), row["prepaid"], row["calendar"], row["targets"], row["warn_share"], frozenset(row["pauses"])
        )
        types[row["shop_id"], kind.code] = kind
    for row in rows[1]:
        try:
            calendars[row["shop_id"], row["code"]] = WorkingCalendar.of(row)
        except (UnreadableCalendar, UnknownCountry) as reason:
            broken[row["shop_id"], row["code"]] = str(reason)
    settings = {(row["shop_id"], row["order_type"], row["rule"]): rule_settings.setting_of(row) for row in rows[2]}
    desks = {(row["shop_id"], row["code"]): _desk(row) for row in rows[3]}
    return Policies(types, calendars, broken, settings, desks, rows[4])


def _desk(row: Mapping[str, Any]) -> Desk:
    ladder = tuple(Level(one["level"], one["after"], tuple(one["to"])) for one in row["escalation"])
    return Desk(row["code"], row["calendar"], frozenset(row["stages"]), ladder)


def _calendar(code: str, hours: Mapping[str, list[list[str]]]) -> dict[str, Any]:
    return {"shop_id": EVERYBODY, "code": code, "time_zone": "UTC", "hours": hours, "country": "", "exceptions": {}}


def _order_type(code: str, lane: Lane, targets: Mapping[str, int], *, prepaid: bool = False) -> dict[str, Any]:
    return {
        "shop_id": EVERYBODY, "code": code, "lane": lane.value, "prepaid": prepaid, "calendar": "standard", "targets": targets,
    }


_CALENDARS = [
    _calendar("standard", {str(weekday): [["09:00", "17:00"]] for weekday in range(5)}),
    _calendar("always", {str(weekday): [["00:00", "24:00"]] for weekday in range(7)}),
]

_WORKING_DAY = 480
_STANDARD = {
    "received": 60, "validated": 60, "allocated": 60, "planned": 240, "released": 240, "picked": 120, "packed": 120,
    "shipped": 7 * _WORKING_DAY, "performed": 5 * _WORKING_DAY, "whole": 10 * _WORKING_DAY,
}
_EXPRESS = {
    "received": 15, "validated": 15, "allocated": 15, "planned": 30, "released": 60, "picked": 30, "packed": 30,
    "shipped": 3 * _WORKING_DAY, "performed": 2 * _WORKING_DAY, "whole": 4 * _WORKING_DAY,
}
_BULK = {
    "received": 240, "validated": 240, "allocated": 240, "planned": 960, "released": 960, "picked": 480, "packed": 480,
    "shipped": 10 * _WORKING_DAY, "performed": 10 * _WORKING_DAY, "whole": 20 * _WORKING_DAY,
}
_SERVICE = {
    "received": 60, "validated": 60, "allocated": 60, "planned": _WORKING_DAY, "performed": 5 * _WORKING_DAY,
    "whole": 10 * _WORKING_DAY,
}

_ORDER_TYPES = [
    _order_type("standard", Lane.STANDARD, _STANDARD),
    _order_type("express", Lane.EXPRESS, _EXPRESS),
    _order_type("bulk", Lane.BULK, _BULK),
    # in `planned` a prepaid order waits for its payment, too
    _order_type("prepaid", Lane.STANDARD, _STANDARD | {"planned": 5 * _WORKING_DAY, "whole": 15 * _WORKING_DAY}, prepaid=True),
    _order_type("service", Lane.STANDARD, _SERVICE),
]
