"""
Returns: which pieces may come back, what has come, and what became of each piece; never more than was delivered.

A piece is authorised, received by a scan, and then put back into stock or written off.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from orderpipe.domain.barcodes import read_barcode
from orderpipe.domain.cases import Pieces
from orderpipe.domain.orders import UnknownNumber, number_of, order_id_of
from orderpipe.domain.scans import Meaning

VALID_FOR = timedelta(days=30)
"""How long after it was authorised a return is expected; what comes later is received all the same."""


class ReturnState(StrEnum):
    """How far a return is."""

    AUTHORISED = "authorised"
    RECEIVED = "received"
    INSPECTED = "inspected"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Item:
    """Pieces of one order line that may come back, how many have, and what became of them."""

    number: int
    sku: str
    quantity: int
    received: int = 0
    restocked: int = 0
    written_off: int = 0

    @property
    def awaited(self) -> int:
        """Pieces still to come."""
        return self.quantity - self.received

    @property
    def uninspected(self) -> int:
        """Pieces that came and were not looked at."""
        return self.received - self.restocked - self.written_off


@dataclass(frozen=True, slots=True)
class Return:
    """A return authorisation; instants UTC. `location` is the code of the place where its goods came from."""

    id: int
    case_id: int
    order_id: int
    shop_id: int
    state: ReturnState
    location: str
    authorised_at: datetime
    expires_at: datetime
    items: tuple[Item, ...]

    @property
    def number(self) -> str:
        """The number that stands on the label."""
        return return_number(self.id)


class ReturnRefused(Exception):
    """This cannot come back, or cannot be done with it."""

    def __init__(self, sentence: str, code: str) -> None:
        super().__init__(sentence)
        self.code = code


class UnknownReturn(LookupError):
    """There is no such return."""


def return_number(return_id: int) -> str:
    """The number on the label, such as `R-100042-7`, with a check digit."""
    return f"R-{number_of(return_id)}"


def return_id_of(number: str) -> int:
    """The return behind a number such as `R-100042-7`, typed or as a scanner reads it from the label. Raises UnknownNumber."""
    prefix, _, digits = read_barcode(number).text.partition("-")
    if prefix.upper() != "R":
        raise UnknownNumber(f"{number!r} is no return number; it looks like R-100042-7.")
    return order_id_of(digits)


def state_of(items: Iterable[Item], *, expired: bool = False) -> ReturnState:
    """How far a return with these pieces is."""
    held = tuple(items)
    if not any(one.received for one in held):
        return ReturnState.EXPIRED if expired else ReturnState.AUTHORISED
    return ReturnState.RECEIVED if any(one.uninspected or one.awaited for one in held) else ReturnState.INSPECTED


def check_authorisation(lines: Sequence[Pieces], returnable: Mapping[int, int]) -> None:
    """Raise ReturnRefused unless these pieces were delivered and are not on their way back; `returnable` by order line."""
    if not lines:
        raise ReturnRefused("Say which pieces come back.", "nothing")
    if len({one.number for one in lines}) < len(lines):
        raise ReturnRefused("A line is named twice.", "twice")
    for one in lines:
        there = returnable.get(one.number, 0)
        if not 1 <= one.quantity <= there:
            raise ReturnRefused(f"Of line {one.number}, {there} pieces can come back; {one.quantity} does not fit.", "more-than-delivered")


@dataclass(frozen=True, slots=True)
class ReturnScan:
    """One scan of pieces that came back; `client_id` is the scanner's own, so that a resend counts once."""

    barcode: str
    client_id: str
    operator: str
    quantity: int = 1


@dataclass(frozen=True, slots=True)
class Scanned:
    """What became of a scan: `code` None where it counts; `repeated`: it was known already."""

    scan: ReturnScan
    sentence: str
    code: str | None = None
    sku: str | None = None
    pieces: int = 0
    repeated: bool = False


def receive(
    scans: Sequence[ReturnScan], items: Sequence[Item], meanings: Mapping[str, Meaning], known: Mapping[str, Scanned]
) -> tuple[list[Scanned], tuple[Item, ...]]:
    """Decide the scans one after the other: what became of each, and the pieces after them. Surplus or foreign pieces do not count."""
    current, before, outcomes = list(items), dict(known), list[Scanned]()
    for one in scans:
        if (first := before.get(one.client_id)) is not None:
            outcomes.append(replace(first, repeated=True))
            continue
        outcome, current = _received(one, current, meanings.get(one.barcode))
        before[one.client_id] = outcome
        outcomes.append(outcome)
    return outcomes, tuple(current)


def _received(scan: ReturnScan, items: list[Item], meaning: Meaning | None) -> tuple[Scanned, list[Item]]:
    if meaning is None:
        return Scanned(scan, "This bar code is no article of this shop.", "unknown-barcode"), items
    pieces = meaning.pieces * scan.quantity
    awaited = sum(one.awaited for one in items if one.sku == meaning.sku)
    if not any(one.sku == meaning.sku for one in items):
        return Scanned(scan, f"{meaning.sku} does not belong to this return.", "wrong-item", meaning.sku, pieces), items
    if pieces > awaited:
        sentence = f"{awaited} of {meaning.sku} are awaited; {pieces} are too many."
        return Scanned(scan, sentence, "surplus", meaning.sku, pieces), items
    left, after = pieces, list[Item]()
    for one in items:
        taken = min(left, one.awaited) if one.sku == meaning.sku else 0
        left -= taken
        after.append(replace(one, received=one.received + taken))
    return Scanned(scan, f"{pieces} of {meaning.sku} received; {awaited - pieces} awaited.", None, meaning.sku, pieces), after


@dataclass(frozen=True, slots=True)
class Inspection:
    """What an inspection found of one order line: so many pieces go back into stock, so many are written off."""

    number: int
    restock: int = 0
    write_off: int = 0


def inspect(found: Sequence[Inspection], items: Sequence[Item]) -> tuple[Item, ...]:
    """The pieces after the inspection. Raises ReturnRefused where more was inspected than came."""
    current = {one.number: one for one in items}
    for one in found:
        item = current.get(one.number)
        if item is None:
            raise ReturnRefused(f"Line {one.number} does not belong to this return.", "wrong-item")
        pieces = one.restock + one.write_off
        if not 1 <= pieces <= item.uninspected or min(one.restock, one.write_off) < 0:
            raise ReturnRefused(
                f"Of line {one.number}, {item.uninspected} pieces wait for inspection; {pieces} does not fit.", "more-than-received"
            )
        current[one.number] = replace(item, restocked=item.restocked + one.restock, written_off=item.written_off + one.write_off)
    return tuple(current.values())
