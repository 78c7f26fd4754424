"""
How a shop wants its letters sent: how long the first of several waits for the others, and when text messages must wake nobody.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from weakref import WeakKeyDictionary

from sqlalchemy import Engine

from orderpipe.domain.quiet_hours import QuietHours
from orderpipe.store.metadata import Tx, text


@dataclass(frozen=True, slots=True)
class LetterRules:
    """`pause_seconds`: see `domain/kinds.py`; `wakes`: kinds that go out in the quiet hours too, which are the recipient's own."""

    pause_seconds: int
    quiet_from: time
    quiet_until: time
    wakes: tuple[str, ...]

    @property
    def quiet(self) -> QuietHours:
        """The quiet hours."""
        return QuietHours(self.quiet_from, self.quiet_until)


_LIFETIME = timedelta(seconds=10)
_kept: WeakKeyDictionary[Engine, dict[int, tuple[datetime, LetterRules]]] = WeakKeyDictionary()
_COLUMNS = ", ".join(LetterRules.__dataclass_fields__)


def rules_of(tx: Tx, shop_ids: Collection[int]) -> dict[int, LetterRules]:
    """These shops' rules, by id."""
    rows = tx.execute(text(f"SELECT {_COLUMNS}, id FROM shop WHERE id = ANY(:ids)"), {"ids": list(shop_ids)})
    return {row.id: LetterRules(row.pause_seconds, row.quiet_from, row.quiet_until, tuple(row.wakes)) for row in rows}


def known(tx: Tx, shop_ids: Collection[int], now: datetime) -> dict[int, LetterRules]:
    """As `rules_of`, but what this process has read within 10 s is not read again."""
    kept = _kept.setdefault(tx.engine, {})
    if not all(one in kept and kept[one][0] <= now < kept[one][0] + _LIFETIME for one in shop_ids):
        kept.update({one: (now, rules) for one, rules in rules_of(tx, shop_ids).items()})
    return {one: kept[one][1] for one in shop_ids}


def change(tx: Tx, shop_id: int, rules: LetterRules) -> None:
    """Set a shop's rules; senders follow within ten seconds."""
    names = ", ".join(f"{name} = :{name}" for name in LetterRules.__dataclass_fields__)
    given = {name: getattr(rules, name) for name in LetterRules.__dataclass_fields__} | {"wakes": list(rules.wakes), "id": shop_id}
    tx.execute(text(f"UPDATE shop SET {names} WHERE id = :id"), given)
