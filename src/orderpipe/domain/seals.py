"""
Seals of the journal: one hash for everything that happened within a span of time, and each seal names the one before it.

Whoever changes, removes or adds an entry afterwards, or drops a seal, leaves a hash that does not fit.
"""

import json
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from orderpipe.domain.merkle import Tree, leaf_hash

FIELDS = (
    "actor", "after", "at", "before", "fulfillment_id", "note", "order_id", "seq", "spent_seconds", "target_seconds", "task_id",
    "what",
)
"""What of an entry is sealed: every column of the journal."""

PART = 16
"""Entries in one part of a seal, a power of two: so closely can a seal that does not fit be narrowed down."""

NOTHING_BEFORE = bytes(32)
"""What the first seal names as the one before it."""

_PART = struct.Struct(">qi32s")
_VERSION = 1

Key = tuple[int, int]
"""An entry's place: its order's id and its number within the order."""
Leaf = tuple[Key, bytes]
"""An entry's place and hash."""


class UnreadableSeal(ValueError):
    """This line is no seal as we write them."""


@dataclass(frozen=True, slots=True)
class Seal:
    """
    All entries with begins_at <= at < until_at (None: from the beginning), by order and number: how many, and their Merkle root.

    `previous` is the SHA-256 of the line of the seal before, by which none can be dropped unseen.
    """

    number: int
    begins_at: datetime | None
    until_at: datetime
    entries: int
    root: bytes
    previous: bytes
    sealed_at: datetime


def entry_bytes(values: Sequence[Any]) -> bytes:
    """An entry's canonical form, from its values in the order of FIELDS: what its leaf hashes, and what must never change."""
    return _canonical(dict(zip(FIELDS, values, strict=True)))


def line_of(seal: Seal) -> bytes:
    """The seal as a line of the file, without the line's end."""
    return _canonical({
        "version": _VERSION, "number": seal.number, "from": seal.begins_at, "until": seal.until_at, "entries": seal.entries,
        "root": seal.root.hex(), "previous": seal.previous.hex(), "sealed_at": seal.sealed_at,
    })


def seal_of(line: bytes) -> Seal:
    """The seal that a line tells. Raises UnreadableSeal unless we would write it so, to the byte."""
    try:
        told = json.loads(line)
        begins_at = datetime.fromisoformat(told["from"]) if told["from"] is not None else None
        seal = Seal(
            int(told["number"]), begins_at, datetime.fromisoformat(told["until"]), int(told["entries"]),
            bytes.fromhex(told["root"]), bytes.fromhex(told["previous"]), datetime.fromisoformat(told["sealed_at"]),
        )
        same = seal.number > 0 and line_of(seal) == line
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise UnreadableSeal(f"This is no seal: {error}") from error
    if not same:
        raise UnreadableSeal("This seal is not written as we write them.")
    return seal


def hash_of(seal: Seal | None) -> bytes:
    """What the next seal names as the one before it: the SHA-256 of this one's line."""
    return NOTHING_BEFORE if seal is None else sha256(line_of(seal)).digest()


class Tally:
    """Adds up a span's entries in their order, to its root and to what is needed later to find out where it differs."""

    def __init__(self, leaves: Iterable[Leaf] = ()) -> None:
        self.entries = 0
        self._parts = bytearray()
        self._tree = Tree()
        self._open = Tree()
        self._first: Key = (0, 0)
        for leaf in leaves:
            self.add(leaf)

    def add(self, leaf: Leaf) -> None:
        """The next entry."""
        if not self._open.size:
            self._first = leaf[0]
        self._open.add(leaf[1])
        self.entries += 1
        if self._open.size == PART:
            self._close()

    def _close(self) -> None:
        root = self._open.root()
        self._parts += _PART.pack(*self._first, root)
        self._tree.add(root)
        self._open = Tree()

    def finish(self) -> tuple[bytes, bytes]:
        """The root over all entries, and the parts: for each the key of its first entry (8 and 4 bytes) and its root."""
        if self._open.size:
            self._close()
        return self._tree.root(), bytes(self._parts)


@dataclass(frozen=True, slots=True)
class Change:
    """Where entries differ from their seal: somewhere between these two orders, so many sealed and so many found."""

    first_order: int
    last_order: int
    sealed: int
    found: int


def changes(seal: Seal, parts: bytes, leaves: Iterable[Leaf]) -> Iterator[Change] | None:
    """Which parts of a seal the entries found differ from; None where the parts are not those that were sealed."""
    if len(parts) != -(-seal.entries // PART) * _PART.size:
        return None
    sealed = list(_PART.iter_unpack(parts))
    tree = Tree()
    for _, _, root in sealed:
        tree.add(root)
    return _differing(seal, sealed, leaves) if tree.root() == seal.root else None


def _differing(seal: Seal, sealed: Sequence[tuple[int, int, bytes]], leaves: Iterable[Leaf]) -> Iterator[Change]:
    """An entry belongs to the last part that begins at or before it, so what is missing or new moves no other part."""
    rest = iter(leaves)
    leaf = next(rest, None)
    for place, (order_id, _, root) in enumerate(sealed):
        end = sealed[place + 1][:2] if place + 1 < len(sealed) else None
        tree, first, last = Tree(), order_id, end[0] if end else order_id
        while leaf is not None and (end is None or leaf[0] < end):
            tree.add(leaf[1])
            first, last = min(first, leaf[0][0]), max(last, leaf[0][0])
            leaf = next(rest, None)
        if tree.root() != root:
            yield Change(first, last, min(PART, seal.entries - place * PART), tree.size)
    if leaf is not None:  # nothing at all was sealed
        orders = [leaf[0][0], *(key[0] for key, _ in rest)]
        yield Change(orders[0], orders[-1], 0, len(orders))


def leaf_of(values: Sequence[Any]) -> Leaf:
    """An entry's place and hash, from its values in the order of FIELDS."""
    return (values[6], values[7]), leaf_hash(entry_bytes(values))


def _instant(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    raise TypeError(f"{type(value).__name__} has no canonical form.")


_canonical_text = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_instant).encode


def _canonical(value: dict[str, Any]) -> bytes:
    """JSON in UTF-8: keys sorted by code point, no space, instants in RFC 3339, UTC, to the microsecond."""
    # an escape of half a character can stand in a note, and has no UTF-8 of its own
    return _canonical_text(value).encode("utf-8", "surrogatepass")
