"""
The file read: what stands in it, or every mistake at once, each with its line and what is wrong.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from orderpipe.configuration.schema import Entries, File, Key, entries_of
from orderpipe.domain.targets import DEFAULT

_ALWAYS_THERE = (DEFAULT, "always")
"""Calendars that every installation begins with."""

_AT_LINE = re.compile(r"\(at line (\d+), column \d+\)|\(at end of document\)")
_HEADER = re.compile(r"\s*\[")
_KEY = re.compile(r"""\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*=""")

Place = tuple[str | int, ...]
"""The way to something in the file, key by key."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong, in which line (from 1), and where: the names that lead there, with dots between."""

    line: int
    where: str
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {f'{self.where}: ' if self.where else ''}{self.reason}"


class BadFile(Exception):
    """The file has mistakes; `mistakes` are all that were found, by line."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        super().__init__("\n".join(map(str, mistakes)))
        self.mistakes = tuple(mistakes)


@dataclass(frozen=True, slots=True)
class Written:
    """What stands in a file, and the line of each entry."""

    entries: Entries
    lines: Mapping[Key, int]


def read(text: str) -> Written:
    """Everything that stands in this file. Raises BadFile."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadFile([_unreadable(text, str(error))]) from None
    lines = _lines_of(text, document)
    try:
        file = File.model_validate(document)
    except ValidationError as error:
        raise BadFile(sorted((_mistake(one, lines) for one in error.errors()), key=lambda one: one.line)) from None
    entries = entries_of(file)
    at = {key: _line(_place(key), lines) for key in entries}
    if mistakes := [Mistake(at[key], ".".join(_place(key)), reason) for key, reason in _loose_ends(entries)]:
        raise BadFile(sorted(mistakes, key=lambda one: one.line))
    return Written(entries, at)


def _place(key: Key) -> tuple[str, ...]:
    shop, section, name = key
    return ("shops", shop, section, name) if shop else (section, name)


def _unreadable(text: str, said: str) -> Mistake:
    found = _AT_LINE.search(said)
    line = int(found[1]) if found and found[1] else max(1, text.count("\n") + (not text.endswith("\n")))
    return Mistake(line, "", f"This is no TOML: {_AT_LINE.sub('', said).strip()}.")


def _mistake(error: ErrorDetails, lines: Mapping[Place, int]) -> Mistake:
    # a key that is wrong itself is named by pydantic as its value is, with this at its end
    place = tuple(part for part in error["loc"] if part != "[key]")
    return Mistake(_line(place, lines), ".".join(map(str, place)), reason_of(error))


def reason_of(error: ErrorDetails) -> str:
    """What is wrong, as a sentence."""
    match error["type"]:
        case "extra_forbidden":
            return "There is no such setting."
        case "missing":
            return "It is missing."
        case "value_error":
            return error["msg"].removeprefix("Value error, ")
        case "string_pattern_mismatch":
            return "A name has letters, digits, dots, hyphens and underscores only."
        case _:
            return f"{error['msg'].replace('Input should', 'It should')}, not {error['input']!r:.60}."


def _loose_ends(entries: Entries) -> Iterator[tuple[Key, str]]:
    """What names something that stands nowhere, or belongs to two."""
    taken: dict[tuple[str, str], str] = {}
    for key, entry in entries.items():
        shop, section, name = key
        calendar = entry.get("calendar", "")
        if calendar and calendar not in _ALWAYS_THERE and not {(shop, "calendars", calendar), ("", "calendars", calendar)} & entries.keys():
            yield key, f"There is no calendar {calendar!r} in this file."
        for stage in entry.get("stages", ()) if section == "desks" else ():
            if other := taken.get((shop, stage)):
                yield key, f"The stage {stage} belongs to the desk {other} already."
            taken.setdefault((shop, stage), name)


def _line(place: Place, lines: Mapping[Place, int]) -> int:
    """The line of the nearest thing around it that has one."""
    return next((lines[place[:length]] for length in range(len(place), 0, -1) if place[:length] in lines), 1)


def _lines_of(text: str, document: Mapping[str, Any]) -> dict[Place, int]:
    """
    The line of every table and key; the standard library's reader keeps none.

    A line within a longer value may look like a key; such a way leads nowhere in the document, or is known by then.
    """
    lines: dict[Place, int] = {}
    table: Place = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if _HEADER.match(line):
            if (header := _header(line, lines)) and _leads_somewhere(header, document):
                table = header
                _note(table, number, lines)
        elif found := _KEY.match(line):
            place = (*table, *_names(f"{found[1]} = 0"))
            if _leads_somewhere(place, document):
                _note(place, number, lines)
    return lines


def _note(place: Place, number: int, lines: dict[Place, int]) -> None:
    for length in range(1, len(place) + 1):
        lines.setdefault(place[:length], number)


def _header(line: str, lines: Mapping[Place, int]) -> Place:
    """Where a line as [a.b] or [[a.b]] leads, the latter to its next entry; () where it is no such line."""
    try:
        names = _names(line)
    except tomllib.TOMLDecodeError:
        return ()
    if not line.lstrip().startswith("[["):
        return names
    return *names, sum(len(place) == len(names) + 1 and place[:-1] == names and isinstance(place[-1], int) for place in lines)


def _names(line: str) -> tuple[str, ...]:
    names, inner = [], tomllib.loads(line)
    while isinstance(inner, dict) and inner:
        (name, inner), *_ = inner.items()
        names.append(name)
        inner = inner[0] if isinstance(inner, list) else inner
    return tuple(names)


def _leads_somewhere(place: Place, document: Any) -> bool:
    for part in place:
        try:
            document = document[part]
        except (LookupError, TypeError):
            return False
    return True
