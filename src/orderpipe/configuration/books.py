"""
The configuration in the database, in the same form as in the file: read, compared, and changed to what the file says.

The database is the truth; a file changes what it names and leaves everything else alone.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from orderpipe.configuration.reading import BadFile, Mistake, Written
from orderpipe.configuration.schema import DAYS, Entries, Key, entry_of
from orderpipe.domain.targets import EVERYBODY
from orderpipe.store import configured, shops
from orderpipe.store.metadata import Tx

Row = Mapping[str, Any]

_UNREADABLE = (ValidationError, LookupError, TypeError, ValueError, AttributeError)
"""What comes of a row that holds something else than it should."""


@dataclass(frozen=True, slots=True)
class Change:
    """An entry that is other in the file than in the database: before (None: it is new) and after."""

    key: Key
    before: Mapping[str, Any] | None
    after: Mapping[str, Any]

    def lines(self) -> Iterator[str]:
        """What changes, in words, without secrets."""
        shop, section, name = self.key
        at = ".".join(("shops", shop, section, name) if shop else (section, name))
        if self.before is None:
            yield f"{at}: new"
            return
        for setting, value in self.after.items():
            if value != self.before[setting]:
                yield f"{at}.{setting}: {_said(setting, self.before[setting])} → {_said(setting, value)}"


def _said(setting: str, value: Any) -> str:
    if setting != "escalation":
        return str(value)
    return ", ".join(f"{one['level']} after {one['after']:g} min ({len(one['to'])} addresses)" for one in value) or "nobody"


def read_books(tx: Tx) -> Entries:
    """Everything that can stand in a file, as it stands in the database; what cannot be read there is left out."""
    codes = {EVERYBODY: ""} | {shop.id: shop.code for shop in shops.list_shops(tx)}
    found: Entries = {}
    for section, rows, told in (
        ("calendars", configured.calendars(tx), _calendar), ("order_types", configured.order_types(tx), _order_type),
        ("desks", configured.desks(tx), _desk), ("locations", configured.locations(tx), _location),
    ):
        for row in rows:
            if row["shop_id"] in codes:
                with suppress(*_UNREADABLE):
                    found[codes[row["shop_id"]], section, row["code"]] = entry_of(section, row["code"], told(row))
    return found


def changes(tx: Tx, written: Written) -> list[Change]:
    """What applying the file would change. Raises BadFile where it names a shop or location that is not there."""
    known = {shop.code: shop.id for shop in shops.list_shops(tx)}
    there = {(row["shop_id"], row["code"]) for row in configured.locations(tx)}
    mistakes = []
    for shop, section, name in written.entries:
        line, where = written.lines[shop, section, name], ".".join(("shops", shop, section, name))
        if shop and shop not in known:
            mistakes.append(Mistake(line, where, f"There is no shop {shop!r}; there is {', '.join(sorted(known)) or 'none yet'}."))
        elif section == "locations" and (known[shop], name) not in there:
            mistakes.append(Mistake(line, where, f"The shop {shop} has no location {name!r}; add it with `orderpipe shop location`."))
    if mistakes:
        raise BadFile(mistakes)
    before = read_books(tx)
    return [Change(key, before.get(key), entry) for key, entry in written.entries.items() if entry != before.get(key)]


def apply(tx: Tx, some: Sequence[Change]) -> None:
    """Change the database so; clocks that run are read anew by the next ticks."""
    ids = {"": EVERYBODY} | {shop.code: shop.id for shop in shops.list_shops(tx)}
    for section, write, row_of in _WRITERS:
        write(tx, [
            {"shop_id": ids[one.key[0]], "code": one.key[2], **row_of(one.after)} for one in some if one.key[1] == section
        ])


def _calendar(row: Row) -> dict[str, Any]:
    hours = {DAYS[int(day)]: _written(shifts) for day, shifts in row["hours"].items() if shifts}
    exceptions = {day: _written(shifts) for day, shifts in row["exceptions"].items()}
    return {"time_zone": row["time_zone"], "hours": hours, "holidays": row["country"], "exceptions": exceptions}


def _written(shifts: Sequence[Sequence[str]]) -> list[str]:
    return [f"{begins[:5]}-{ends[:5]}" for begins, ends in shifts]


def _order_type(row: Row) -> dict[str, Any]:
    targets = {stage: minutes for stage, minutes in row["targets"].items() if minutes > 0}
    return {**{name: row[name] for name in ("lane", "prepaid", "calendar", "pauses")}, "warn": row["warn_share"], "targets": targets}


def _desk(row: Row) -> dict[str, Any]:
    return {name: row[name] for name in ("stages", "calendar", "escalation")}


def _location(row: Row) -> dict[str, Any]:
    return {"calendar": row["calendar"]}


def _calendar_row(entry: Row) -> dict[str, Any]:
    hours = {str(DAYS.index(day)): _pairs(shifts) for day, shifts in entry["hours"].items()}
    exceptions = {day: _pairs(shifts) for day, shifts in entry["exceptions"].items()}
    return {"time_zone": entry["time_zone"], "hours": hours, "country": entry["holidays"], "exceptions": exceptions}


def _pairs(shifts: Sequence[str]) -> list[list[str]]:
    return [shift.split("-") for shift in shifts]


def _order_type_row(entry: Row) -> dict[str, Any]:
    return {**{name: entry[name] for name in ("lane", "prepaid", "calendar", "pauses", "targets")}, "warn_share": entry["warn"]}


_WRITERS: tuple[tuple[str, Callable[[Tx, Sequence[Row]], None], Callable[[Row], dict[str, Any]]], ...] = (
    ("calendars", configured.write_calendars, _calendar_row), ("order_types", configured.write_order_types, _order_type_row),
    ("desks", configured.write_desks, dict), ("locations", configured.write_locations, dict),
)
