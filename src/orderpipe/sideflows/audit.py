"""
Check the journal against its seals, and the seals in the database against those in the file.

Where they differ the file is believed, for it lies where whoever changes the database does not come; what is wrong is named as
closely as it can be known.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from orderpipe.domain.orders import number_of
from orderpipe.domain.seals import NOTHING_BEFORE, Change, Seal, Tally, UnreadableSeal, changes, hash_of, seal_of
from orderpipe.store import seals
from orderpipe.store.metadata import Tx
from orderpipe.store.seal_file import SealFile

MOST_CHANGES = 20
"""Places within one seal that are named; the others are only as many as they are."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is not as it was sealed: which seal (None: no single one), what kind of trouble, and a sentence."""

    seal: int | None
    kind: str
    sentence: str
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Seals:
    """The seals that the database keeps and those that the file has, by number, and what is wrong with them as they stand."""

    kept: dict[int, Seal]
    written: dict[int, Seal]
    differences: tuple[Difference, ...]

    def believed(self) -> list[Seal]:
        """Each seal once, the oldest first: the file's, or where it has none the database's."""
        return [one for _, one in sorted((self.kept | self.written).items())]


def read(tx: Tx, file: SealFile) -> Seals:
    """Read all seals and compare them. Raises SealsOutOfReach."""
    seals.lock(tx, sealing=False)
    kept = {one.number: one for one in seals.every(tx)}
    lines = file.lines()
    written: dict[int, Seal] = {}
    found = list(_read_lines(lines or [], written))
    if lines is None and kept:
        sentence = f"There is no file {file.path}; is ORDERPIPE_SEALS set as for the workers?"
        found.append(Difference(None, "file-missing", sentence))
    else:
        found += _compare(kept, written)
    found += _chain(kept, "database") + _chain(written, "file")
    return Seals(kept, written, tuple(found))


def _read_lines(lines: Sequence[bytes], written: dict[int, Seal]) -> Iterator[Difference]:
    for place, line in enumerate(lines, 1):
        try:
            one = seal_of(line)
        except UnreadableSeal as error:
            yield Difference(None, "line-changed", f"Line {place} of the file was changed. {error}")
            continue
        if one.number in written:
            yield Difference(one.number, "line-repeated", f"Line {place} of the file is seal {one.number} once more.")
        written.setdefault(one.number, one)


def _compare(kept: dict[int, Seal], written: dict[int, Seal]) -> Iterator[Difference]:
    highest = max((*kept, *written), default=0)
    for first, last in _gaps(written, highest):
        yield Difference(first, "line-missing", f"{_these(first, last)} not in the file.")
    for first, last in _gaps(kept, highest):
        yield Difference(first, "seal-missing", f"{_these(first, last)} not in the database.")
    for number in sorted(kept.keys() & written.keys()):
        one, other = kept[number], written[number]
        names = [name for name in Seal.__dataclass_fields__ if getattr(one, name) != getattr(other, name)]
        if names:
            sentence = f"Seal {number} is not the same in the database and in the file: {', '.join(names)}."
            yield Difference(number, "seals-differ", sentence)


def _chain(some: dict[int, Seal], where: str) -> list[Difference]:
    """Whether each seal names the one before it and begins where that one ends; seals that are missing are told elsewhere."""
    found = []
    first = some.get(1)
    if first and (first.previous != NOTHING_BEFORE or first.begins_at is not None):
        found.append(Difference(1, "chain-broken", f"Seal 1 in the {where} is not a first one."))
    pairs = pairwise(some[number] for number in sorted(some))
    for before, one in ((before, one) for before, one in pairs if one.number == before.number + 1):
        if one.previous != hash_of(before):
            sentence = f"Seal {one.number} in the {where} was made after another seal {before.number} than the one there."
            found.append(Difference(one.number, "chain-broken", sentence))
        if one.begins_at != before.until_at:
            sentence = f"Seal {one.number} in the {where} does not begin where the one before ends."
            found.append(Difference(one.number, "span-gap", sentence))
    return found


def recount(tx: Tx, one: Seal, kept: Seal | None) -> Difference | None:
    """Compare a seal with the entries in its span, in this transaction; `kept` is the database's own seal of that number."""
    tally = Tally(seals.leaves(tx, one.begins_at, one.until_at))
    root, _ = tally.finish()
    if (tally.entries, root) == (one.entries, one.root):
        return None
    sentence = f"Seal {one.number} ({_span(one)}): {one.entries} entries were sealed, {tally.entries} are there"
    sentence += "." if tally.entries != one.entries else ", and not the same."
    if kept and (kept.entries, kept.root) == (tally.entries, root):
        sentence += " The database's own seal fits them and the file's does not: one of the two was changed."
    found = changes(one, seals.parts_of(tx, one.number), seals.leaves(tx, one.begins_at, one.until_at))
    return Difference(one.number, "entries-differ", sentence, tuple(islice(found, MOST_CHANGES)) if found else ())


def sentence_of(change: Change) -> str:
    """Where entries differ, for people."""
    first, last = number_of(change.first_order), number_of(change.last_order)
    where = f"of order {first}" if first == last else f"of orders {first} to {last}"
    return f"among the entries {where}: {change.sealed} sealed, {change.found} there"


def _span(one: Seal) -> str:
    until = f"until {one.until_at.isoformat()}"
    return f"{one.begins_at.isoformat()} {until}" if one.begins_at else until


def _these(first: int, last: int) -> str:
    return f"Seal {first} is" if first == last else f"Seals {first} to {last} are"


def _gaps(numbers: Collection[int], highest: int) -> Iterator[tuple[int, int]]:
    """Which numbers from 1 to the highest are missing, as runs with their first and last."""
    for before, number in pairwise((0, *sorted(numbers), highest + 1)):
        if number > before + 1:
            yield before + 1, number - 1
