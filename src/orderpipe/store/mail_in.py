"""
Mail that came in: kept byte for byte before anything else is done, and then what it was taken for and what became of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from orderpipe.store.metadata import Tx, insert_rows, metadata, text
from orderpipe.store.personal import personal

mail_in = Table(
    "mail_in",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    Column("mailbox", Text, nullable=False),
    Column("uid_validity", BigInteger, nullable=False),
    Column("uid", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("message_id", Text, nullable=False, server_default=""),
    Column("sender", Text, nullable=False, server_default=""),
    Column("sender_name", Text, nullable=False, server_default=""),
    Column("subject", Text, nullable=False, server_default=""),
    Column("state", Text, nullable=False, server_default="new"),
    Column("kind", Text),
    Column("note", Text),
    Column("order_id", BigInteger),
    Column("notification_id", BigInteger),
    Column("shop_id", BigInteger),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("handled_at", DateTime(timezone=True)),
    UniqueConstraint("digest"),
    CheckConstraint("state IN ('new', 'done', 'open')", name="state"),
    Index("ix_mail_in_place", "mailbox", "uid_validity", "uid"),
    Index("ix_mail_in_waiting", "state", "id", postgresql_where=text("state <> 'done'")),
    Index("ix_mail_in_order_id", "order_id", postgresql_where=text("order_id IS NOT NULL")),
    # what fits no order belongs to no shop: it goes with its sender, or with whom it names
    info=personal(
        """order_id = ANY(:orders) OR order_id IS NULL AND state <> 'new' AND (lower(sender) = ANY(:keys) OR EXISTS (
            SELECT FROM unnest(CAST(:words AS text[])) w WHERE position(w IN lower(encode(raw, 'escape'))) > 0))""",
        raw="''", message_id="''", sender="''", sender_name="''", subject="''", note="NULL", harmless="digest mailbox state kind",
    ),
)
"""
`digest` is the SHA-256 of all that was read, so a mail is kept once however often it is read; `open`: somebody has to look at it;
`shop_id`: whose it seems to be where it fits no order.
"""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A mail as it was read from the mailbox: what was read of it, and how large it is (bytes)."""

    mailbox: str
    uid_validity: int
    uid: int
    size: int
    raw: bytes
    digest: bytes


@dataclass(frozen=True, slots=True)
class Kept:
    """A mail that waits to be understood."""

    id: int
    raw: bytes
    size: int
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Settled:
    """What a mail was taken for, what became of it (`note`), and whether somebody has to look at it."""

    kind: str
    note: str
    order_id: int | None = None
    notification_id: int | None = None
    open: bool = False
    shop_id: int | None = None


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Who wrote a mail about what, as shown; every string may come from anybody."""

    message_id: str = ""
    sender: str = ""
    sender_name: str = ""
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """A mail as the office sees it, without its bytes; instants UTC."""

    id: int
    received_at: datetime
    sender: str
    sender_name: str
    subject: str
    size: int
    state: str
    kind: str | None
    note: str | None
    order_id: int | None
    notification_id: int | None
    handled_at: datetime | None


_COLUMNS = ", ".join(Listed.__dataclass_fields__)


def keep(tx: Tx, arrived: Sequence[Arrived], now: datetime) -> int:
    """Keep what was read; what is kept already stays as it is. Returns how many are new."""
    rows = [{name: getattr(one, name) for name in Arrived.__slots__} | {"received_at": now} for one in arrived]
    return len(insert_rows(tx, mail_in, rows, conflict="ON CONFLICT (digest) DO NOTHING", returning="id"))


def last_uid(tx: Tx, mailbox: str, uid_validity: int) -> int | None:
    """The highest number read from this mailbox, None before the first."""
    found = tx.execute(
        text("SELECT max(uid) FROM mail_in WHERE mailbox = :mailbox AND uid_validity = :validity"),
        {"mailbox": mailbox, "validity": uid_validity},
    ).scalar()
    return None if found is None else int(found)


def begin(tx: Tx, after: int) -> tuple[int, int] | None:
    """The next mail after this one to be understood (id, how often that was begun before); counted before it is tried."""
    row = tx.execute(
        text("""UPDATE mail_in SET attempts = attempts + 1
            WHERE id = (SELECT id FROM mail_in WHERE state = 'new' AND id > :after ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
            RETURNING id, attempts - 1"""),
        {"after": after},
    ).one_or_none()
    return None if row is None else (int(row[0]), int(row[1]))


def claim(tx: Tx, mail_id: int, state: str = "new") -> Kept | None:
    """Lock a mail that still waits to be understood, or (open) for somebody to look at it; None where somebody was first."""
    row = tx.execute(
        text("SELECT id, raw, size, received_at FROM mail_in WHERE id = :id AND state = :state FOR UPDATE"),
        {"id": mail_id, "state": state},
    ).one_or_none()
    return None if row is None else Kept(row.id, bytes(row.raw), row.size, row.received_at)


def settle(tx: Tx, mail_id: int, settled: Settled, head: Letterhead, now: datetime) -> None:
    """Write down what became of a mail."""
    tx.execute(
        text("""UPDATE mail_in SET state = :state, kind = :kind, note = :note, order_id = :order_id, notification_id = :notification_id,
            shop_id = :shop_id, message_id = :message_id, sender = :sender, sender_name = :sender_name, subject = :subject,
            handled_at = :now
            WHERE id = :id"""),
        {
            "id": mail_id, "state": "open" if settled.open else "done", "kind": settled.kind, "note": settled.note[:1000],
            "order_id": settled.order_id, "notification_id": settled.notification_id, "shop_id": settled.shop_id,
            "now": now,
            **{name: getattr(head, name) for name in Letterhead.__slots__},
        },
    )


def listed(tx: Tx, *, order_id: int | None = None, only_open: bool = False, limit: int = 50) -> list[Listed]:
    """Mails that came in, the newest first: all, an order's, or only those that somebody has to look at."""
    wanted = (" AND order_id = :order_id" if order_id is not None else "") + (" AND state <> 'done'" if only_open else "")
    given: Mapping[str, Any] = {"limit": limit, **({"order_id": order_id} if order_id is not None else {})}
    rows = tx.execute(text(f"SELECT {_COLUMNS} FROM mail_in WHERE true{wanted} ORDER BY id DESC LIMIT :limit"), given)
    return [Listed(*row) for row in rows]


def one(tx: Tx, mail_id: int) -> tuple[Listed, bytes] | None:
    """A mail and its bytes."""
    row = tx.execute(text(f"SELECT {_COLUMNS}, raw FROM mail_in WHERE id = :id"), {"id": mail_id}).one_or_none()
    return None if row is None else (Listed(*row[:-1]), bytes(row[-1]))


def again(tx: Tx, mail_id: int) -> bool:
    """Let a mail be understood anew; whether there is one."""
    row = tx.execute(text("UPDATE mail_in SET state = 'new', attempts = 0 WHERE id = :id RETURNING id"), {"id": mail_id})
    return row.one_or_none() is not None


def tick_off(tx: Tx, mail_id: int, now: datetime) -> bool:
    """Somebody has looked at it; whether it was open."""
    row = tx.execute(
        text("UPDATE mail_in SET state = 'done', handled_at = :now WHERE id = :id AND state = 'open' RETURNING id"),
        {"id": mail_id, "now": now},
    )
    return row.one_or_none() is not None


def of_shop(tx: Tx, shop_id: int, *, only_open: bool, before: int | None, limit: int) -> list[Listed]:
    """The shop's mails that fitted no order when they came, the newest first, those of a lower id than `before`."""
    rows = tx.execute(
        text(f"""SELECT {_COLUMNS} FROM mail_in WHERE shop_id = :shop AND (NOT :open OR state = 'open')
            AND (CAST(:before AS bigint) IS NULL OR id < :before) ORDER BY id DESC LIMIT :limit"""),
        {"shop": shop_id, "open": only_open, "before": before, "limit": limit},
    )
    return [Listed(*row) for row in rows]


def belongs_to(tx: Tx, mail_id: int) -> int | None:
    """The shop that a mail which fitted no order seems to be for; None for none, and for all others."""
    return tx.execute(text("SELECT shop_id FROM mail_in WHERE id = :id"), {"id": mail_id}).scalar()


def count_open(tx: Tx) -> int:
    """How many mails somebody has to look at."""
    return int(tx.execute(text("SELECT count(*) FROM mail_in WHERE state = 'open'")).scalar_one())


def handed_over_lately(tx: Tx, order_id: int, now: datetime) -> int:
    """How many mails about this order came within a day."""
    return int(tx.execute(
        text("SELECT count(*) FROM mail_in WHERE order_id = :id AND handled_at > :since"),
        {"id": order_id, "since": now - timedelta(days=1)},
    ).scalar_one())
