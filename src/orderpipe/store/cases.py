"""
Cases with what customer, staff and orderpipe wrote about them. Whoever changes a case holds its order's lock.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    SmallInteger,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB

from orderpipe.domain.cases import Alarm, Case, Cause, Channel, Clocks, Kind, Outcome, Pieces, Severity, State, next_look
from orderpipe.store.metadata import Tx, as_json, insert_rows, metadata, one_of, text
from orderpipe.store.personal import personal

case_file = Table(
    "case_file",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("shop_id", BigInteger, nullable=False),
    Column("order_id", BigInteger, ForeignKey("orders.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("severity", Text, nullable=False, server_default="normal"),
    Column("owner", Text, nullable=False, server_default=""),
    Column("channel", Text, nullable=False),
    Column("opened_by", Text, nullable=False),
    Column("dedupe_key", Text, nullable=False, unique=True),
    Column("lines", JSONB, nullable=False, server_default="[]"),
    Column("fulfillment_id", BigInteger),
    Column("holds", Boolean, nullable=False, server_default="false"),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("acknowledge_warn_at", DateTime(timezone=True), nullable=False),
    Column("acknowledge_by", DateTime(timezone=True), nullable=False),
    Column("resolve_warn_at", DateTime(timezone=True), nullable=False),
    Column("resolve_by", DateTime(timezone=True), nullable=False),
    Column("acknowledged_at", DateTime(timezone=True)),
    Column("responded_at", DateTime(timezone=True)),
    Column("closed_at", DateTime(timezone=True)),
    Column("told", SmallInteger, nullable=False, server_default="0"),
    Column("reopened", SmallInteger, nullable=False, server_default="0"),
    Column("next_at", DateTime(timezone=True)),
    Column("outcome", Text),
    Column("remedies", JSONB, nullable=False, server_default="[]"),
    CheckConstraint(one_of("kind", Kind), name="kind"),
    CheckConstraint(one_of("state", State), name="state"),
    CheckConstraint(one_of("cause", Cause), name="cause"),
    CheckConstraint(one_of("severity", Severity), name="severity"),
    CheckConstraint(one_of("channel", Channel), name="channel"),
    CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed_at"),
    Index("ix_case_file_next_at", "next_at", postgresql_where=text("next_at IS NOT NULL")),
    Index("ix_case_file_order_id", "order_id"),
    Index("ix_case_file_shop_id", "shop_id", "id"),
    postgresql_with={"fillfactor": 70},
    info=personal(
        harmless="kind state cause severity owner channel opened_by dedupe_key lines outcome remedies",
    ),
)
"""`told`: which alarms of its clocks were reported, as bits; `fulfillment_id`: of the parcel that it is about, where there is one."""

case_message = Table(
    "case_message",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("case_id", BigInteger, ForeignKey("case_file.id"), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("direction", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("source_id", Text),
    CheckConstraint("direction IN ('in', 'out', 'note')", name="direction"),
    Index("ix_case_message_case_id", "case_id"),
    Index("uq_case_message_source", "source_id", unique=True, postgresql_where=text("source_id IS NOT NULL")),
    info=personal(
        "case_id IN (SELECT id FROM case_file WHERE order_id = ANY(:orders))",
        author="CASE WHEN direction = 'in' THEN '' ELSE author END", body="''", harmless="direction channel source_id",
    ),
)
"""`in` from the customer, `out` to the customer, `note` among staff; `source_id` is the sender's own id of the message."""


@dataclass(frozen=True, slots=True)
class Message:
    """Something written about a case; `at` UTC."""

    case_id: int
    at: datetime
    direction: str
    channel: str
    author: str
    body: str
    source_id: str | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cases to list; None: whichever. `late`: a clock of it has run out."""

    state: str | None = None
    kind: str | None = None
    order_id: int | None = None
    open_only: bool = False
    late_at: datetime | None = None


_CASE = """SELECT c.*, o.type AS order_type FROM case_file c JOIN orders o ON o.id = c.order_id"""


def insert(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Open cases; returns the ids by key of those that are new, for each key opens one case."""
    new = insert_rows(tx, case_file, rows, conflict="ON CONFLICT (dedupe_key) DO NOTHING", returning="id, dedupe_key")
    return {row.dedupe_key: row.id for row in new}


def of_keys(tx: Tx, keys: Collection[str]) -> dict[str, int]:
    """The cases that were opened, or written on, under these keys."""
    rows = tx.execute(
        text("""SELECT dedupe_key AS key, id FROM case_file WHERE dedupe_key = ANY(:keys)
            UNION SELECT source_id, case_id FROM case_message WHERE source_id = ANY(:keys)"""),
        {"keys": list(keys)},
    )
    return {row.key: row.id for row in rows}


def order_of(tx: Tx, case_id: int) -> tuple[int, int] | None:
    """The (shop, order) of a case, which never change; None when there is no such case."""
    row = tx.execute(text("SELECT shop_id, order_id FROM case_file WHERE id = :id"), {"id": case_id}).one_or_none()
    return (row.shop_id, row.order_id) if row else None


def of_ids(tx: Tx, case_ids: Collection[int]) -> dict[int, Case]:
    """These cases, by id in their order."""
    rows = tx.execute(text(f"{_CASE} WHERE c.id = ANY(:ids) ORDER BY c.id"), {"ids": list(case_ids)})
    return {row.id: _case(row) for row in rows}


def of_orders(tx: Tx, order_ids: Collection[int]) -> list[Case]:
    """The cases about these orders, the oldest first."""
    return [_case(row) for row in tx.execute(text(f"{_CASE} WHERE c.order_id = ANY(:ids) ORDER BY c.id"), {"ids": list(order_ids)})]


def about_parcels(tx: Tx, order_id: int, fulfillment_ids: Collection[int]) -> list[Case]:
    """The cases about these parcels of the order that were not answered yet."""
    rows = tx.execute(
        text(f"""{_CASE} WHERE c.order_id = :order_id AND c.fulfillment_id = ANY(:ids)
            AND c.state NOT IN ('responded', 'closed') ORDER BY c.id"""),
        {"order_id": order_id, "ids": list(fulfillment_ids)},
    )
    return [_case(row) for row in rows]


def listed(tx: Tx, shop_id: int | None, wanted: Wanted, *, after: int, limit: int) -> list[Case]:
    """The shop's cases (None: every shop's), the oldest first, behind `after`."""
    rows = tx.execute(
        text(f"""{_CASE} WHERE (CAST(:shop AS bigint) IS NULL OR c.shop_id = :shop) AND c.id > :after
                AND (CAST(:state AS text) IS NULL OR c.state = :state) AND (CAST(:kind AS text) IS NULL OR c.kind = :kind)
                AND (CAST(:order AS bigint) IS NULL OR c.order_id = :order) AND (NOT :open OR c.state <> 'closed')
                AND (CAST(:late_at AS timestamptz) IS NULL OR c.state NOT IN ('responded', 'closed')
                    AND (c.resolve_by < :late_at OR c.acknowledged_at IS NULL AND c.acknowledge_by < :late_at))
            ORDER BY c.id LIMIT :limit"""),
        {
            "shop": shop_id, "after": after, "limit": limit, "state": wanted.state, "kind": wanted.kind, "order": wanted.order_id,
            "open": wanted.open_only, "late_at": wanted.late_at,
        },
    )
    return [_case(row) for row in rows]


def due(tx: Tx, *, now: datetime, limit: int) -> dict[int, int]:
    """The order by case of up to so many cases whose time has come."""
    rows = tx.execute(
        text("SELECT id, order_id FROM case_file WHERE next_at <= :now ORDER BY next_at, id LIMIT :limit"), {"now": now, "limit": limit}
    )
    return {row.id: row.order_id for row in rows}


_SAVED = {
    "kind": "text", "state": "text", "cause": "text", "severity": "text", "owner": "text", "lines": "jsonb", "holds": "boolean",
    "acknowledge_warn_at": "timestamptz", "acknowledge_by": "timestamptz", "resolve_warn_at": "timestamptz", "resolve_by": "timestamptz",
    "acknowledged_at": "timestamptz", "responded_at": "timestamptz", "closed_at": "timestamptz", "told": "smallint",
    "reopened": "smallint", "next_at": "timestamptz", "outcome": "text", "remedies": "jsonb",
}


_WRITTEN = ("told", "next_at", "remedies", "lines")


def save(tx: Tx, changed: Sequence[Case]) -> None:
    """Bring the cases' rows to what they are now, with when the clock looks again; the caller holds the orders' locks."""
    if not changed:
        return
    rows = [_row(one) for one in changed]
    arrays = ", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in _SAVED.items())
    tx.execute(
        text(f"""UPDATE case_file c SET {", ".join(f"{name} = u.{name}" for name in _SAVED)}
            FROM unnest(CAST(:ids AS bigint[]), {arrays}) AS u (id, {", ".join(_SAVED)}) WHERE c.id = u.id"""),
        {"ids": [one.id for one in changed]} | {name: [row[name] for row in rows] for name in _SAVED},
    )


def _row(case: Case) -> dict[str, Any]:
    clocks = {name: getattr(case.clocks, name) for name in Clocks.__dataclass_fields__}
    own = {name: getattr(case, name) for name in _SAVED if name not in clocks and name not in _WRITTEN}
    written = {"told": int(case.told), "next_at": next_look(case), "remedies": as_json(case.remedies)}
    return own | clocks | written | {"lines": as_json([asdict(one) for one in case.lines])}


def _case(row: Any) -> Case:
    return Case(
        row.id, row.shop_id, row.order_id, row.order_type, Kind(row.kind), State(row.state), Cause(row.cause), Severity(row.severity),
        row.owner, Channel(row.channel), row.opened_by, row.opened_at,
        Clocks(row.acknowledge_warn_at, row.acknowledge_by, row.resolve_warn_at, row.resolve_by), _pieces(row.lines),
        row.fulfillment_id, row.holds, row.acknowledged_at, row.responded_at, row.closed_at, Alarm(row.told), row.reopened,
        Outcome(row.outcome) if row.outcome else None, tuple(row.remedies),
    )


def _pieces(lines: Iterable[Mapping[str, int]]) -> tuple[Pieces, ...]:
    return tuple(Pieces(one["number"], one["quantity"]) for one in lines)


def write_messages(tx: Tx, messages: Sequence[Message]) -> list[int]:
    """Keep what was written; a message of the same source counts once. Returns the ids of those that are new."""
    columns = Message.__dataclass_fields__
    new = insert_rows(
        tx, case_message, [{name: getattr(one, name) for name in columns} for one in messages],
        conflict="ON CONFLICT (source_id) WHERE source_id IS NOT NULL DO NOTHING", returning="id",
    )
    return [row.id for row in new]


def heard_since(tx: Tx, order_id: int, channel: Channel, since: datetime) -> int:
    """How often the order's customer has written by this channel since then."""
    return int(tx.execute(
        text("""SELECT count(*) FROM case_file c JOIN case_message m ON m.case_id = c.id
            WHERE c.order_id = :id AND m.direction = 'in' AND m.channel = :channel AND m.at > :since"""),
        {"id": order_id, "channel": channel, "since": since},
    ).scalar_one())


def messages_of(tx: Tx, case_id: int) -> list[Message]:
    """Everything written about the case, the oldest first."""
    columns = ", ".join(Message.__dataclass_fields__)
    rows = tx.execute(text(f"SELECT {columns} FROM case_message WHERE case_id = :id ORDER BY id"), {"id": case_id})
    return [Message(*row) for row in rows]
