"""
What customers and the office are to be told: a row first, rendered and sent when leased, kept as it was sent.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Identity, Index, Integer, LargeBinary, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from orderpipe.domain.decisions import Tell
from orderpipe.domain.kinds import BUNDLED, KINDS, OPTIONAL, OUTDATED, URGENT
from orderpipe.domain.notices import Dead, Fault, Later, Leased, Order, OrderedLine, Result, Sent, Withdrawn, shown_recipient
from orderpipe.domain.orders import number_of
from orderpipe.store import bounced, bundles
from orderpipe.store.bounced import Undelivered
from orderpipe.store.contact_preferences import contact_of
from orderpipe.store.metadata import Tx, as_json, metadata, text
from orderpipe.store.personal import personal

notification = Table(
    "notification",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("order_id", BigInteger),
    Column("audience", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("facts", JSONB, nullable=False),
    Column("dedupe_key", Text, nullable=False, unique=True),
    Column("state", Text, nullable=False, server_default="pending"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_at", DateTime(timezone=True)),
    Column("last_error", Text),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("sent_at", DateTime(timezone=True)),
    Column("provider_id", Text),
    Column("sent", LargeBinary),
    Column("bounced_at", DateTime(timezone=True)),
    Column("bounce", Text),
    Column("fell_back_at", DateTime(timezone=True)),
    Column("superseded_by", BigInteger),
    CheckConstraint("audience IN ('customer', 'office')", name="audience"),
    CheckConstraint("channel IN ('email', 'sms', 'chat')", name="channel"),
    CheckConstraint("state IN ('pending', 'sending', 'sent', 'dead', 'superseded', 'withdrawn', 'declined')", name="state"),
    CheckConstraint("(state IN ('pending', 'sending')) = (next_at IS NOT NULL)", name="pending_has_next_at"),
    Index("ix_notification_next_at", "channel", "next_at", postgresql_where=text("next_at IS NOT NULL")),
    Index("ix_notification_order_id", "order_id"),
    Index("ix_notification_dead", "id", postgresql_where=text("state = 'dead'")),
    Index("ix_notification_bounced", "id", postgresql_where=text("bounced_at IS NOT NULL AND fell_back_at IS NULL")),
    postgresql_with={"fillfactor": 70},
    info=personal(
        """order_id = ANY(:orders) OR order_id IS NULL AND (lower(facts ->> 'sender') = ANY(:keys) OR EXISTS (
            SELECT FROM unnest(CAST(:words AS text[])) w WHERE position(w IN lower(CAST(facts AS text))) > 0))""",
        recipient="''", facts="'{}'", last_error="NULL", provider_id="NULL", bounce="NULL", sent="NULL",
        harmless="audience channel kind language dedupe_key state",
    ),
)
"""`superseded`: a newer letter tells it too; `withdrawn`: it no longer matters; `declined`: the customer does without such letters."""


@dataclass(frozen=True, slots=True)
class Enqueued:
    """How many notifications are new, and which (order id, kind) reach nobody because the customer left no contact."""

    inserted: int
    unreachable: tuple[tuple[int, str], ...] = ()
    channels: frozenset[str] = frozenset()
    """The channels, `email` or `sms`, on which something new waits to go out."""


@dataclass(frozen=True, slots=True)
class Notification:
    """A notification as the office sees it; instants UTC."""

    id: int
    order_id: int | None
    audience: str
    channel: str
    recipient: str
    kind: str
    language: str
    state: str
    attempts: int
    next_at: datetime | None
    last_error: str | None
    created_at: datetime
    sent_at: datetime | None
    provider_id: str | None
    bounced_at: datetime | None
    bounce: str | None
    superseded_by: int | None

    def __post_init__(self) -> None:
        object.__setattr__(self, "recipient", shown_recipient(self.channel, self.recipient))


# an urgent letter counts as due for an hour already, and so goes before what is only news
_ENQUEUE = text(f"""
    WITH told AS (
        SELECT * FROM unnest(CAST(:order_ids AS bigint[]), CAST(:kinds AS text[]), CAST(:facts AS jsonb[]),
            CAST(:keys AS text[]), CAST(:audiences AS text[]), CAST(:wanted AS text[]), CAST(:addresses AS text[]))
            WITH ORDINALITY AS t(order_id, kind, facts, key, audience, wanted, address, place)
    ), reachable AS (
        SELECT told.*, CASE WHEN orders.customer ->> 'email' LIKE '%_@_%._%' AND no_mail.address IS NULL
                THEN btrim(orders.customer ->> 'email') ELSE '' END AS email,
            CASE WHEN no_sms.address IS NULL THEN coalesce(btrim(orders.customer ->> 'phone'), '') ELSE '' END AS phone,
            coalesce(nullif(told.address, ''), nullif(shop.office_email, ''), :office_default) AS office,
            coalesce(nullif(orders.language, ''), shop.language) AS customer_language, shop.language AS office_language,
            make_interval(secs => shop.pause_seconds) AS pause, p.language AS chosen_language,
            coalesce(nullif(wanted, ''), CASE WHEN kind = ANY(:optional) THEN p.channel END, '') AS way,
            kind = ANY(:optional) AND (kind = ANY(p.declined) OR '*' = ANY(p.declined)) IS TRUE AS declined
        FROM told JOIN orders ON orders.id = told.order_id JOIN shop ON shop.id = orders.shop_id
            LEFT JOIN LATERAL ({bounced.flag_of("email", "email")}) AS no_mail ON true
            LEFT JOIN LATERAL ({bounced.flag_of("sms", "phone")}) AS no_sms ON true
            LEFT JOIN contact_preference p ON p.shop_id = orders.shop_id AND p.contact = {contact_of("orders.customer")}
    ), addressed AS (
        SELECT order_id, audience, kind, facts, key, place, pause, declined,
            CASE WHEN audience = 'office' AND address LIKE '%://%' THEN 'chat' WHEN audience = 'office' OR by_email THEN 'email'
                WHEN phone <> '' THEN 'sms' END AS channel,
            CASE WHEN audience = 'office' THEN office WHEN by_email THEN email ELSE phone END AS recipient,
            CASE WHEN audience = 'office' THEN office_language ELSE coalesce(chosen_language, customer_language) END AS language,
            kind = ANY(:bundled) AND facts -> 'lines' IS DISTINCT FROM 'null' AND (kind <> ALL(:of_parcels) OR EXISTS (
                SELECT FROM fulfillment f WHERE f.order_id = r.order_id AND f.next_at IS NOT NULL OFFSET 1)) AS waits
        FROM (SELECT *, email <> '' AND (way <> 'sms' OR phone = '') AS by_email FROM reachable) r
    ), written AS (
        INSERT INTO notification (order_id, audience, channel, recipient, kind, language, facts, dedupe_key, state, next_at, created_at)
        SELECT order_id, audience, channel, recipient, kind, language, facts, key, CASE WHEN declined THEN 'declined' ELSE 'pending' END,
            CASE WHEN declined THEN NULL WHEN waits THEN CAST(:now AS timestamptz) + pause
                WHEN audience = 'office' OR kind = ANY(:urgent) THEN CAST(:now AS timestamptz) - interval '1 hour' ELSE :now END, :now
        FROM addressed WHERE channel IS NOT NULL ORDER BY place
        ON CONFLICT (dedupe_key) DO NOTHING RETURNING id, channel, kind, next_at, facts -> 'lines' = 'null' AS whole
    )
    SELECT (SELECT count(*) FROM written) AS inserted, (SELECT array_agg(DISTINCT channel) FROM written WHERE next_at <= :now) AS channels,
        (SELECT array_agg(id) FROM written WHERE next_at > :now OR channel = 'sms' AND kind = ANY(:outdating)
            OR whole AND kind = ANY(:bundled)) AS newest,
        (SELECT array_agg(order_id ORDER BY place) FROM addressed WHERE channel IS NULL) AS order_ids,
        (SELECT array_agg(kind ORDER BY place) FROM addressed WHERE channel IS NULL) AS kinds
""")
_BY_KIND = {
    "urgent": list(URGENT), "optional": list(OPTIONAL), "bundled": list(BUNDLED),
    "of_parcels": [name for name, kind in KINDS.items() if kind.of_parcels], "outdating": sorted({newer for newer, _ in OUTDATED}),
}


def enqueue(tx: Tx, tells: Sequence[tuple[int, Tell]], now: datetime, *, office_default: str) -> Enqueued:
    """
    Put (order id, what to tell) into the outbox with one statement, each dedupe key once whatever is redelivered.

    A customer is written to by e-mail; by SMS without a likely address, with one that letters came back from, or where a Tell says so or
    the customer chose it; in the order's language or the one chosen. The office is written to at the address that a Tell names, by chat
    where that is an Apprise URL, else at the shop's or else `office_default`, in the shop's language. What may soon be followed by more of
    its kind waits for the shop's pause, and takes in what waits already.
    """
    if not tells:
        return Enqueued(0)
    row = tx.execute(_ENQUEUE, {
        "order_ids": [order_id for order_id, _ in tells],
        "kinds": [tell.kind for _, tell in tells],
        "facts": [as_json(tell.facts) for _, tell in tells],
        "keys": [tell.dedupe for _, tell in tells],
        "audiences": [tell.to.value for _, tell in tells],
        "wanted": [tell.channel or "" for _, tell in tells],
        "addresses": [tell.address for _, tell in tells],
        "office_default": office_default,
        "now": now,
    } | _BY_KIND).one()
    if row.newest:
        bundles.take_in(tx, row.newest)
    unreachable = tuple(zip(row.order_ids or (), row.kinds or (), strict=True))
    return Enqueued(row.inserted, unreachable, frozenset(row.channels or ()))


# MATERIALIZED, for a subquery with LIMIT and FOR UPDATE may otherwise run again and lease more than asked for
_LEASE = text("""
    WITH due AS MATERIALIZED (
        SELECT id FROM notification WHERE channel = :channel AND next_at <= :now
        ORDER BY next_at, id LIMIT :limit FOR UPDATE SKIP LOCKED
    ), leased AS (
        UPDATE notification SET state = 'sending', next_at = :until, attempts = attempts + 1 FROM due
        WHERE notification.id = due.id
        RETURNING notification.id, order_id, audience, channel, recipient, kind, language, facts, dedupe_key, attempts, created_at
    )
    SELECT * FROM leased ORDER BY id
""")


def lease(tx: Tx, channel: str, *, limit: int, now: datetime, lease_seconds: float) -> list[Leased]:
    """Hand out up to `limit` due notifications to this sender alone; those it has not recorded when the lease ends are due again."""
    until = now + timedelta(seconds=lease_seconds)
    rows = tx.execute(_LEASE, {"channel": channel, "now": now, "limit": limit, "until": until}).all()
    return [Leased(*row) for row in rows]


def context_of(tx: Tx, leased: Sequence[Leased]) -> dict[int, Order]:
    """The orders that these notifications speak of, by order id."""
    return orders_to_tell_of(tx, {notice.order_id for notice in leased if notice.order_id is not None})


def orders_to_tell_of(tx: Tx, order_ids: Collection[int]) -> dict[int, Order]:
    """What may be said about these orders, by order id: one query per table, whatever the number."""
    wanted = {"order_ids": sorted(order_ids)}
    lines: dict[int, list[OrderedLine]] = {}
    for row in tx.execute(text(
        "SELECT order_id, number, sku, kind, description, quantity, unit_price FROM order_line"
        " WHERE order_id = ANY(:order_ids) ORDER BY order_id, number"
    ), wanted).all():
        lines.setdefault(row[0], []).append(OrderedLine(*row[1:]))
    orders = tx.execute(text(
        "SELECT orders.id, reference, received_at, customer, ship_to, payment_method, orders.currency, total,"
        " shop.name AS shop_name, mail_from, time_zone, country, shop_id FROM orders JOIN shop ON shop.id = shop_id"
        " WHERE orders.id = ANY(:order_ids)"
    ), wanted).all()
    return {row[0]: Order(number_of(row[0]), tuple(lines.get(row[0], ())), *row[1:]) for row in orders}


# A letter that went out is recorded whoever holds the lease by now; anything else only by the lease's own holder
_RECORD = text("""
    WITH held AS MATERIALIZED (SELECT id FROM notification WHERE id = ANY(CAST(:ids AS bigint[])) ORDER BY id FOR UPDATE)
    UPDATE notification SET state = r.state, next_at = r.next_at, last_error = r.error, provider_id = r.reply, sent = r.content,
        sent_at = CASE WHEN r.state = 'sent' THEN CAST(:now AS timestamptz) END,
        attempts = CASE WHEN r.counts THEN notification.attempts ELSE greatest(notification.attempts - 1, 0) END
    FROM held JOIN unnest(CAST(:ids AS bigint[]), CAST(:tokens AS integer[]), CAST(:states AS text[]),
        CAST(:next_ats AS timestamptz[]), CAST(:errors AS text[]), CAST(:replies AS text[]), CAST(:contents AS bytea[]),
        CAST(:counts AS boolean[])) AS r(id, token, state, next_at, error, reply, content, counts) ON r.id = held.id
    WHERE notification.id = held.id AND notification.state <> 'sent'
        AND (r.state = 'sent' OR (notification.state = 'sending' AND notification.attempts = r.token))
    RETURNING notification.id
""")


def record(tx: Tx, results: Sequence[Result], now: datetime) -> int:
    """Write down what became of leased notifications, with one statement; returns how many rows changed."""
    if not results:
        return 0
    rows = [_outcome(result) for result in results]
    columns: dict[str, Any] = {
        "ids": [result.lease.id for result in results], "tokens": [result.lease.attempts for result in results], "now": now,
    }
    columns |= {name: [row[name] for row in rows] for name in ("states", "next_ats", "errors", "replies", "contents", "counts")}
    recorded = set(tx.execute(_RECORD, columns).scalars().all())
    bounced.note(tx, [
        Undelivered(one.lease.id, _storable(one.error), condemns=one.fault == Fault.ADDRESS)
        for one in results if isinstance(one, Dead) and one.fault != Fault.OURS and one.lease.id in recorded
    ], now)
    return len(recorded)


def _outcome(result: Result) -> Mapping[str, object]:
    row: dict[str, object] = {"states": "dead", "next_ats": None, "errors": None, "replies": None, "contents": None, "counts": True}
    match result:
        case Sent():
            return row | {"states": "sent", "replies": _storable(result.reply), "contents": result.content}
        case Later():
            error = _storable(result.error)
            return row | {"states": "pending", "next_ats": result.at, "errors": error, "counts": result.counts}
        case Dead():
            return row | {"errors": _storable(result.error)}
        case Withdrawn():
            return row | {"states": "withdrawn", "errors": _storable(result.reason)}


def _storable(words: str) -> str:
    # a server's reply may hold anything; PostgreSQL takes neither NUL nor half a surrogate pair
    return words.replace("\0", "").encode("utf-8", "replace").decode()[:1000]


def withdraw(tx: Tx, order_ids: Collection[int], kinds: Collection[str], *, reason: str) -> int:
    """
    Take back what still waits to be told of these kinds about these orders, because it no longer matters; `reason` is a sentence.

    Returns how many. One that a sender has in hand may still go out, and is then recorded as sent; otherwise it is never tried again.
    """
    return len(tx.execute(
        text("""UPDATE notification SET state = 'withdrawn', next_at = NULL, last_error = :reason
            WHERE order_id = ANY(:order_ids) AND kind = ANY(:kinds) AND state IN ('pending', 'sending') RETURNING id"""),
        {"order_ids": list(order_ids), "kinds": list(kinds), "reason": _storable(reason)},
    ).all())


_COLUMNS = ", ".join(Notification.__dataclass_fields__)


def dead_letters(tx: Tx, limit: int = 200) -> list[Notification]:
    """What could not be delivered and waits for somebody to look at it, the newest first."""
    rows = tx.execute(
        text(f"SELECT {_COLUMNS} FROM notification WHERE state = 'dead' AND recipient <> '' ORDER BY id DESC LIMIT :limit"),
        {"limit": limit},
    )
    return [Notification(*row) for row in rows]


def of_order(tx: Tx, order_id: int) -> list[Notification]:
    """Everything told about an order, the oldest first."""
    rows = tx.execute(text(f"SELECT {_COLUMNS} FROM notification WHERE order_id = :id ORDER BY id"), {"id": order_id})
    return [Notification(*row) for row in rows]
