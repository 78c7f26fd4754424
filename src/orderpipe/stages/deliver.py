"""
Deliver: the carrier's word, or for a service the performer's, ends a fulfillment.

A parcel that comes back or is lost ends too, and opens a claim; what then happens to the order is for the office to decide.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from orderpipe.domain.cases import Cause, Channel, Kind, Pieces
from orderpipe.domain.decisions import Audience, Decision, Move, Tell, Wait
from orderpipe.domain.orders import order_of
from orderpipe.domain.targets import Policies
from orderpipe.flow import FulfillmentState, WaitingFor
from orderpipe.store import case_opening, journeys
from orderpipe.store.case_opening import Opening
from orderpipe.store.journeys import Journey
from orderpipe.store.metadata import Tx

CARRIER_AGAIN = timedelta(days=1)
CLAIMED = {FulfillmentState.LOST: Cause.CARRIER_LOST, FulfillmentState.RETURNED: Cause.CARRIER_RETURNED}
"""What the claim of a parcel that ends so is caused by."""
ENDINGS = frozenset({"delivered", "performed", "returned", "lost"})


@dataclass(frozen=True, slots=True)
class Facts:
    """What the carrier or the performer has said of each fulfillment."""

    journeys: Mapping[int, Journey]


def read(tx: Tx, fulfillment_ids: Collection[int], policies: Policies) -> Facts:  # noqa: ARG001  # every stage reads alike
    """The latest word on each fulfillment."""
    return Facts({one.id: one for one in journeys.journeys_of(tx, fulfillment_ids)})


def decide(facts: Facts, *, now: datetime) -> list[Decision]:
    """Delivered, returned or lost on the word; else it waits on."""
    # those that end together are no reason to announce that more is to come
    ending = {one.id for one in facts.journeys.values() if one.status in ENDINGS}
    return [_decide(one, more_to_come=bool(one.others_live - ending), now=now) for one in facts.journeys.values()]


def _decide(one: Journey, *, more_to_come: bool, now: datetime) -> Decision:
    match one.status:
        case "delivered" | "performed":
            letter = Tell("part-delivered", {"tracking_number": one.tracking_number, "lines": one.lines}, f"part-delivered:{one.id}")
            return Move(one.id, FulfillmentState.DELIVERED, (letter,) if more_to_come else ())
        case "returned" | "lost":
            letter = Tell(
                "office-parcel-lost", {"tracking_number": one.tracking_number, "status": one.status, "lines": one.lines},
                f"office-parcel-{one.status}:{one.id}", Audience.OFFICE,
            )
            return Move(one.id, FulfillmentState(one.status), (letter,))
        case "out_for_delivery":
            letter = Tell("out-for-delivery", {"tracking_number": one.tracking_number}, f"out-for-delivery:{one.id}")
            return Wait(one.id, WaitingFor.CARRIER, now + CARRIER_AGAIN, (letter,))
        case _:
            reason = WaitingFor.PERFORMANCE if one.appointment else WaitingFor.CARRIER
            return Wait(one.id, reason, now + CARRIER_AGAIN)


def write(tx: Tx, facts: Facts, decisions: Sequence[Decision], now: datetime) -> None:
    """The word is kept already; a parcel that failed opens its claim, of which the customer hears at once."""
    openings = [
        _claim(facts.journeys[one.unit_id], CLAIMED[FulfillmentState(one.to)])
        for one in decisions if isinstance(one, Move) and one.to in CLAIMED
    ]
    case_opening.open_cases(tx, openings, office="", now=now)


def _claim(one: Journey, cause: Cause) -> Opening:
    lines = tuple(Pieces(line["number"], line["quantity"]) for line in one.lines)
    return Opening(
        order_of(one.id), Kind.CLAIM, "", f"parcel:{one.id}", cause, lines, "orderpipe", Channel.ORDERPIPE, fulfillment_id=one.id
    )
