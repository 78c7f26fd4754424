"""
Complete: when every fulfillment has ended and something was delivered, the order is done: the customer gets our thanks.

An order of which nothing is left is canceled; a parcel that was lost or came back goes to the office first.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from orderpipe.domain.decisions import Decision, Hold, Move, Tell, Wait
from orderpipe.domain.links import Signer, page_link
from orderpipe.domain.targets import Policies
from orderpipe.flow import FULFILLMENT_ENDS, FulfillmentState, OrderState, Owner, WaitingFor
from orderpipe.settings import settings
from orderpipe.store import feedback, fulfillments, holds, link_keys
from orderpipe.store.metadata import Tx

LOOK_AGAIN = timedelta(days=1)
OFFICE_WITHIN = timedelta(hours=8)
FAILED = frozenset({FulfillmentState.LOST, FulfillmentState.RETURNED})


@dataclass(frozen=True, slots=True)
class Facts:
    """
    How each order's fulfillments ended, which failed ones the office has settled, and what came of orders not delivered in full;
    and what makes the link to the customer's page, below `public_url`.
    """

    states: Mapping[int, Sequence[tuple[int, FulfillmentState]]]
    settled: frozenset[int]
    in_part: Mapping[int, Sequence[Mapping[str, int]]]
    signer: Signer
    public_url: str


def read(tx: Tx, order_ids: Collection[int], policies: Policies) -> Facts:  # noqa: ARG001  # every stage reads alike
    """The ends of the fulfillments."""
    states = fulfillments.states_of(tx, order_ids)
    failed = [one for its in states.values() for one, state in its if state in FAILED]
    doubtful = [one for one, its in states.items() if any(state != FulfillmentState.DELIVERED for _, state in its)]
    return Facts(
        states, holds.settled(tx, failed) if failed else frozenset(), fulfillments.delivered_in_part(tx, doubtful) if doubtful else {},
        link_keys.signer_now(tx), settings().public_url,
    )


def decide(facts: Facts, *, now: datetime) -> list[Decision]:
    """Done, canceled, or still waiting for a parcel or for the office."""
    return [_decide(order_id, states, facts, now) for order_id, states in facts.states.items()]


def _decide(order_id: int, states: Sequence[tuple[int, FulfillmentState]], facts: Facts, now: datetime) -> Decision:
    if any(state not in FULFILLMENT_ENDS for _, state in states):
        return Wait(order_id, WaitingFor.FULFILLMENTS, now + LOOK_AGAIN)
    open_failures = [one for one, state in states if state in FAILED and one not in facts.settled]
    if open_failures:
        ended = dict(states)[open_failures[0]]
        return Hold(order_id, WaitingFor.OFFICE, Owner.OFFICE, f"A parcel is {ended}.", now + OFFICE_WITHIN)
    if any(state == FulfillmentState.DELIVERED for _, state in states):
        # the instant, for the day depends on where the shop is; lines only where thanks for everything would be wrong
        link = page_link(facts.signer, facts.public_url, order_id, now)
        told = {"delivered_on": now, "lines": facts.in_part.get(order_id), "page_link": link}
        letter = Tell("thank-you", told, f"thank-you:{order_id}")
        return Move(order_id, OrderState.COMPLETED, (letter,))
    letter = Tell("canceled", {"reason": "nothing is left to deliver", "lines": None, "by": "orderpipe"}, f"canceled:{order_id}")
    return Move(order_id, OrderState.CANCELED, (letter,))


def write(tx: Tx, facts: Facts, decisions: Sequence[Decision], now: datetime) -> None:  # noqa: ARG001  # every stage writes alike
    """Whose order is complete is asked now whether everything arrived and was well."""
    feedback.ask(tx, [one.unit_id for one in decisions if isinstance(one, Move) and one.to == OrderState.COMPLETED], now)
