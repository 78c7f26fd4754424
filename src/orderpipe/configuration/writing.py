"""
The file written: a configuration as TOML that people like to read, and that reads back as the same.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
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
    for setting, value in entry.items():
        if (isinstance(value, bool | int | float | str) and value != "") or (isinstance(value, list) and not (value and isinstance(value[0], dict)) and setting != "escalation"):
            yield f"{setting} = {_value(value)}"
    for setting, value in entry.items():
        if isinstance(value, dict) and value:
            yield f"[{at}.{setting}]"
            shown = _in_ranges(value) if setting == "hours" else {key: _time(one) if setting == "targets" else one for key, one in value.items()}
            yield from (f"{_key(key)} = {_value(one)}" for key, one in shown.items())
    for rung in entry.get("escalation", ()):
        yield f"[[{at}.escalation]]"
        yield f"level = {_value(rung['level'])}"
        yield f"after = {_value(_time(rung['after']))}"
        yield f"to = {_value(rung['to'])}"


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


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _value(name)


def _value(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, str):  # as in JSON, save what may not stand there bare
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value).lower() if isinstance(value, bool) else str(value)
