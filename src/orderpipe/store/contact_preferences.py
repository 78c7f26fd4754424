"""
What customers want of our letters: which of the optional ones they do without, by which way, in which language.

A preference belongs to an address (or, without one, to a telephone number) at one shop, and holds for every order under it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Column, DateTime, ForeignKey, Table, Text

from orderpipe.store.metadata import Tx, metadata, text
from orderpipe.store.personal import personal

contact_preference = Table(
    "contact_preference",
    metadata,
    Column("shop_id", BigInteger, ForeignKey("shop.id"), primary_key=True, autoincrement=False),
    Column("contact", Text, primary_key=True),
    Column("declined", ARRAY(Text), nullable=False, server_default="{}"),
    Column("channel", Text),
    Column("language", Text),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Column("changed_by", Text, nullable=False),
    CheckConstraint("channel IN ('email', 'sms')", name="channel"),
    info=personal("shop_id = :shop AND contact = ANY(:keys)", goes=True, contact="", harmless="channel language changed_by"),
)


def contact_key(email: str, phone: str) -> str:
    """The SQL for what a preference is kept under, of the SQL for an e-mail address (may be '') and a telephone number."""
    return f"lower(CASE WHEN {email} <> '' THEN {email} ELSE regexp_replace({phone}, '[^0-9+]', '', 'g') END)"


def contact_of(customer: str) -> str:
    """The SQL for what the preference of an order's customer is kept under, of the SQL for who that is."""
    email = f"CASE WHEN {customer} ->> 'email' LIKE '%_@_%._%' THEN btrim({customer} ->> 'email') ELSE '' END"
    return contact_key(email, f"coalesce({customer} ->> 'phone', '')")


@dataclass(frozen=True, slots=True)
class Preference:
    """
    What a customer chose: kinds done without (`*` all that are optional), and for the optional ones the way, `email` or `sms`.

    `channel` and `language` (BCP 47) are None where nothing was chosen: the order's own then hold.
    """

    declined: frozenset[str] = frozenset()
    channel: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Reader:
    """Whom a letter went to: the shop, the contact that preferences are kept under, and what else the order says."""

    shop_id: int
    shop_name: str
    contact: str
    language: str
    has_both: bool
    """Whether letters can go by e-mail and by SMS."""
    written_at: datetime


_READER = f"""
    SELECT s.id, s.name, {contact_key("c.email", "c.phone")}, coalesce(nullif(o.language, ''), s.language), c.email <> '' AND c.phone <> '',
        n.created_at
    FROM notification n JOIN orders o ON o.id = n.order_id JOIN shop s ON s.id = o.shop_id CROSS JOIN LATERAL (
        SELECT CASE WHEN n.channel = 'email' THEN n.recipient
                WHEN o.customer ->> 'email' LIKE '%_@_%._%' THEN btrim(o.customer ->> 'email') ELSE '' END AS email,
            CASE WHEN n.channel = 'sms' THEN n.recipient ELSE coalesce(btrim(o.customer ->> 'phone'), '') END AS phone) c
    WHERE n.id = :id AND n.audience = 'customer'"""


def reader_of(tx: Tx, notification_id: int) -> Reader | None:
    """Whom this letter went to; None where there is no such letter to a customer."""
    row = tx.execute(text(_READER), {"id": notification_id}).one_or_none()
    return Reader(*row) if row else None


def newest_letter(tx: Tx, order_id: int) -> int | None:
    """The id of the last letter to the customer of an order."""
    return tx.execute(text("SELECT max(id) FROM notification WHERE order_id = :id AND audience = 'customer'"), {"id": order_id}).scalar()


def of_contact(tx: Tx, shop_id: int, contact: str) -> Preference:
    """What was chosen for this address or number at this shop."""
    row = tx.execute(
        text(f"""SELECT declined, channel, language FROM contact_preference WHERE shop_id = :shop_id AND contact = {_KEY}"""),
        {"shop_id": shop_id, "contact": contact},
    ).one_or_none()
    return Preference(frozenset(row.declined), row.channel, row.language) if row else Preference()


def choose(tx: Tx, shop_id: int, contact: str, chosen: Preference, *, by: str, now: datetime) -> None:
    """Keep what was chosen for this address or number, from now on."""
    tx.execute(
        text(f"""INSERT INTO contact_preference (shop_id, contact, declined, channel, language, changed_at, changed_by)
            VALUES (:shop_id, {_KEY}, :declined, :channel, :language, :now, :by)
            ON CONFLICT (shop_id, contact) DO UPDATE SET declined = excluded.declined, channel = excluded.channel,
                language = excluded.language, changed_at = excluded.changed_at, changed_by = excluded.changed_by"""),
        {
            "shop_id": shop_id, "contact": contact, "declined": _listed(chosen.declined), "channel": chosen.channel,
            "language": chosen.language, "now": now, "by": by,
        },
    )


def _listed(kinds: Collection[str]) -> list[str]:
    return sorted(kinds)


# an address and a number are told apart by the @
_KEY = contact_key("CASE WHEN position('@' IN :contact) > 0 THEN btrim(:contact) ELSE '' END", ":contact")
