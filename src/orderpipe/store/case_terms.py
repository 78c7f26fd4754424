"""
The time targets of cases and the terms of returns and ratings, where a shop has set its own.
"""

from sqlalchemy import BigInteger, CheckConstraint, Column, Integer, SmallInteger, Table, Text

from orderpipe.domain.case_terms import Target, Targets, Terms
from orderpipe.store.metadata import Tx, insert_rows, metadata, text
from orderpipe.store.personal import IMPERSONAL

case_target = Table(
    "case_target",
    metadata,
    Column("shop_id", BigInteger, primary_key=True, autoincrement=False),
    Column("order_type", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("acknowledge_minutes", Integer, nullable=False),
    Column("resolve_minutes", Integer, nullable=False),
    CheckConstraint("0 < acknowledge_minutes AND acknowledge_minutes <= resolve_minutes", name="minutes"),
    info=IMPERSONAL,
)
"""Working minutes; shop 0 is everybody's default, an empty order type or kind stands for any."""

case_terms = Table(
    "case_terms",
    metadata,
    Column("shop_id", BigInteger, primary_key=True, autoincrement=False),
    Column("low_score", SmallInteger, nullable=False),
    Column("remind_days", SmallInteger, nullable=False),
    Column("change_days", SmallInteger, nullable=False),
    Column("return_days", SmallInteger, nullable=False),
    Column("daily_words", SmallInteger, nullable=False, server_default="20"),
    info=IMPERSONAL,
)
_TERMS = tuple(Terms.__dataclass_fields__)


def targets(tx: Tx) -> Targets:
    """All targets that were set."""
    rows = tx.execute(text("SELECT shop_id, order_type, kind, acknowledge_minutes, resolve_minutes FROM case_target"))
    return Targets({(row.shop_id, row.order_type, row.kind): Target(row[3], row[4]) for row in rows})


def set_target(tx: Tx, shop_id: int, order_type: str, kind: str, target: Target) -> None:
    """Set a target; cases that are open keep theirs."""
    insert_rows(
        tx, case_target, [{
            "shop_id": shop_id, "order_type": order_type, "kind": kind, "acknowledge_minutes": round(target.acknowledge),
            "resolve_minutes": round(target.resolve),
        }],
        conflict="""ON CONFLICT (shop_id, order_type, kind) DO UPDATE
            SET acknowledge_minutes = excluded.acknowledge_minutes, resolve_minutes = excluded.resolve_minutes""",
    )


def terms(tx: Tx) -> dict[int, Terms]:
    """The terms of the shops that have set their own."""
    rows = tx.execute(text(f"SELECT shop_id, {', '.join(_TERMS)} FROM case_terms"))
    return {row.shop_id: Terms(*row[1:]) for row in rows}


def terms_of(tx: Tx, shop_id: int) -> Terms:
    """The shop's terms."""
    return terms(tx).get(shop_id, Terms())


def set_terms(tx: Tx, shop_id: int, chosen: Terms) -> None:
    """Set the shop's terms."""
    changed = ", ".join(f"{name} = excluded.{name}" for name in _TERMS)
    insert_rows(
        tx, case_terms, [{"shop_id": shop_id} | {name: getattr(chosen, name) for name in _TERMS}],
        conflict=f"ON CONFLICT (shop_id) DO UPDATE SET {changed}",
    )
