"""
The keys that seal the links in letters: made with the first link, kept in the books, so that every process and every backup has them.
"""

import secrets
from datetime import datetime, timedelta
from weakref import WeakKeyDictionary

from sqlalchemy import Column, DateTime, Engine, LargeBinary, SmallInteger, Table

from orderpipe.domain.links import Signer
from orderpipe.store.metadata import Tx, metadata, text

link_key = Table(
    "link_key",
    metadata,
    Column("number", SmallInteger, primary_key=True, autoincrement=False),
    Column("key", LargeBinary, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
)

_LIFETIME = timedelta(minutes=5)
_kept: WeakKeyDictionary[Engine, tuple[datetime, Signer]] = WeakKeyDictionary()


def signer(tx: Tx, now: datetime) -> Signer:
    """The installation's keys, read again by this process after 5 minutes; the first use makes the first key."""
    kept = _kept.get(tx.engine)
    if kept and kept[0] <= now < kept[0] + _LIFETIME:
        return kept[1]
    if not (keys := _read(tx)):
        _make(tx, 1, now)
        return Signer(_read(tx))  # not kept: this transaction may yet be undone
    _kept[tx.engine] = (now, found := Signer(keys))
    return found


def signer_now(tx: Tx) -> Signer:
    """The installation's keys as they are at this moment, for a batch that reads its facts before it is told the instant."""
    if not (keys := _read(tx)):
        _make(tx, 1, tx.execute(text("SELECT now()")).scalar_one())
        keys = _read(tx)
    return Signer(keys)


def _read(tx: Tx) -> dict[int, bytes]:
    return {row.number: bytes(row.key) for row in tx.execute(text("SELECT number, key FROM link_key"))}


def _make(tx: Tx, number: int, now: datetime) -> None:
    tx.execute(
        text("INSERT INTO link_key (number, key, made_at) VALUES (:number, :key, :now) ON CONFLICT DO NOTHING"),
        {"number": number, "key": secrets.token_bytes(32), "now": now},
    )
