"""
The file written: a configuration as TOML that people like to read, and that reads back as the same.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from orderpipe.configuration.schema import DAYS, SECTIONS, Entries

_BARE = re.compile(r"[A-Za-z0-9_-]+")

HEAD = "# orderpipe: calendars, types of order, desks. Check it with `orderpipe config check`, apply it with `orderpipe config apply`.\n"


def write(entries: Entries) -> str:
    """The file in which these stand."""
    ordered = sorted(entries.items(), key=lambda one: (one[0][0], SECTIONS.index(one[0][1]), one[0][2]))
    return "\n".join([HEAD, *("\n".join(_entry(*key, entry)) + "\n" for key, entry in ordered)])


def _entry(shop: str, section: str, name: str, entry: Mapping[str, Any]) -> Iterator[str]:
    at = ".".join(map(_key, ("shops", shop, section, name) if shop else (section, name)))
    yield f"[{at}]"
    # in TOML a table of its own ends what stands directly in this one
    yield from (f"{setting} = {_value(one)}" for setting, one in entry.items() if one != "" and setting not in _TABLES)
    for setting, said in _TABLES.items():
        if entry.get(setting) and said:
            yield f"[{at}.{setting}]"
            yield from (f"{_key(key)} = {_value(one)}" for key, one in said(entry[setting]).items())
    for rung in entry.get("escalation", ()):
        yield f"[[{at}.escalation]]"
        yield from (f"{setting} = {_value(one)}" for setting, one in (rung | {"after": _time(rung["after"])}).items())


def _in_ranges(hours: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    """Days that follow each other and have the same shifts as one: mon-fri."""
    told: list[tuple[str, str, Sequence[str]]] = []
    for day, shifts in hours.items():
        if told and told[-1][2] == shifts and DAYS.index(told[-1][1]) + 1 == DAYS.index(day):
            told[-1] = told[-1][0], day, shifts
        else:
            told.append((day, day, shifts))
    return {first if first == last else f"{first}-{last}": shifts for first, last, shifts in told}


def _time(minutes: float) -> str | float:
    if minutes != int(minutes):
        return minutes
    hours, rest = divmod(int(minutes), 60)
    return f"{hours}h" if hours and not rest else f"{hours}h{rest}m" if hours else f"{rest}m"


def _times(targets: Mapping[str, float]) -> dict[str, str | float]:
    return {stage: _time(minutes) for stage, minutes in targets.items()}


_TABLES: dict[str, Callable[[Mapping[str, Any]], Mapping[str, Any]] | None] = {
    "hours": _in_ranges, "exceptions": dict, "targets": _times, "escalation": None,
}
"""What gets a table of its own, and how it is said there."""


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _value(name)


def _value(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, str):  # as in JSON, save what may not stand there bare
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value).lower() if isinstance(value, bool) else str(value)
