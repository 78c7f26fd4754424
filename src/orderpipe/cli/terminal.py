"""
How commands speak: tables and sentences for people, JSON for machines, instants in local time or RFC 3339 UTC.
"""

import json
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines instead.")]
"""The option that every command has whose answer a machine might read."""


_STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""What moves a terminal's cursor, changes its colours or turns the direction of its text."""


def console() -> Console:
    """Where tables and sentences go; lines are not cut when the output is no terminal."""
    wide = None if sys.stdout.isatty() else 200
    return Console(file=sys.stdout, highlight=False, soft_wrap=True, width=wide)


def say(sentence: str) -> None:
    """A plain line for people; nothing that somebody wrote into an order can steer their terminal."""
    typer.echo(_tame(sentence))


def _tame(words: str) -> str:
    return _STEERING.sub("\N{REPLACEMENT CHARACTER}", words)


def print_json(value: object) -> None:
    """The value as JSON, instants as RFC 3339 in UTC, money as decimal strings."""
    typer.echo(as_json_text(value))


def as_json_text(value: object) -> str:
    """The text of `print_json`."""
    return json.dumps(value, default=_plain, ensure_ascii=False, indent=2)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    raise TypeError(f"{type(value).__name__} has no JSON form.")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A table; numbers to the right, instants in local time, None as nothing."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    console().print(table)


def _cell(value: object) -> str:
    # square brackets would be read as markup
    text = local_time(value) if isinstance(value, datetime) else "" if value is None else str(value)
    return _tame(text).replace("[", r"\[")


def rfc3339(instant: datetime) -> str:
    """An instant as machines want it, such as `2026-11-24T10:00:00Z`."""
    return instant.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def local_time(instant: datetime) -> str:
    """An instant as people read it where they are, such as `2026-11-24 11:00:00 CET`."""
    return f"{instant.astimezone():%Y-%m-%d %H:%M:%S %Z}"


def duration(seconds: int) -> str:
    """A time as people say it, such as `2 d 3 h` or `40 s`: its largest unit and the one below."""
    for (unit, size), (below, part) in pairwise((("d", 86400), ("h", 3600), ("min", 60), ("s", 1))):
        if seconds >= size:
            return f"{seconds // size} {unit} {seconds % size // part} {below}".removesuffix(f" 0 {below}")
    return f"{seconds} s"
