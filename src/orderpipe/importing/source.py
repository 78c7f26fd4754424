"""
A file looked over before anything of it is taken down: what it is, whether it can be read, and what it is recognised by.
"""

import codecs
import csv
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from orderpipe.importing.lines import Lines
from orderpipe.importing.refusals import NotImported
from orderpipe.intake import mapping
from orderpipe.intake.evidence import Form
from orderpipe.intake.mapping import ColumnMapping

JSON_ENDINGS = (".jsonl", ".ndjson", ".json")
_CHUNK = 1024 * 1024
_DELIMITERS = (",", ";", "\t", "|")
_BOM = codecs.BOM_UTF8
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class Looked:
    """A readable file: its SHA-256, and its size in bytes."""

    path: Path
    sha256: bytes
    size: int


def is_json(path: Path) -> bool:
    """Whether the file holds JSON Lines, by its name."""
    return path.suffix.lower() in JSON_ENDINGS


ADVICE = "Save the file as UTF-8, or say its encoding, such as --encoding latin-1."


def look_over(path: Path, encoding: str, advice: str = ADVICE) -> Looked:
    """Read the file once from end to end. Raises NotImported when it is missing, empty, or (with advice) not in this encoding."""
    if path.is_dir():
        raise NotImported(f"{path} is a folder; name a file.")
    digest, size, lines = hashlib.sha256(), 0, 0
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                if not size and chunk.startswith(_UTF_16):
                    raise NotImported(f"{path} is in UTF-16, as some spreadsheets write it; save it as UTF-8.")
                if problem := _undecodable(decoder, chunk, lines + 1):
                    raise NotImported(f"{path} is not in {encoding}: {problem}, which means nothing there. {advice}")
                digest.update(chunk)
                size, lines = size + len(chunk), lines + chunk.count(b"\n")
    except OSError as problem:
        raise NotImported(f"{path} cannot be read: {problem.strerror}.") from None
    if not size:
        raise NotImported(f"{path} is empty.")
    return Looked(path, digest.digest(), size)


def _undecodable(decoder: codecs.IncrementalDecoder, chunk: bytes, line: int) -> str | None:
    """The first byte that cannot be decoded, and its line, where the chunk begins with this line."""
    try:
        decoder.decode(chunk)
    except UnicodeDecodeError as problem:
        number = line + problem.object[: problem.start].count(b"\n")
        return f"line {number} has the byte {problem.object[problem.start : problem.start + 1].hex()}"
    return None


def check_lines(path: Path) -> None:
    """Raise NotImported where the JSON is one list of orders instead of one order a line."""
    with path.open("rb") as file:
        if file.read(_CHUNK).removeprefix(_BOM).lstrip().startswith(b"["):
            raise NotImported(f"{path} holds one JSON list; write one order a line, such as with `jq -c '.[]'`.")


def read_form(path: Path, chosen: ColumnMapping, wanted: Sequence[str], name: str = "") -> Form:
    """The header of a CSV file, which must have the wanted columns. Raises NotImported, naming what is meant where that is near."""
    with path.open("rb") as file:
        line = Lines(file).read()
    if line is None or line.too_long or not line.raw.strip():
        raise NotImported(f"{path} does not begin with a line that names its columns.")
    raw = line.raw.removeprefix(_BOM)
    text = raw.decode(chosen.encoding, "replace").rstrip("\r\n")
    options = [(delimiter, _split(text, delimiter)) for delimiter in ([chosen.delimiter] if chosen.delimiter else _DELIMITERS)]
    delimiter, columns = max(options, key=lambda option: len(set(wanted) & set(option[1])))
    missing = [column for column in wanted if column not in columns]
    if missing:
        raise NotImported(f"{path} has no column {missing[0]!r}.{_hint(missing[0], columns, chosen if not name else None)}")
    if twice := [column for column in columns if columns.count(column) > 1]:
        raise NotImported(f"{path} has two columns called {twice[0]!r}.")
    if chosen.optional and not name:
        _check_spelling(path, columns, chosen)
    return Form(tuple(columns), raw if raw.endswith(b"\n") else raw + b"\n", delimiter, chosen.encoding)


def _check_spelling(path: Path, columns: Sequence[str], chosen: ColumnMapping) -> None:
    """Where columns may be missing, one that is misspelt would be passed over without a word."""
    unused = [column for column in chosen.columns.values() if column not in columns]
    for column in columns:
        if column not in chosen.columns.values() and (meant := mapping.near(column, unused, cutoff=0.8)):
            raise NotImported(f"{path} has a column {column!r}, which says nothing here.{meant}")


def _split(text: str, delimiter: str) -> list[str]:
    try:
        return [column.strip() for column in next(csv.reader([text], delimiter=delimiter), [])]
    except csv.Error:
        return []


def _hint(missing: str, columns: Sequence[str], chosen: ColumnMapping | None) -> str:
    if near := mapping.near(missing, columns):
        return near
    if chosen is not None:
        for other in mapping.presets():
            if other != chosen.name and set(mapping.preset(other).main_columns()) <= set(columns):
                return f" It looks like --mapping {other}."
    return f" It has {', '.join(map(repr, columns[:20]))}."


def fingerprint(*parts: object) -> bytes:
    """The SHA-256 of everything that decides what is made of a file."""
    return hashlib.sha256(json.dumps([str(part) for part in parts]).encode()).digest()
