"""
Alarms about time targets: what was missed is noted once for good, many of one kind share an alarm, which climbs until somebody has it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Float, Identity, Index, SmallInteger, Table, Text

from orderpipe.store.metadata import Tx, insert_rows, metadata, one_of, text
from orderpipe.store.personal import IMPERSONAL, personal


class Kind(StrEnum):
    """What an alarm says: a target is soon missed, or it is missed."""

    WARNED = "warned"
    BREACHED = "breached"


alarm = Table(
    "alarm",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("shop_id", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("location_id", BigInteger),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("level", SmallInteger, nullable=False, server_default="0"),
    Column("next_at", DateTime(timezone=True)),
    Column("acknowledged_at", DateTime(timezone=True)),
    Column("acknowledged_by", Text),
    Column("closed_at", DateTime(timezone=True)),
    CheckConstraint(one_of("kind", Kind), name="kind"),
    CheckConstraint("next_at IS NULL OR acknowledged_at IS NULL AND closed_at IS NULL", name="goes_on"),
    Index("ix_alarm_next_at", "next_at", postgresql_where=text("next_at IS NOT NULL")),
    Index("ix_alarm_open", "shop_id", "stage", postgresql_where=text("acknowledged_at IS NULL AND closed_at IS NULL")),
    info=IMPERSONAL,
)
"""`level`: how many rungs of the ladder have been told; `next_at`: when the next one is, or whether it is over is looked at."""

missed_target = Table(
    "missed_target",
    metadata,
    Column("order_id", BigInteger, primary_key=True, autoincrement=False),
    Column("fulfillment_id", BigInteger, primary_key=True, autoincrement=False),
    Column("stage", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("alarm_id", BigInteger),
    Column("since", DateTime(timezone=True), nullable=False),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("target_minutes", Float, nullable=False),
    CheckConstraint(one_of("kind", Kind), name="kind"),
    Index("ix_missed_target_alarm_id", "alarm_id"),
    info=personal(harmless="stage kind"),
)
"""`fulfillment_id` 0: the order itself. A unit stands in each stage once, so each target is missed once."""

BUNDLED_FOR = timedelta(minutes=15)
"""What goes wrong in the same way within this time of an alarm that nobody has taken yet joins it."""


@dataclass(frozen=True, slots=True)
class Missed:
    """A target of a unit (0: the order itself) that is soon missed, or missed; instants UTC, the target in working minutes."""

    order_id: int
    unit: int
    shop_id: int
    kind: Kind
    stage: str
    location_id: int | None
    since: datetime
    due_at: datetime
    minutes: float


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm; instants UTC. `count` of what it is about, of which `open` still stands where it stood."""

    id: int
    shop_id: int
    kind: Kind
    stage: str
    location_id: int | None
    location: str | None
    opened_at: datetime
    level: int
    next_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    closed_at: datetime | None
    count: int
    open: int


@dataclass(frozen=True, slots=True)
class Late:
    """One of what an alarm is about and still stands where it stood."""

    order_id: int
    since: datetime
    due_at: datetime
    minutes: float


def known(tx: Tx, order_ids: Collection[int]) -> set[tuple[int, int, str, str]]:
    """What has been said about these orders: (order, unit, stage, kind)."""
    rows = tx.execute(
        text("SELECT order_id, fulfillment_id, stage, kind FROM missed_target WHERE order_id = ANY(:ids)"), {"ids": list(order_ids)}
    )
    return {(row.order_id, row.fulfillment_id, row.stage, row.kind) for row in rows}


def note(tx: Tx, missed: Sequence[Missed], *, now: datetime, first_at: Mapping[tuple[int, str], datetime]) -> None:
    """
    Note what is missed, each once, under one alarm for each shop, kind, stage and location; one that is new is told at `first_at`.

    Those by (shop, stage). An alarm that is young and not taken yet takes in more of the same.
    """
    groups = list(dict.fromkeys(map(_group, missed)))
    alarms = _young(tx, groups, now)
    alarms |= _open(tx, [one for one in groups if one not in alarms], first_at, now)
    insert_rows(tx, missed_target, [
        {
            "order_id": one.order_id, "fulfillment_id": one.unit, "stage": one.stage, "kind": one.kind.value, "since": one.since,
            "due_at": one.due_at, "target_minutes": one.minutes, "alarm_id": alarms[_group(one)],
        }
        for one in missed
    ], conflict="ON CONFLICT DO NOTHING")


_Group = tuple[int, str, str, int | None]


def _group(one: Missed) -> _Group:
    return one.shop_id, one.kind.value, one.stage, one.location_id


def _young(tx: Tx, groups: Sequence[_Group], now: datetime) -> dict[_Group, int]:
    rows = tx.execute(
        text("""SELECT max(a.id) AS id, a.shop_id, a.kind, a.stage, a.location_id
            FROM unnest(CAST(:shops AS bigint[]), CAST(:kinds AS text[]), CAST(:stages AS text[]), CAST(:places AS bigint[]))
                AS u (shop_id, kind, stage, location_id)
            JOIN alarm a ON a.shop_id = u.shop_id AND a.kind = u.kind AND a.stage = u.stage
                AND a.location_id IS NOT DISTINCT FROM u.location_id
            WHERE a.acknowledged_at IS NULL AND a.closed_at IS NULL AND a.opened_at > :since
            GROUP BY a.shop_id, a.kind, a.stage, a.location_id"""),
        {
            "shops": [one[0] for one in groups], "kinds": [one[1] for one in groups], "stages": [one[2] for one in groups],
            "places": [one[3] for one in groups], "since": now - BUNDLED_FOR,
        },
    )
    return {(row.shop_id, row.kind, row.stage, row.location_id): row.id for row in rows}


def _open(tx: Tx, groups: Sequence[_Group], first_at: Mapping[tuple[int, str], datetime], now: datetime) -> dict[_Group, int]:
    opened = insert_rows(tx, alarm, [
        {
            "shop_id": shop_id, "kind": kind, "stage": stage, "location_id": place, "opened_at": now, "next_at": first_at[shop_id, stage],
        }
        for shop_id, kind, stage, place in groups
    ], returning="id, shop_id, kind, stage, location_id")
    return {(row.shop_id, row.kind, row.stage, row.location_id): row.id for row in opened}


_STILL = """EXISTS (SELECT FROM orders o LEFT JOIN fulfillment f ON f.id = m.fulfillment_id WHERE o.id = m.order_id AND o.ended_at IS NULL
    AND (m.stage = 'whole' OR CASE WHEN m.fulfillment_id = 0 THEN o.state ELSE f.state END
        = CASE m.stage WHEN 'performed' THEN 'released' ELSE m.stage END))"""
_ALARM = f"""SELECT a.id, a.shop_id, a.kind, a.stage, a.location_id, l.code, a.opened_at, a.level, a.next_at, a.acknowledged_at,
        a.acknowledged_by, a.closed_at, m.count, m.open
    FROM alarm a LEFT JOIN location l ON l.id = a.location_id CROSS JOIN LATERAL (SELECT count(*) AS count,
        count(*) FILTER (WHERE {_STILL}) AS open FROM missed_target m WHERE m.alarm_id = a.id) m"""


def to_tell(tx: Tx, *, now: datetime, limit: int) -> list[Alarm]:
    """Lock the alarms whose next rung has come, the longest due first."""
    come = text("SELECT id FROM alarm WHERE next_at <= :now ORDER BY next_at LIMIT :limit FOR UPDATE SKIP LOCKED")
    locked = tx.execute(come, {"now": now, "limit": limit}).scalars().all()
    return [_alarm(row) for row in tx.execute(text(f"{_ALARM} WHERE a.id = ANY(:ids) ORDER BY a.id"), {"ids": locked})] if locked else []


def late(tx: Tx, alarm_ids: Collection[int], *, most: int) -> dict[int, list[Late]]:
    """What still stands where it stood, of each alarm at most so much, the oldest first."""
    rows = tx.execute(
        text(f"""SELECT a.id, m.order_id, m.since, m.due_at, m.target_minutes FROM unnest(CAST(:ids AS bigint[])) AS a (id)
            CROSS JOIN LATERAL (SELECT * FROM missed_target m WHERE m.alarm_id = a.id AND {_STILL}
                ORDER BY m.due_at, m.order_id LIMIT :most) m ORDER BY a.id, m.due_at, m.order_id"""),
        {"ids": list(alarm_ids), "most": most},
    )
    found: dict[int, list[Late]] = {alarm_id: [] for alarm_id in alarm_ids}
    for row in rows:
        found[row.id].append(Late(*row[1:]))
    return found


def told(tx: Tx, next_at: Mapping[int, datetime]) -> None:
    """Another rung of these alarms has been told; they are looked at again at these instants (UTC)."""
    tx.execute(
        text("""UPDATE alarm a SET level = level + 1, next_at = u.at
            FROM unnest(CAST(:ids AS bigint[]), CAST(:ats AS timestamptz[])) AS u (id, at) WHERE a.id = u.id"""),
        {"ids": list(next_at), "ats": list(next_at.values())},
    )


def look_again(tx: Tx, alarm_ids: Collection[int], at: datetime) -> None:
    """Look at these alarms again at this instant (UTC); nobody is told of them now."""
    tx.execute(text("UPDATE alarm SET next_at = :at WHERE id = ANY(:ids)"), {"ids": list(alarm_ids), "at": at})


def close(tx: Tx, alarm_ids: Collection[int], now: datetime) -> None:
    """These alarms are over: nothing of them stands where it stood."""
    tx.execute(text("UPDATE alarm SET closed_at = :now, next_at = NULL WHERE id = ANY(:ids)"), {"ids": list(alarm_ids), "now": now})


def acknowledge(tx: Tx, alarm_id: int, *, by: str, now: datetime, shop_id: int | None = None) -> bool:
    """Somebody looks after it, so nobody else is told; whether it was waiting for that. `shop_id`: only an alarm of this shop."""
    done = tx.execute(
        text("""UPDATE alarm SET acknowledged_at = :now, acknowledged_by = :by, next_at = NULL
            WHERE id = :id AND acknowledged_at IS NULL AND (CAST(:shop_id AS bigint) IS NULL OR shop_id = :shop_id) RETURNING id"""),
        {"id": alarm_id, "by": by, "now": now, "shop_id": shop_id},
    )
    return bool(done.all())


def find(tx: Tx, alarm_id: int, *, shop_id: int | None = None) -> Alarm | None:
    """The alarm with this id; `shop_id`: only one of this shop."""
    row = tx.execute(
        text(f"{_ALARM} WHERE a.id = :id AND (CAST(:shop_id AS bigint) IS NULL OR a.shop_id = :shop_id)"),
        {"id": alarm_id, "shop_id": shop_id},
    ).one_or_none()
    return _alarm(row) if row else None


def not_taken(tx: Tx, *, shop_id: int | None = None, limit: int = 200) -> list[Alarm]:
    """Alarms that nobody has taken and are not over, the newest first."""
    rows = tx.execute(
        text(f"""{_ALARM} WHERE a.acknowledged_at IS NULL AND a.closed_at IS NULL AND m.open > 0
            AND (CAST(:shop_id AS bigint) IS NULL OR a.shop_id = :shop_id) ORDER BY a.id DESC LIMIT :limit"""),
        {"shop_id": shop_id, "limit": limit},
    )
    return [_alarm(row) for row in rows]


def _alarm(row: Sequence[object]) -> Alarm:
    return Alarm(row[0], row[1], Kind(row[2]), *row[3:])  # type: ignore[arg-type]
