"""
Pack: a parcel is packed when the packer's scans equal its lines, piece for piece.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from orderpipe.domain.decisions import Decision, Move, Wait
from orderpipe.domain.targets import Policies
from orderpipe.flow import FulfillmentState, WaitingFor
from orderpipe.store import fulfillments
from orderpipe.store.fulfillments import Line
from orderpipe.store.metadata import Tx

SCANS_AGAIN = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Facts:
    """The lines with what has been packed."""

    lines: Mapping[int, Sequence[Line]]


def read(tx: Tx, fulfillment_ids: Collection[int], policies: Policies) -> Facts:  # noqa: ARG001  # every stage reads alike
    """What the scans say so far."""
    return Facts(fulfillments.lines_of(tx, fulfillment_ids))


def decide(facts: Facts, *, now: datetime) -> list[Decision]:
    """Packed when every piece is in the parcel."""
    return [
        Move(one, FulfillmentState.PACKED) if all(line.packed == line.quantity for line in lines)
        else Wait(one, WaitingFor.PACK_SCANS, now + SCANS_AGAIN)
        for one, lines in facts.lines.items()
    ]


def write(tx: Tx, facts: Facts, decisions: Sequence[Decision], now: datetime) -> None:
    """Packing leaves nothing but the move."""
