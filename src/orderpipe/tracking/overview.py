"""
An order at a glance, in its customer's words: the steps behind and ahead, what was promised and why it changed, parcels and money.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from orderpipe.channels.parts import Item
from orderpipe.channels.views import clean
from orderpipe.domain.payments import Account
from orderpipe.domain.progress import Happened, Part, Point, progress
from orderpipe.domain.status import public_status
from orderpipe.flow import FULFILLMENT_ENDS, FulfillmentState, WaitingFor
from orderpipe.store import order_views
from orderpipe.store.visiting import Revision
from orderpipe.tracking.visits import Visit

FIRST = "first promise"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the books say of the order; `links` are the carriers' pages of a parcel, by the carrier's name."""

    parts: Sequence[order_views.Part]
    happened: Sequence[Happened]
    revisions: Sequence[Revision]
    account: Account
    links: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StepShown:
    """A step in words; `standing` is `past`, `now` (the last that was taken) or `ahead`."""

    label: str
    standing: str
    when: str = ""
    instant: str = ""


@dataclass(frozen=True, slots=True)
class ParcelShown:
    """A parcel: who carries it, under which number, where to look at it there, and how far it is."""

    carrier: str
    number: str
    link: str
    status: str


@dataclass(frozen=True, slots=True)
class PartShown:
    """What comes together: its steps, its promise with what became of it, its parcels; items where the order comes in several parts."""

    heading: str
    items: Sequence[Item]
    steps: Sequence[StepShown]
    promise: str
    changes: Sequence[str]
    parcels: Sequence[ParcelShown]


@dataclass(frozen=True, slots=True)
class Overview:
    """The page's content beside the order itself."""

    status: str
    begin: Sequence[StepShown]
    parts: Sequence[PartShown]
    end: Sequence[StepShown]
    due: str
    paid: str
    zone: str


def overview(visit: Visit, facts: Facts) -> Overview:
    """The order in words."""
    teller = _Teller(visit, facts)
    said = visit.scene.words["home"]
    status = public_status(visit.state, visit.waiting_for, visit.parts)
    account = facts.account
    due = (account.total or Decimal(0)) - account.paid
    owed = any(part.waiting_for == WaitingFor.PAYMENT for part in facts.parts)
    money = visit.scene.wording.money
    return Overview(
        said["states"][status], teller.begin(), list(teller.parts()), teller.end(), money(due) if owed and due > 0 else "",
        money(account.paid) if account.paid > 0 else "", said["zone"].format(zone=visit.scene.wording.zone),
    )


class _Teller:
    """Says the steps and parts of one order."""

    def __init__(self, visit: Visit, facts: Facts) -> None:
        self._visit, self._facts = visit, facts
        self._said: Mapping[str, Any] = visit.scene.words["home"]
        self._wording = visit.scene.wording
        self._progress = progress(visit.state, facts.happened, [_part(one) for one in facts.parts])
        lines = (self._progress.begin, *self._progress.parts.values(), self._progress.end)
        taken = [(point.at, place, point) for place, point in enumerate(point for line in lines for point in line) if point.at]
        self._last = max(taken, key=lambda one: one[:2])[2] if taken else None

    def begin(self) -> list[StepShown]:
        return [self._step(point) for point in self._progress.begin]

    def end(self) -> list[StepShown]:
        return [self._step(point) for point in self._progress.end]

    def parts(self) -> Iterator[PartShown]:
        """The parts, without a heading where there is but one."""
        shown = self._progress.parts
        stored = {one.id: one for one in self._facts.parts}
        for place, (part_id, points) in enumerate(shown.items(), 1):
            part = stored.get(part_id)
            several = len(shown) > 1
            heading = self._said["part"].format(place=place, count=len(shown)) if several else ""
            items = self._visit.scene.view.items(_pieces(part)) if part and several else ()
            promise, changes = self._promised(part_id, part)
            parcels = [self._parcel(one) for one in part.parcels] if part else ()
            yield PartShown(heading, items, [self._step(point) for point in points], promise, changes, parcels)

    def _step(self, point: Point) -> StepShown:
        label = self._said["steps"][point.step]
        if point.at:
            standing = "now" if point is self._last else "past"
            return StepShown(label, standing, self._wording.short_moment(point.at), point.at.isoformat())
        when = self._said["expected"].format(day=self._wording.days(*point.expected)) if point.expected else ""
        return StepShown(label, "ahead", when)

    def _promised(self, part_id: int, part: order_views.Part | None) -> tuple[str, list[str]]:
        """What is promised of a part now, and how it came to that where it is not what was promised first."""
        its = [one for one in self._facts.revisions if one.fulfillment_id == part_id]
        if not its or part is None:
            return "", []
        live = FulfillmentState(part.state) not in FULFILLMENT_ENDS
        said = self._said["promise"]
        window = self._wording.window if part.kind == "appointment" else self._wording.days
        current = said["arrives"].format(day=window(its[-1].from_at, its[-1].until_at)) if live else ""
        return current, list(self._changes(*its))

    def _changes(self, origin: Revision, *later: Revision) -> Iterator[str]:
        """What was promised first and what came of it; a part that was parted from another begins with that one's promise, and why."""
        said = self._said["promise"]
        if later:
            first = next((one for one in self._facts.revisions if one.reason == FIRST and one.until_at == origin.until_at), origin)
            yield said["first"].format(day=self._wording.last_day(first.until_at), on=self._wording.short_day(first.at))
        if origin.reason != FIRST:
            yield self._reason(origin)
        for one in later:
            day, on = self._wording.last_day(one.until_at), self._wording.short_day(one.at)
            yield said["changed"].format(day=day, on=on, reason=self._reason(one))

    def _reason(self, one: Revision) -> str:
        reasons: Mapping[str, str] = self._said["reasons"]
        return reasons.get(one.reason) or reasons["other"]

    def _parcel(self, one: Mapping[str, Any]) -> ParcelShown:
        carrier, number = str(clean(one["carrier"])), str(clean(one["tracking_number"]))
        pattern = self._facts.links.get(one["carrier"], "")
        link = pattern.replace("{number}", quote(number, safe="")) if pattern.startswith(("https://", "http://")) else ""
        statuses: Mapping[str, str] = self._said["parcel_status"]
        return ParcelShown(carrier, number, link, statuses.get(one["status"], ""))


def _part(one: order_views.Part) -> Part:
    return Part(one.id, FulfillmentState(one.state), one.kind == "appointment", one.promised_from, one.promised_until)


def _pieces(part: order_views.Part) -> list[Mapping[str, Any]]:
    return [{"number": line["number"], "quantity": line["quantity"]} for line in part.lines if line["quantity"]]
