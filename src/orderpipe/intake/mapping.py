"""
Column mappings: which column of a file says what about an order, and which rows are no orders at all.

Presets lie in `mappings/`; a mapping of one's own is a file of the same form, and what is wrong with it is said in a sentence.
"""

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

LINE_FIELDS = ("sku", "description", "quantity", "unit_price")
CUSTOMER_FIELDS = ("name", "email", "phone", "company")
ADDRESS_FIELDS = ("line1", "line2", "city", "region", "postal_code", "country")
ORDER_FIELDS = ("type", "language", "payment_method", "currency", "total", "requested_on", "purchase_order", "note", "backorder_policy")
FIELDS = ("reference", "customer", "placed_at", *ORDER_FIELDS, *CUSTOMER_FIELDS, *ADDRESS_FIELDS, *LINE_FIELDS)
"""What a mapping may name; `customer` is the file's own key for who ordered, `placed_at` when they did."""

NEEDED = ("reference", "sku", "quantity")
OWN = "orders"
"""The preset whose columns are called as the fields are."""


class UnreadableMapping(Exception):
    """The column mapping cannot be used; the text says why."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Rejection(_Part):
    """Rows that are no order: those whose columns all match these regular expressions as a whole; and why."""

    where: dict[str, str] = Field(min_length=1)
    reason: str

    def applies(self, values: Mapping[str, str]) -> bool:
        """Whether this row is meant."""
        return all(_pattern(pattern).fullmatch(values.get(column, "").strip()) for column, pattern in self.where.items())


class Beside(_Part):
    """A file beside the one imported: its name, its column that is the key, and the column of the main file that names the key."""

    file: str
    key: str
    joins: str


class ColumnMapping(_Part):
    """One mapping. `columns`: field → column, or `source:column` for a file beside; `constants`: field → what every order says there."""

    name: str = ""
    about: str = ""
    columns: dict[str, str]
    constants: dict[str, str] = {}
    countries: dict[str, str] = {}
    beside: dict[str, Beside] = {}
    reject: list[Rejection] = []
    cancellation_prefix: str = ""
    delimiter: Literal[",", ";", "\t", "|"] | None = None
    encoding: str = "utf-8"
    decimal: Literal[".", ","] = "."
    thousands: Literal["", ",", ".", " ", "'"] = ""
    date_format: str = "%Y-%m-%d %H:%M:%S"
    optional: bool = False
    """Columns that are missing in the file are left out, but for those that every order needs."""

    @property
    def lines_from(self) -> str:
        """The file beside that holds the lines of the orders, "" for the main file itself."""
        source, colon, _ = self.columns["sku"].partition(":")
        return source if colon else ""

    def main_columns(self) -> list[str]:
        """The columns that the main file must have."""
        needed = [name for name in NEEDED if name in self.columns] if self.optional else list(self.columns)
        named = [self.columns[field] for field in needed if ":" not in self.columns[field]]
        rules = [column for rule in self.reject for column in rule.where]
        return list(dict.fromkeys([*named, *rules, *(one.joins for one in self.beside.values())]))

    def columns_of(self, source: str) -> list[str]:
        """The columns that a file beside must have."""
        named = [column.partition(":")[2] for column in self.columns.values() if column.startswith(f"{source}:")]
        return list(dict.fromkeys([self.beside[source].key, *named]))


@cache
def presets() -> tuple[str, ...]:
    """The names of the mappings that come with orderpipe."""
    return tuple(sorted(one.name.removesuffix(".toml") for one in _folder().iterdir() if one.name.endswith(".toml")))


@cache
def preset(name: str) -> ColumnMapping:
    """The mapping of this name. Raises KeyError."""
    if name not in presets():
        raise KeyError(name)
    return understand(_folder().joinpath(f"{name}.toml").read_text("utf-8"), name)


def choose(wanted: str) -> ColumnMapping:
    """The preset of this name, or the mapping in the file of this path. Raises UnreadableMapping."""
    if wanted in presets():
        return preset(wanted)
    path = Path(wanted)
    if not path.is_file():
        raise UnreadableMapping(f"There is no mapping {wanted!r}: name a file, or one of {', '.join(presets())}.")
    try:
        return understand(path.read_text("utf-8"), "")
    except (UnreadableMapping, UnicodeDecodeError) as problem:
        raise UnreadableMapping(f"The mapping {wanted} cannot be used: {problem}") from None


def understand(toml: str, name: str) -> ColumnMapping:
    """The mapping that this text describes. Raises UnreadableMapping with everything that is wrong."""
    try:
        return of_document({**tomllib.loads(toml), "name": name})
    except tomllib.TOMLDecodeError as problem:
        raise UnreadableMapping(f"it is not TOML: {problem}.") from None


def of_document(document: Mapping[str, Any]) -> ColumnMapping:
    """The mapping that this document describes. Raises UnreadableMapping."""
    try:
        mapping = ColumnMapping.model_validate(document)
    except ValidationError as error:
        raise UnreadableMapping(" ".join(_told(one) for one in error.errors(include_url=False)[:10])) from None
    if problems := list(_problems(mapping)):
        raise UnreadableMapping(" ".join(problems))
    return mapping


def near(name: str, names: Sequence[str], cutoff: float = 0.6) -> str:
    """A question that names what was probably meant, "" where nothing is near."""
    folded = {one.casefold(): one for one in names}
    found = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=cutoff)
    return f" Is {folded[found[0]]!r} meant?" if found else ""


def _folder() -> Any:
    return files("orderpipe.intake").joinpath("mappings")


@cache
def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _told(error: Any) -> str:
    place = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"There is no key {place!r}.{near(str(error['loc'][-1]), list(ColumnMapping.model_fields))}"
    if error["type"] == "missing":
        return f"{place!r} must be there."
    return f"{place!r}: {error['msg']}."


def _problems(mapping: ColumnMapping) -> Iterator[str]:
    for field in [*mapping.columns, *mapping.constants]:
        if field not in FIELDS:
            yield f"There is no field {field!r}.{near(field, FIELDS)}"
    for field in NEEDED:
        if field not in mapping.columns and field not in mapping.constants:
            yield f"It does not say which column is the {field}."
    for column in mapping.columns.values():
        source, colon, _ = column.partition(":")
        if colon and source not in mapping.beside:
            yield f"The column {column!r} names a file beside, but there is no [beside.{source}]."
    for rule in mapping.reject:
        for pattern in rule.where.values():
            try:
                _pattern(pattern)
            except re.error as problem:
                yield f"{pattern!r} is no regular expression: {problem}."
    try:
        if "\n,;\t|".encode(mapping.encoding) != b"\n,;\t|":
            yield f"Files in {mapping.encoding} cannot be read line by line; save the file as UTF-8."
    except LookupError:
        yield f"There is no encoding {mapping.encoding!r}; write it as utf-8, latin-1 or cp1252."
