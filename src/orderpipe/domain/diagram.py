"""
The flow as a picture: orders and fulfillments, with the stages on the arrows, what each state may wait for, and the ends.

Drawn from flow.py alone, so the picture cannot say anything that the code does not do.
"""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from orderpipe.flow import (
    APPOINTMENT,
    CANCELABLE,
    ENDS,
    ORDER_ENDS,
    STEPS,
    TRANSITIONS,
    WAITS,
    FulfillmentState,
    IntakeState,
    OrderState,
    State,
    Unit,
    WaitingFor,
)

BEGIN, END = "<!-- flow -->", "<!-- /flow -->"
HEADING = "## The flow"


def mermaid() -> str:
    """The Mermaid source of the picture."""
    lines = [
        "flowchart TB",
        f"    {_name(IntakeState.PENDING)}[/what arrives/]",
        *_group("Order", OrderState, Unit.ORDER),
        *_group("Fulfillment: one or more of each order", FulfillmentState, Unit.FULFILLMENT),
        *_between(),
    ]
    return "\n".join(lines)


def _group(title: str, states: type[OrderState] | type[FulfillmentState], unit: Unit) -> Iterator[str]:
    yield f'    subgraph {unit}s["{title}"]'
    for state in states:
        yield f"        {_node(state)}"
    for step in (step for step in STEPS if step.unit == unit):
        yield f"        {_name(step.takes)} -->|{step.name}| {_name(step.gives)}"
        for end in step.ends:
            yield f"        {_name(step.takes)} -->|{step.name}| {_name(end)}"
    if unit == Unit.FULFILLMENT:
        yield f"        {_name(APPOINTMENT[0])} -->|deliver, of a service| {_name(APPOINTMENT[1])}"
    cancelable = [_name(state) for state in states if state in CANCELABLE or (unit == Unit.ORDER and state not in ORDER_ENDS)]
    yield f"        {' & '.join(cancelable)} -.-> {_name(states.CANCELED)}"
    yield "    end"


def _between() -> Iterator[str]:
    """What leads from one kind of unit to the other."""
    yield f"    {_name(IntakeState.PENDING)} -->|receive| {_name(OrderState.RECEIVED)}"
    yield f"    {_name(IntakeState.PENDING)} -->|receive| {_name(IntakeState.REFUSED)}([refused])"
    yield f"    {_name(OrderState.ALLOCATED)} ==>|planned by allocate| {_name(FulfillmentState.PLANNED)}"
    yield f"    {_name(FulfillmentState.DELIVERED)} ==>|all have ended| {_name(OrderState.PROMISED)}"


def _node(state: State) -> str:
    waits: list[WaitingFor] = [wait for step in STEPS if step.takes == state for wait in step.waits if wait != WaitingFor.PERFORMANCE]
    # only a service waits for its performer, and it is not shipped
    waits += [WaitingFor.PERFORMANCE] if state == APPOINTMENT[0] else []
    label = state.value if not waits else f"{state.value}<br/>may wait for {', '.join(waits)}"
    return f"{_name(state)}([{label}])" if state in ENDS else f'{_name(state)}["{label}"]'


def _name(state: State) -> str:
    kind = {OrderState: "o", FulfillmentState: "f", IntakeState: "i"}[type(state)]
    return f"{kind}_{state.value}"


def section() -> str:
    """The picture with its legend, between the markers."""
    legend = "\n".join(f"- *{reason.value}*: {wait.sentence} (turn: {wait.owner.value})" for reason, wait in WAITS.items())
    note = "Dotted: canceled by customer, shop or office. What a state may wait for:"
    return f"{BEGIN}\n```mermaid\n{mermaid()}\n```\n\n{note}\n\n{legend}\n{END}"


def put_into(text: str) -> str:
    """The text with the picture between its markers; a text without markers gets a section of its own at the end."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if begin and end:
        return f"{before}{section()}{after}"
    return f"{text.rstrip()}\n\n{HEADING}\n\n{section()}\n"


def document() -> dict[str, Any]:
    """The flow for machines: steps, waits, transitions, and the picture."""
    return {
        "steps": [asdict(step) for step in STEPS],
        "waits": {reason: asdict(wait) for reason, wait in WAITS.items()},
        "transitions": sorted([_unit(before), before, after] for before, after in TRANSITIONS),
        "mermaid": mermaid(),
    }


def _unit(state: State) -> Unit:
    return {OrderState: Unit.ORDER, FulfillmentState: Unit.FULFILLMENT, IntakeState: Unit.INTAKE}[type(state)]
