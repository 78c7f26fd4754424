"""
The map of orderpipe: the units, the states they stand in, the stage that takes a unit from one state to the next, and what may
hold it up.

Everything else reads this file: the chains, the sweep, the database's constraints, the diagram in the README. Change the flow here first.
"""

from dataclasses import dataclass
from enum import StrEnum


class Unit(StrEnum):
    """What moves through the pipeline."""

    INTAKE = "intake"
    ORDER = "order"
    FULFILLMENT = "fulfillment"


class IntakeState(StrEnum):
    """Where something received stands."""

    PENDING = "pending"
    RECORDED = "recorded"
    REFUSED = "refused"


class OrderState(StrEnum):
    """Where an order stands; it never moves back."""

    RECEIVED = "received"
    VALIDATED = "validated"
    ALLOCATED = "allocated"
    PROMISED = "promised"
    COMPLETED = "completed"
    CANCELED = "canceled"
    REJECTED = "rejected"


class FulfillmentState(StrEnum):
    """Where a fulfillment (what can leave together from one place) stands."""

    PLANNED = "planned"
    RELEASED = "released"
    PICKED = "picked"
    PACKED = "packed"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELED = "canceled"
    RETURNED = "returned"
    LOST = "lost"


State = IntakeState | OrderState | FulfillmentState


class Lane(StrEnum):
    """The queues an order's stages run in; a file of a hundred thousand orders never delays an express order."""

    EXPRESS = "express"
    STANDARD = "standard"
    BULK = "bulk"

    @property
    def queue(self) -> str:
        """The Celery queue of this lane."""
        return f"flow.{self.value}"


class Queue(StrEnum):
    """The queues beside the lanes."""

    INTAKE = "intake"
    NOTIFY = "notify"
    CARE = "care"
    CLOCK = "clock"
    MAIL = "mail"


class Owner(StrEnum):
    """Whose turn it is."""

    PIPELINE = "pipeline"
    CUSTOMER = "customer"
    OFFICE = "office"
    SHOP = "shop"
    WAREHOUSE = "warehouse"
    CARRIER = "carrier"
    PERFORMER = "performer"


class WaitingFor(StrEnum):
    """The open hold or missing fact that stops a unit's next stage."""

    QUERY = "query"
    OFFICE = "office"
    STOCK = "stock"
    PROMISE = "promise"
    DATE = "date"
    PAYMENT = "payment"
    PICK_SCANS = "pick-scans"
    PACK_SCANS = "pack-scans"
    CARRIER = "carrier"
    PERFORMANCE = "performance"
    FULFILLMENTS = "fulfillments"


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a wait means: in a sentence, whose turn it is, and which task looks at it when its time comes (None: its stage again)."""

    sentence: str
    owner: Owner
    task: str | None = None
    routine: bool = True
    """Every order waits like this, so the journal does not say it again each time."""


WAITS: dict[WaitingFor, Waiting] = {
    WaitingFor.QUERY: Waiting("the customer's answer to our question", Owner.CUSTOMER, "query.remind", routine=False),
    WaitingFor.OFFICE: Waiting("a decision of the office", Owner.OFFICE, "office.remind", routine=False),
    WaitingFor.STOCK: Waiting("stock to arrive", Owner.SHOP, routine=False),
    WaitingFor.PROMISE: Waiting("its order to be promised", Owner.PIPELINE),
    WaitingFor.DATE: Waiting("its date to come", Owner.PIPELINE, routine=False),
    WaitingFor.PAYMENT: Waiting("the payment", Owner.CUSTOMER, routine=False),
    WaitingFor.PICK_SCANS: Waiting("the picker's scans", Owner.WAREHOUSE),
    WaitingFor.PACK_SCANS: Waiting("the packer's scans", Owner.WAREHOUSE),
    WaitingFor.CARRIER: Waiting("the carrier's word", Owner.CARRIER),
    WaitingFor.PERFORMANCE: Waiting("the performer's word that the service is done", Owner.PERFORMER),
    WaitingFor.FULFILLMENTS: Waiting("its fulfillments to end", Owner.PIPELINE),
}


MOST = 500
"""Units that one transaction takes at most."""


@dataclass(frozen=True, slots=True)
class Step:
    """One stage: the Celery task of that name takes a unit from one state to another, or does one of the other things named."""

    name: str
    unit: Unit
    takes: State
    gives: State
    ends: tuple[State, ...] = ()
    waits: tuple[WaitingFor, ...] = ()
    tells: tuple[str, ...] = ()
    batch: int = MOST
    """Units that one transaction takes at most; fewer where rows are locked that other batches want."""

    @property
    def locks_what_others_want(self) -> bool:
        """Whether it locks rows, of stock above all, that other batches want; a transaction of several stages ends with it."""
        return self.batch < MOST


STEPS: tuple[Step, ...] = (
    Step("receive", Unit.INTAKE, IntakeState.PENDING, IntakeState.RECORDED, (IntakeState.REFUSED,), (), ("acknowledgement",)),
    Step(
        "validate", Unit.ORDER, OrderState.RECEIVED, OrderState.VALIDATED, (OrderState.REJECTED,),
        (WaitingFor.QUERY, WaitingFor.OFFICE), ("question",),
    ),
    Step("allocate", Unit.ORDER, OrderState.VALIDATED, OrderState.ALLOCATED, (), (WaitingFor.STOCK,), ("backorder",), batch=100),
    Step("promise", Unit.ORDER, OrderState.ALLOCATED, OrderState.PROMISED, (), (WaitingFor.OFFICE,), ("delivery-date",)),
    Step(
        "release", Unit.FULFILLMENT, FulfillmentState.PLANNED, FulfillmentState.RELEASED, (),
        (WaitingFor.PROMISE, WaitingFor.STOCK, WaitingFor.PAYMENT, WaitingFor.DATE), batch=100,
    ),
    Step(
        "pick", Unit.FULFILLMENT, FulfillmentState.RELEASED, FulfillmentState.PICKED, (FulfillmentState.CANCELED,),
        (WaitingFor.PICK_SCANS,), batch=200,
    ),
    Step("pack", Unit.FULFILLMENT, FulfillmentState.PICKED, FulfillmentState.PACKED, (), (WaitingFor.PACK_SCANS,)),
    Step("ship", Unit.FULFILLMENT, FulfillmentState.PACKED, FulfillmentState.SHIPPED, (), (), ("shipped",), batch=100),
    Step(
        "deliver", Unit.FULFILLMENT, FulfillmentState.SHIPPED, FulfillmentState.DELIVERED,
        (FulfillmentState.RETURNED, FulfillmentState.LOST), (WaitingFor.CARRIER, WaitingFor.PERFORMANCE), ("out-for-delivery",),
    ),
    Step(
        "complete", Unit.ORDER, OrderState.PROMISED, OrderState.COMPLETED, (OrderState.CANCELED,),
        (WaitingFor.FULFILLMENTS, WaitingFor.OFFICE), ("thank-you",),
    ),
)

STEP: dict[str, Step] = {step.name: step for step in STEPS}

ORDER_ENDS = frozenset({OrderState.COMPLETED, OrderState.CANCELED, OrderState.REJECTED})
FULFILLMENT_ENDS = frozenset(
    {FulfillmentState.DELIVERED, FulfillmentState.CANCELED, FulfillmentState.RETURNED, FulfillmentState.LOST}
)
ENDS: frozenset[State] = ORDER_ENDS | FULFILLMENT_ENDS

CANCELABLE = frozenset({FulfillmentState.PLANNED, FulfillmentState.RELEASED, FulfillmentState.PICKED})
"""A fulfillment may be canceled until it is packed; stock goes back in the same transaction."""

_CANCELLATIONS: frozenset[tuple[State, State]] = frozenset(
    {(state, OrderState.CANCELED) for state in OrderState if state not in ORDER_ENDS}
    | {(state, FulfillmentState.CANCELED) for state in CANCELABLE}
)
APPOINTMENT = (FulfillmentState.RELEASED, FulfillmentState.DELIVERED)
"""A service has nothing to pick: released, then delivered on the performer's word."""

TRANSITIONS: frozenset[tuple[State, State]] = (
    frozenset((step.takes, after) for step in STEPS for after in (step.gives, *step.ends)) | _CANCELLATIONS | {APPOINTMENT}
)

_TAKER: dict[State, Step] = {step.takes: step for step in STEPS}


class NotInTheFlow(Exception):
    """No stage may move a unit from this state to that one."""


def check_transition(before: State, after: State) -> None:
    """Raise NotInTheFlow unless the map has a way from `before` to `after`."""
    if (before, after) not in TRANSITIONS:
        raise NotInTheFlow(f"There is no way from {before} to {after} in the flow.")


def next_step(state: State, *, appointment: bool = False) -> Step | None:
    """The stage that takes a unit in this state, None where the unit has ended; an appointment skips the warehouse."""
    if appointment and state == FulfillmentState.RELEASED:
        return STEP["deliver"]
    return _TAKER.get(state)


def chain_from(name: str) -> tuple[Step, ...]:
    """
    The stages a batch runs through from this one on; the chain ends early where a stage finds nothing ready for the next.

    Release and ship say themselves what is waited for, because it cannot have come before; pack runs although nothing may be packed yet,
    because packing may have begun early.
    """
    first = next(place for place, step in enumerate(STEPS) if step.name == name)
    return STEPS[first:]
