"""
Does a scan count: the right thing, for the right fulfillment, at the right moment, and not one too many.

A scan is counted whole or not at all, and a refused one is answered with what is still expected.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from orderpipe.domain.handling import Phase, Standing, say_left
from orderpipe.domain.orders import fulfillment_number_of
from orderpipe.flow import FULFILLMENT_ENDS, FulfillmentState

LARGEST = 2**31 - 1
"""Pieces that one scan can speak of; a bar code that claims more is a misreading."""


@dataclass(frozen=True, slots=True)
class Scan:
    """
    One scan as sent. `client_id` is the scanner's own, so that a resend counts once; `quantity` is how often it stands for itself.

    A performer's word (phase PERFORMED) is a scan too, whose bar code is `performed`.
    """

    fulfillment_id: int
    phase: Phase
    barcode: str
    client_id: str
    operator: str
    station: str
    at: datetime
    quantity: int = 1
    note: str = ""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a bar code stands for: so many pieces of a product."""

    sku: str
    pieces: int = 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a scan; `code` is None where it counts, `left` what is still expected, by SKU; `repeated`: it was known already."""

    scan: Scan
    sentence: str
    code: str | None = None
    sku: str | None = None
    pieces: int = 0
    left: Mapping[str, int] = field(default_factory=dict)
    repeated: bool = False

    @property
    def accepted(self) -> bool:
        """Whether the scan counts."""
        return self.code is None

    @property
    def recordable(self) -> bool:
        """Whether it is a row of its own: not said before, and about a fulfillment that there is."""
        return not self.repeated and self.code not in (UnknownFulfillment.code, ReusedClientId.code)


class ScanRefused(Exception):
    """This scan does not count."""

    code = "refused"


class UnknownFulfillment(ScanRefused):
    """The shop has no such fulfillment."""

    code = "unknown-fulfillment"


class ReusedClientId(ScanRefused):
    """Another scan of this fulfillment carries the same client id."""

    code = "client-id-reused"


class UnknownBarcode(ScanRefused):
    """This bar code stands for nothing that the shop sells."""

    code = "unknown-barcode"


class WrongItem(ScanRefused):
    """This item is not on the fulfillment."""

    code = "wrong-item"


class Surplus(ScanRefused):
    """These are more pieces than are left to scan."""

    code = "surplus"


class TooEarly(ScanRefused):
    """The fulfillment is not that far yet."""

    code = "too-early"


class TooLate(ScanRefused):
    """The fulfillment is past this, or has ended."""

    code = "too-late"


class NothingToScan(ScanRefused):
    """An appointment has nothing to pick or pack."""

    code = "appointment"


class NoAppointment(ScanRefused):
    """A parcel is picked, packed and delivered, not performed."""

    code = "no-appointment"


class PerformedAlready(ScanRefused):
    """Somebody has said already that this service is done."""

    code = "performed-already"


def check_state(standing: Standing, phase: Phase) -> None:
    """Raise ScanRefused unless the fulfillment is being picked, or packed; packing may begin before the pick stage has noticed."""
    name = fulfillment_number_of(standing.id)
    if standing.state in FULFILLMENT_ENDS:
        raise TooLate(f"{name} has ended as {standing.state}; put the goods back.")
    if standing.appointment:
        raise NothingToScan(f"{name} is an appointment; it has nothing to scan.")
    if standing.state == FulfillmentState.PLANNED:
        raise TooEarly(f"{name} is not released for picking yet.")
    if standing.state == FulfillmentState.RELEASED:
        if phase == Phase.PACK and (left := standing.left(Phase.PICK)):
            raise TooEarly(f"{name} is not picked yet: {say_left(left)}.")
    elif standing.state != FulfillmentState.PICKED or phase != Phase.PACK:
        raise TooLate(f"{name} is {standing.state} already.")


def performed(standing: Standing) -> Standing:
    """The appointment after the performer's word that the service is done. Raises ScanRefused."""
    name = fulfillment_number_of(standing.id)
    if not standing.appointment:
        raise NoAppointment(f"{name} is a parcel, not an appointment.")
    if standing.performed:
        raise PerformedAlready(f"{name} is performed already.")
    if standing.state in FULFILLMENT_ENDS:
        raise TooLate(f"{name} has ended as {standing.state}.")
    if standing.state != FulfillmentState.RELEASED:
        raise TooEarly(f"{name} is not released to its performer yet.")
    return replace(standing, performed=True)


def counted(standing: Standing, scan: Scan, meaning: Meaning | None) -> Standing:
    """The fulfillment after this scan, whose pieces fill its lines in order. Raises ScanRefused."""
    if scan.phase == Phase.PERFORMED:
        return performed(standing)
    check_state(standing, scan.phase)
    left = standing.left(scan.phase)
    if meaning is None:
        raise UnknownBarcode(f"{scan.barcode} is no product of this shop; {say_left(left)}.")
    if all(line.sku != meaning.sku for line in standing.lines):
        raise WrongItem(f"{meaning.sku} is not on {fulfillment_number_of(standing.id)}; {say_left(left)}.")
    rest = meaning.pieces
    if rest > left.get(meaning.sku, 0):
        raise Surplus(f"{rest} of {meaning.sku} {'is' if rest == 1 else 'are'} too many; {say_left(left)}.")
    lines = list(standing.lines)
    for place, line in enumerate(lines):
        if line.sku == meaning.sku:
            taken = min(rest, line.left(scan.phase))
            lines[place], rest = line.with_scanned(scan.phase, taken), rest - taken
    return replace(standing, lines=tuple(lines))


@dataclass(frozen=True, slots=True)
class Facts:
    """What scans are judged by: the fulfillments, what bar codes stand for, and what was scanned before, by (fulfillment, client id)."""

    standings: Mapping[int, Standing]
    meanings: Mapping[str, Meaning]
    known: Mapping[tuple[int, str], Outcome]


@dataclass(frozen=True, slots=True)
class Decided:
    """The outcomes in the order of the scans, and the fulfillments that a scan has changed."""

    outcomes: list[Outcome]
    after: dict[int, Standing]

    def completed(self, phases: Collection[Phase]) -> list[int]:
        """The fulfillments that counted scans of one of these phases have left with nothing more to scan in it."""
        return sorted({
            one.scan.fulfillment_id for one in self.outcomes
            if one.recordable and one.accepted and one.scan.phase in phases
            and one.scan.phase in self.after[one.scan.fulfillment_id].complete
        })


def decide(scans: Sequence[Scan], facts: Facts) -> Decided:
    """Judge the scans one after the other, so that several of one line in one request add up."""
    decided = Decided([], {})
    known = dict(facts.known)
    for scan in scans:
        outcome = _judge(scan, facts, known, decided.after)
        decided.outcomes.append(outcome)
        if outcome.recordable:
            known[scan.fulfillment_id, scan.client_id] = outcome
    return decided


def _judge(scan: Scan, facts: Facts, known: Mapping[tuple[int, str], Outcome], after: dict[int, Standing]) -> Outcome:
    standing = after.get(scan.fulfillment_id) or facts.standings.get(scan.fulfillment_id)
    if standing is None:
        return Outcome(scan, "There is no such fulfillment of this shop.", UnknownFulfillment.code)
    if first := known.get((scan.fulfillment_id, scan.client_id)):
        return _again(scan, first, standing)
    meaning = facts.meanings.get(scan.barcode)
    sku, pieces = (meaning.sku, meaning.pieces * scan.quantity) if meaning else (None, scan.quantity)
    pieces = min(pieces, LARGEST)
    try:
        after[standing.id] = standing = counted(standing, scan, Meaning(sku, pieces) if sku else None)
    except ScanRefused as refusal:
        return Outcome(scan, str(refusal), refusal.code, sku, pieces, standing.left(scan.phase))
    left = standing.left(scan.phase)
    sentence = "The service is performed." if scan.phase == Phase.PERFORMED else f"{pieces} of {sku} counted; {say_left(left)}."
    return Outcome(scan, sentence, None, sku, pieces, left)


def _again(scan: Scan, first: Outcome, standing: Standing) -> Outcome:
    """A resend gets the first answer; another scan under the same client id is refused."""
    left = standing.left(scan.phase)
    if (scan.phase, scan.barcode) != (first.scan.phase, first.scan.barcode):
        sentence = f"Another scan ({first.scan.phase} {first.scan.barcode}) has the client id {scan.client_id}; give each scan its own."
        return Outcome(scan, sentence, ReusedClientId.code, left=left)
    return replace(first, scan=scan, left=left, repeated=True)
