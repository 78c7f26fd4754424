"""
Letters to an office that speak of no order: whose office it is stands in their facts, as `shop`, 0 where nobody knows.
"""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta

from orderpipe.domain.decisions import Tell
from orderpipe.domain.notices import Leased, Order
from orderpipe.store.metadata import Tx, as_json, text

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_NOBODYS = ("orderpipe", "", "UTC", "", 0)
"""What a letter says of a shop, for one that is of none."""


def shop_addressed(tx: Tx, addresses: Collection[str]) -> int:
    """The shop whose letters come from one of these addresses, else the only shop there is; 0 where there is no telling."""
    rows = tx.execute(
        text("""SELECT id, lower(substring(mail_from FROM '[^<> ]+@[^<> ]+')) = ANY(:addresses) AS meant FROM shop ORDER BY id"""),
        {"addresses": [one.lower() for one in addresses]},
    ).all()
    found = [row.id for row in rows if row.meant] or [row.id for row in rows]
    return found[0] if len(found) == 1 else 0


def office_of(tx: Tx, shop_id: int, default: str) -> str:
    """The address of the shop's office."""
    return tx.execute(text("SELECT nullif(office_email, '') FROM shop WHERE id = :id"), {"id": shop_id}).scalar() or default


def write(tx: Tx, shop_id: int, tell: Tell, *, office: str, now: datetime) -> None:
    """Put such a letter into the outbox, each dedupe key once."""
    tx.execute(
        text("""INSERT INTO notification (audience, channel, recipient, kind, language, facts, dedupe_key, next_at, created_at)
            SELECT 'office', 'email', :office, :kind, coalesce((SELECT language FROM shop WHERE id = :shop), 'en'),
                CAST(:facts AS jsonb), :key, CAST(:now AS timestamptz), :now ON CONFLICT (dedupe_key) DO NOTHING"""),
        {
            "office": office_of(tx, shop_id, office), "kind": tell.kind, "shop": shop_id, "facts": as_json({**tell.facts, "shop": shop_id}),
            "key": tell.dedupe, "now": now,
        },
    )


def written_lately(tx: Tx, kind: str, now: datetime) -> int:
    """How many of this kind were written within a day."""
    return int(tx.execute(
        text("SELECT count(*) FROM notification WHERE order_id IS NULL AND kind = :kind AND created_at > :since"),
        {"kind": kind, "since": now - timedelta(days=1)},
    ).scalar_one())


def shops_of(tx: Tx, leased: Iterable[Leased]) -> dict[int, Order]:
    """What those of these letters that speak of no order may say of their shop instead, by `Leased.about`."""
    about = {one.about for one in leased if one.order_id is None}
    if not about:
        return {}
    rows = tx.execute(
        text("SELECT name, mail_from, time_zone, country, id FROM shop WHERE -id = ANY(:ids)"), {"ids": sorted(about)}
    ).all()
    return {-shop[-1]: Order("", (), "", _LONG_AGO, {}, None, "", "", None, *shop) for shop in [_NOBODYS, *rows]}
