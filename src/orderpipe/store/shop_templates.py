"""
Letters in a shop's own words: a template per shop, kind and language, in place of ours.

Senders look for changes every ten seconds; where no shop has words of its own that is all it costs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from weakref import WeakKeyDictionary

from sqlalchemy import BigInteger, Column, DateTime, Engine, ForeignKey, Table, Text

from orderpipe.store.metadata import Tx, metadata, text

shop_template = Table(
    "shop_template",
    metadata,
    Column("shop_id", BigInteger, ForeignKey("shop.id"), primary_key=True, autoincrement=False),
    Column("kind", Text, primary_key=True),
    Column("language", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Column("changed_by", Text, nullable=False),
)


@dataclass(frozen=True, slots=True)
class OwnWords:
    """A template of a shop's own; `changed_at` UTC."""

    shop_id: int
    kind: str
    language: str
    source: str
    changed_at: datetime
    changed_by: str


Templates = Mapping[tuple[int, str, str], OwnWords]
"""By shop, kind and language."""

_LIFETIME = timedelta(seconds=10)
_kept: WeakKeyDictionary[Engine, tuple[datetime, tuple[int, datetime | None], Templates]] = WeakKeyDictionary()
_COLUMNS = ", ".join(OwnWords.__dataclass_fields__)


def known(tx: Tx, now: datetime) -> Templates:
    """All shops' templates; what this process knows is compared with the books after ten seconds, and read again where it differs."""
    at, version, templates = _kept.get(tx.engine, (None, None, {}))
    if at is not None and at <= now < at + _LIFETIME:
        return templates
    current = tx.execute(text("SELECT count(*), max(changed_at) FROM shop_template")).one()
    if version != tuple(current):
        templates = {(one.shop_id, one.kind, one.language): one for one in all_of(tx)}
    _kept[tx.engine] = (now, (current[0], current[1]), templates)
    return templates


def all_of(tx: Tx, shop_id: int | None = None) -> list[OwnWords]:
    """The templates of one shop, or of all."""
    rows = tx.execute(
        text(f"""SELECT {_COLUMNS} FROM shop_template WHERE CAST(:shop_id AS bigint) IS NULL OR shop_id = :shop_id
            ORDER BY shop_id, kind, language"""),
        {"shop_id": shop_id},
    )
    return [OwnWords(*row) for row in rows]


def put(tx: Tx, words: OwnWords) -> None:
    """Keep a template that has been checked; from now on the shop's letters of that kind and language are written by it."""
    tx.execute(
        text(f"""INSERT INTO shop_template ({_COLUMNS}) VALUES (:shop_id, :kind, :language, :source, :changed_at, :changed_by)
            ON CONFLICT (shop_id, kind, language) DO UPDATE
                SET source = excluded.source, changed_at = excluded.changed_at, changed_by = excluded.changed_by"""),
        {name: getattr(words, name) for name in OwnWords.__dataclass_fields__},
    )


def remove(tx: Tx, shop_id: int, kind: str, language: str) -> bool:
    """Go back to our words; whether there were others."""
    found = tx.execute(
        text("DELETE FROM shop_template WHERE shop_id = :shop_id AND kind = :kind AND language = :language RETURNING kind"),
        {"shop_id": shop_id, "kind": kind, "language": language},
    )
    return found.one_or_none() is not None
