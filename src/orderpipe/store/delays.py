"""
Delays: promises that are at risk or will not be kept, what the customer was told and chose.

An order has one open delay at most, over all its late fulfillments and with one date, so that two dates are never outstanding.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Boolean, CheckConstraint, Column, DateTime, Identity, Index, SmallInteger, Table, Text

from orderpipe.domain.delay_terms import Choice, Policy, Rights, Silence
from orderpipe.domain.delays import Cause
from orderpipe.store import notifications
from orderpipe.store.metadata import Tx, as_json, insert_rows, metadata, one_of, text
from orderpipe.store.personal import IMPERSONAL, personal

delay = Table(
    "delay",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("order_id", BigInteger, nullable=False),
    Column("shop_id", BigInteger, nullable=False),
    Column("fulfillment_ids", ARRAY(BigInteger), nullable=False),
    Column("state", Text, nullable=False),
    Column("round", SmallInteger, nullable=False, server_default="1"),
    Column("warned_round", SmallInteger, nullable=False, server_default="0"),
    Column("warn", Boolean, nullable=False, server_default="false"),
    Column("cause", Text, nullable=False),
    Column("original_until", DateTime(timezone=True), nullable=False),
    Column("promised_until", DateTime(timezone=True), nullable=False),
    Column("revised_until", DateTime(timezone=True)),
    Column("policy", Text),
    Column("silence", Text),
    Column("options", ARRAY(Text), nullable=False, server_default="{}"),
    Column("found_at", DateTime(timezone=True), nullable=False),
    Column("told_at", DateTime(timezone=True)),
    Column("remind_at", DateTime(timezone=True)),
    Column("reminded_at", DateTime(timezone=True)),
    Column("call_at", DateTime(timezone=True)),
    Column("called_at", DateTime(timezone=True)),
    Column("answer_until", DateTime(timezone=True)),
    Column("chosen", Text),
    Column("chosen_at", DateTime(timezone=True)),
    Column("chosen_by", Text),
    Column("settled_at", DateTime(timezone=True)),
    Column("settled_how", Text),
    Column("next_at", DateTime(timezone=True)),
    Column("last_error", Text),
    CheckConstraint("state IN ('at-risk', 'late', 'told', 'chosen', 'settled')", name="state"),
    CheckConstraint(one_of("cause", Cause), name="cause"),
    CheckConstraint(one_of("policy", Policy), name="policy"),
    CheckConstraint(one_of("silence", Silence), name="silence"),
    CheckConstraint(one_of("chosen", Choice), name="chosen"),
    CheckConstraint("(state IN ('late', 'told')) = (next_at IS NOT NULL)", name="live_has_next_at"),
    CheckConstraint("(state = 'settled') = (settled_at IS NOT NULL)", name="settled_at"),
    Index("uq_delay_open", "order_id", unique=True, postgresql_where=text("state <> 'settled'")),
    Index("ix_delay_order_id", "order_id"),
    Index("ix_delay_warn", "id", postgresql_where=text("warn")),
    Index("ix_delay_next_at", "next_at", postgresql_where=text("next_at IS NOT NULL")),
    info=personal(harmless="state cause policy silence chosen chosen_by settled_how", last_error="NULL"),
)
"""
`at-risk`: only the house knows; `late`: to be told; `told`: an answer may come; `chosen`: by word or by silence; `settled`: over.
`round` counts how often the customer was, or is to be, told of another date; `warned_round` for which of them the house is warned, and
`warn` whether the letter about it is still to be written.
"""

delay_policy = Table(
    "delay_policy",
    metadata,
    Column("shop_id", BigInteger, primary_key=True),
    Column("order_type", Text, primary_key=True, server_default=""),
    Column("policy", Text, nullable=False),
    CheckConstraint(one_of("policy", Policy), name="policy"),
    info=IMPERSONAL,
)
"""What silence means, by shop and type of order ('' for all its types)."""


@dataclass(frozen=True, slots=True)
class Delay:
    """An open delay as it stands; instants UTC."""

    id: int
    order_id: int
    shop_id: int
    fulfillment_ids: tuple[int, ...]
    state: str
    round: int
    warned_round: int
    cause: Cause
    original_until: datetime
    promised_until: datetime
    revised_until: datetime | None
    silence: Silence | None
    options: tuple[Choice, ...]
    told_at: datetime | None
    remind_at: datetime | None
    reminded_at: datetime | None
    call_at: datetime | None
    called_at: datetime | None
    answer_until: datetime | None
    chosen: Choice | None
    chosen_by: str | None
    next_at: datetime | None

    @property
    def rights(self) -> Rights | None:
        """What the customer was told about silence; None before anything was told."""
        if self.silence is None or self.answer_until is None or self.remind_at is None:
            return None
        return Rights(self.silence, self.answer_until, self.remind_at, self.call_at)


_DELAY = ", ".join(Delay.__dataclass_fields__)


def _delay(row: Any) -> Delay:
    given = dict(row._mapping)
    given["fulfillment_ids"] = tuple(given["fulfillment_ids"])
    given["cause"] = Cause(given["cause"])
    given["options"] = tuple(Choice(one) for one in given["options"])
    given["silence"] = Silence(given["silence"]) if given["silence"] else None
    given["chosen"] = Choice(given["chosen"]) if given["chosen"] else None
    return Delay(**given)


def open_of(tx: Tx, order_ids: Collection[int]) -> dict[int, Delay]:
    """The open delays of these orders, by order id."""
    rows = tx.execute(
        text(f"SELECT {_DELAY} FROM delay WHERE order_id = ANY(:ids) AND state <> 'settled'"), {"ids": sorted(set(order_ids))}
    )
    return {row.order_id: _delay(row) for row in rows}


def settled_how(tx: Tx, delay_id: int) -> str | None:
    """How a delay ended, None while it is open."""
    how: str | None = tx.execute(text("SELECT settled_how FROM delay WHERE id = :id"), {"id": delay_id}).scalar_one_or_none()
    return how


def open_all(tx: Tx, *, limit: int) -> list[Delay]:
    """What is late or at risk, the nearest promised date first."""
    rows = tx.execute(
        text(f"SELECT {_DELAY} FROM delay WHERE state <> 'settled' ORDER BY promised_until, id LIMIT :limit"), {"limit": limit}
    )
    return [_delay(row) for row in rows]


def told_before(tx: Tx, order_ids: Collection[int]) -> dict[int, int]:
    """How often the customers of these orders were told of another date in delays that are over; orders without any are left out."""
    rows = tx.execute(
        text("""SELECT order_id, sum(round) AS rounds FROM delay
            WHERE order_id = ANY(:ids) AND state = 'settled' AND told_at IS NOT NULL GROUP BY order_id"""),
        {"ids": sorted(set(order_ids))},
    )
    return {row.order_id: int(row.rounds) for row in rows}


def write_new(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write delays that have just been found; the caller holds the orders' locks."""
    if rows:
        names = ", ".join(rows[0])
        given = {"rows": as_json(list(map(dict, rows)))}
        tx.execute(text(f"INSERT INTO delay ({names}) SELECT {names} FROM {_ROWS} ON CONFLICT DO NOTHING"), given)


# arrays within an array would all have to be of one length, so rows travel as JSON
_ROWS = "jsonb_populate_recordset(CAST(NULL AS delay), CAST(:rows AS jsonb)) u"


def change(tx: Tx, delay_ids: Collection[int], **columns: Any) -> None:
    """Set these columns of delays alike; the caller holds the orders' locks."""
    if delay_ids:
        names = ", ".join(f"{name} = :{name}" for name in columns)
        tx.execute(text(f"UPDATE delay SET {names} WHERE id = ANY(:delay_ids)"), {**columns, "delay_ids": sorted(delay_ids)})


_CHANGEABLE = (
    "fulfillment_ids", "state", "round", "warned_round", "warn", "cause", "original_until", "promised_until", "revised_until", "policy",
    "silence", "options", "told_at", "remind_at", "reminded_at", "call_at", "called_at", "answer_until", "chosen", "next_at",
)


def renew(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write these columns, the same in each row, of delays by `id` with one statement; the caller holds the orders' locks."""
    if not rows:
        return
    names = [name for name in _CHANGEABLE if name in rows[0]]
    fields = ", ".join(f"{name} = u.{name}" for name in names)
    tx.execute(
        text(f"UPDATE delay d SET {fields} FROM {_ROWS} WHERE d.id = u.id"), {"rows": as_json(list(map(dict, rows)))}
    )


def settle(tx: Tx, delay_ids: Collection[int], how: str, now: datetime) -> None:
    """These delays are over."""
    change(tx, delay_ids, state="settled", settled_at=now, settled_how=how, next_at=None)


def end(tx: Tx, order_ids: Collection[int], how: str, now: datetime) -> None:
    """The open delays of these orders are over, and no letter about them goes out any more."""
    ended = tx.execute(
        text("""UPDATE delay SET state = 'settled', settled_at = :now, settled_how = :how, next_at = NULL, warn = false
            WHERE order_id = ANY(:ids) AND state <> 'settled' RETURNING order_id"""),
        {"ids": list(order_ids), "how": how, "now": now},
    ).scalars().all()
    if ended:
        withdraw(tx, ended)


def due(tx: Tx, *, now: datetime, limit: int) -> dict[str, list[int]]:
    """The orders whose delay has something to do, by its state, handed out for some minutes so that they are not handed out again."""
    rows = tx.execute(
        text("""UPDATE delay SET next_at = CAST(:now AS timestamptz) + interval '5 minutes' WHERE id IN (
                SELECT id FROM delay WHERE next_at <= :now ORDER BY next_at LIMIT :limit FOR UPDATE SKIP LOCKED)
            RETURNING state, order_id"""),
        {"now": now, "limit": limit},
    )
    found: dict[str, list[int]] = {}
    for row in rows:
        found.setdefault(row.state, []).append(row.order_id)
    return {state: sorted(ids) for state, ids in found.items()}


def take_warnings(tx: Tx) -> list[int]:
    """The orders about which the house is still to be warned, and from now on is."""
    rows = tx.execute(text("""UPDATE delay SET warn = false WHERE id IN (SELECT id FROM delay WHERE warn FOR UPDATE SKIP LOCKED)
        RETURNING order_id, state"""))
    return sorted(row.order_id for row in rows if row.state != "settled")


def set_aside(tx: Tx, order_id: int, error: str, *, until: datetime) -> None:
    """A delay whose step broke is left alone until then, with the error beside it."""
    tx.execute(
        text("""UPDATE delay SET last_error = :error, next_at = CASE WHEN next_at IS NOT NULL THEN CAST(:until AS timestamptz) END
            WHERE order_id = :id AND state <> 'settled'"""),
        {"error": error[:2000], "id": order_id, "until": until},
    )


LETTERS = ("delayed", "delay-reminder")
"""What is no longer true when a delay is settled."""


def withdraw(tx: Tx, order_ids: Collection[int], kinds: Collection[str] = LETTERS) -> None:
    """Letters about the delays of these orders that have not begun to go out never do."""
    notifications.withdraw(tx, order_ids, kinds, reason="The delay is settled.")


def policies_of(tx: Tx, shop_ids: Collection[int]) -> dict[tuple[int, str], Policy]:
    """The policies of these shops, by (shop id, type of order)."""
    rows = tx.execute(
        text("SELECT shop_id, order_type, policy FROM delay_policy WHERE shop_id = ANY(:ids) ORDER BY 1, 2"), {"ids": sorted(set(shop_ids))}
    )
    return {(row.shop_id, row.order_type): Policy(row.policy) for row in rows}


def set_policy(tx: Tx, shop_id: int, order_type: str, policy: Policy) -> None:
    """From now on silence means this for the shop's orders of this type ('' for all types that have no policy of their own)."""
    insert_rows(tx, delay_policy, [{"shop_id": shop_id, "order_type": order_type, "policy": policy}],
                conflict="ON CONFLICT (shop_id, order_type) DO UPDATE SET policy = excluded.policy")
