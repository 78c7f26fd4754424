"""
Refunds: instructions to give money back, done when a payment with their reference is booked; and credits, done when the shop says so.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Index, Numeric, Table, Text

from orderpipe.store.metadata import Tx, insert_rows, metadata, text
from orderpipe.store.personal import personal

refund = Table(
    "refund",
    metadata,
    Column("order_id", BigInteger, primary_key=True, autoincrement=False),
    Column("reference", Text, primary_key=True),
    Column("case_id", BigInteger, nullable=False),
    Column("amount", Numeric(14, 2), nullable=False),
    Column("currency", Text, nullable=False),
    Column("instructed_at", DateTime(timezone=True), nullable=False),
    Column("instructed_by", Text, nullable=False),
    Column("done_at", DateTime(timezone=True)),
    Column("kind", Text, nullable=False, server_default="refund"),
    CheckConstraint("amount > 0", name="amount"),
    CheckConstraint("kind IN ('refund', 'credit')", name="kind"),
    Index("ix_refund_case_id", "case_id"),
    info=personal(harmless="reference currency instructed_by kind"),  # the books have to be kept
)


@dataclass(frozen=True, slots=True)
class Refund:
    """Money to be given back, or a credit to be given; `reference` is what the payment that does it is booked under."""

    order_id: int
    reference: str
    case_id: int
    amount: Decimal
    currency: str
    instructed_at: datetime
    instructed_by: str
    done_at: datetime | None = None
    kind: str = "refund"


def instruct(tx: Tx, new: Sequence[Refund]) -> None:
    """Write instructions down."""
    names = tuple(Refund.__dataclass_fields__)
    insert_rows(tx, refund, [{name: getattr(one, name) for name in names} for one in new])


def open_amount(tx: Tx, order_id: int) -> Decimal:
    """What is to be given back for the order and was not yet."""
    total = tx.execute(
        text("SELECT coalesce(sum(amount), 0) FROM refund WHERE order_id = :id AND kind = 'refund' AND done_at IS NULL"), {"id": order_id}
    ).scalar_one()
    return Decimal(total)


def settle(tx: Tx, booked: Collection[tuple[int, str]], now: datetime) -> list[Refund]:
    """Mark the refunds of these (order, reference) as done; returns those that were not before."""
    names = ", ".join(f"r.{name}" for name in Refund.__dataclass_fields__)
    rows = tx.execute(
        text(f"""UPDATE refund r SET done_at = :now
            FROM unnest(CAST(:orders AS bigint[]), CAST(:references AS text[])) AS u (order_id, reference)
            WHERE r.order_id = u.order_id AND r.reference = u.reference AND r.kind = 'refund' AND r.done_at IS NULL
            RETURNING {names}"""),
        {"orders": [order for order, _ in booked], "references": [reference for _, reference in booked], "now": now},
    )
    return [Refund(*row) for row in rows]


def give(tx: Tx, case_id: int, reference: str, now: datetime) -> bool | None:
    """Mark the case's credit of this reference as given; whether it was not before, None where there is none."""
    row = tx.execute(
        text("""WITH given AS (UPDATE refund SET done_at = :now WHERE case_id = :id AND reference = :reference AND kind = 'credit'
                AND done_at IS NULL RETURNING reference)
            SELECT EXISTS (SELECT FROM given) AS now FROM refund WHERE case_id = :id AND reference = :reference AND kind = 'credit'"""),
        {"id": case_id, "reference": reference, "now": now},
    ).one_or_none()
    return None if row is None else bool(row.now)


def of_case(tx: Tx, case_id: int) -> list[Refund]:
    """The case's refunds and credits, the oldest first."""
    names = ", ".join(Refund.__dataclass_fields__)
    rows = tx.execute(text(f"SELECT {names} FROM refund WHERE case_id = :id ORDER BY instructed_at, reference"), {"id": case_id})
    return [Refund(*row) for row in rows]
