"""
Why an order does not go on: what it waits for, since when, whose turn it is, what happens by itself, and what may be done.

The answer is put together from facts alone, for the order and for each of its fulfillments that is still on its way.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from orderpipe.domain.explain_beside import of_cases, of_delay
from orderpipe.domain.histories import STANDING
from orderpipe.domain.ladder import TASK, OnSilence, Progress, Rung
from orderpipe.domain.orders import fulfillment_number_of, number_of, public_id
from orderpipe.domain.payments import PaymentStatus
from orderpipe.domain.status import Action, actions
from orderpipe.flow import WAITS, FulfillmentState, OrderState, Owner, Unit, WaitingFor, next_step

LATE = timedelta(minutes=2)
"""A unit whose time came this long ago should have been taken up by the clock."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """An open hold: why, since when, and until when its owner has time (UTC)."""

    reason: str
    opened_at: datetime
    deadline: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """
    An order or a fulfillment as it stands; instants UTC.

    `missing` are pieces by SKU: not in stock, or still to be scanned. `word` is the carrier's last one, with the tracking number.
    """

    unit: Unit
    id: int
    state: OrderState | FulfillmentState
    waiting_for: WaitingFor | None
    entered_at: datetime
    next_at: datetime | None
    due_at: datetime | None
    attempts: int = 0
    last_error: str | None = None
    hold: Stopped | None = None
    appointment: bool = False
    missing: Mapping[str, int] = field(default_factory=dict)
    word: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """The open question to the customer, how far it has been followed up, what silence means, and the rules in whose doubt it is."""

    id: int
    progress: Progress
    silent: OnSilence = OnSilence.WAIT
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Beside:
    """A case about the order, in words: its number, what it is about, and where it stands; and the orders that replace each other."""

    number: str
    kind: str
    state: str
    replaced_by: tuple[str, ...] = ()
    replaces: str = ""


@dataclass(frozen=True, slots=True)
class Delayed:
    """
    What is late or at risk: how that stands (`at-risk`, `late`, `told`, `chosen`), why, what was promised at first and what is now.

    Instants UTC; `revised_until` None where no date can be named, `silence` and `answer_until` None before anything was told.
    """

    state: str
    cause: str
    original_until: datetime
    revised_until: datetime | None = None
    silence: str | None = None
    answer_until: datetime | None = None
    chosen: str | None = None
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """All that an answer needs; `decisions` are what the office may decide, `unpaid` is an amount in `currency`."""

    order: Standing
    shop: str
    reference: str
    parts: tuple[Standing, ...] = ()
    question: Asked | None = None
    decisions: tuple[str, ...] = ()
    payment: PaymentStatus = PaymentStatus.UNPAID
    unpaid: Decimal = Decimal(0)
    currency: str = ""
    cases: tuple[Beside, ...] = ()
    delay: Delayed | None = None


def explain(facts: Facts, *, now: datetime) -> dict[str, Any]:
    """The answer as a document; every instant in it is aware and UTC."""
    order = facts.order
    live = [one for one in (order, *facts.parts) if one.next_at is not None]
    return {
        "order": number_of(order.id), "id": public_id("order", order.id), "shop": facts.shop, "reference": facts.reference,
        "state": order.state, "ended_at": None if live else order.entered_at,
        "units": [_unit(one, facts, now) for one in live], "allowed": list(_allowed(facts)) if live else [],
        "cases": [asdict(one) for one in facts.cases],
        "delay": asdict(facts.delay) if facts.delay and live else None,
    }


def _unit(one: Standing, facts: Facts, now: datetime) -> dict[str, Any]:
    waiting = WAITS[one.waiting_for] if one.waiting_for else None
    paused = one.waiting_for in STANDING
    overdue = bool(one.due_at and one.due_at < now) and not paused
    return {
        "unit": one.unit, "number": _number(one), "id": public_id(one.unit, one.id), "state": one.state,
        "waiting_for": one.waiting_for, "sentence": waiting.sentence if waiting else "nothing",
        "since": one.hold.opened_at if one.hold else one.entered_at, "turn": waiting.owner if waiting else Owner.PIPELINE,
        "detail": _detail(one, facts), "last_error": one.last_error, "attempts": one.attempts, "due_at": one.due_at,
        "overdue": overdue, "paused": paused, "silence": _silence(one, facts.question),
        "next": _next(one, facts, now),
    }


def _number(one: Standing) -> str:
    return number_of(one.id) if one.unit == Unit.ORDER else fulfillment_number_of(one.id)


def _detail(one: Standing, facts: Facts) -> str:
    """What exactly is missing."""
    match one.waiting_for:
        case WaitingFor.QUERY if facts.question:
            return f"In doubt: {', '.join(dict.fromkeys(facts.question.rules))}"
        case WaitingFor.QUERY | WaitingFor.OFFICE:
            return one.hold.reason.rstrip(".") if one.hold else ""
        case WaitingFor.STOCK | WaitingFor.PICK_SCANS | WaitingFor.PACK_SCANS:
            return ", ".join(f"{pieces} of {sku}" for sku, pieces in sorted(one.missing.items()))
        case WaitingFor.PAYMENT:
            return f"{facts.unpaid} {facts.currency}"
        case WaitingFor.CARRIER:
            return one.word
        case WaitingFor.FULFILLMENTS:
            return ", ".join(_number(part) for part in facts.parts if part.next_at is not None)
        case _:
            return ""


def _next(one: Standing, facts: Facts, now: datetime) -> dict[str, Any]:
    """What the clock does by itself, and when; `late` when it should have done so already."""
    late = one.next_at is not None and one.next_at < now - LATE
    return {"at": one.next_at, "task": _task(one, facts.question), "what": _what(one, facts.question), "late": late}


def _what(one: Standing, question: Asked | None) -> str:
    """What the task does about a question, "" about anything else."""
    if one.waiting_for != WaitingFor.QUERY or question is None or one.next_at is None:
        return ""
    rung = question.progress.rung(one.next_at)
    return _SILENT[question.silent] if rung == Rung.SILENCE else _RUNG[rung]


def _silence(one: Standing, question: Asked | None) -> dict[str, Any] | None:
    """From when on silence counts, and what it means, where the customer was told so."""
    if one.waiting_for != WaitingFor.QUERY or question is None or question.progress.silence_at is None:
        return None
    return {"at": question.progress.silence_at, "what": _SILENT[question.silent]}


def _task(one: Standing, question: Asked | None) -> str:
    if one.waiting_for == WaitingFor.QUERY and question and one.next_at:
        return TASK[question.progress.rung(one.next_at)]
    task = WAITS[one.waiting_for].task if one.waiting_for else None
    step = next_step(one.state, appointment=one.appointment)
    return task or (step.name if step else "")


def _allowed(facts: Facts) -> Iterator[dict[str, str]]:
    """What may be done now, and how."""
    number = number_of(facts.order.id)
    waits = {one.waiting_for for one in (facts.order, *facts.parts) if one.waiting_for and one.next_at}
    parts = [FulfillmentState(one.state) for one in facts.parts]
    for action in actions(OrderState(facts.order.state), parts, waits, facts.payment):
        match action:
            case Action.CANCEL:
                yield {"action": action, "how": f"orderpipe order cancel {number} --reason customer"}
            case Action.ANSWER if facts.question:
                query = public_id("query", facts.question.id)
                staff = f"staff by `orderpipe order answer {number}` or POST /v1/queries/{query}/answer"
                yield {"action": action, "how": f"the customer by the link in the letter, {staff}"}
            case Action.DECIDE:
                yield {"action": action, "how": f"orderpipe order decide {number} {'|'.join(facts.decisions)}"}
            case Action.PAY:
                yield {"action": action, "how": f"POST /v1/orders/{public_id('order', facts.order.id)}/payments"}
    if facts.delay and facts.delay.options and facts.delay.state in ("told", "chosen"):
        yield {"action": "choose", "how": f"orderpipe delay choose {number} {'|'.join(facts.delay.options)}"}
    yield from _supplies(facts, waits)


def _supplies(facts: Facts, waits: set[WaitingFor]) -> Iterator[dict[str, str]]:
    """The facts from outside that would let it go on."""
    if WaitingFor.STOCK in waits:
        short = [one for one in (facts.order, *facts.parts) if one.waiting_for == WaitingFor.STOCK]
        missing = min((sku for one in short for sku in one.missing), default="SKU")
        how = f"orderpipe stock receive {missing} QUANTITY --shop {facts.shop} --location CODE"
        yield {"action": "receive-stock", "how": how}
    for part in facts.parts:
        unit = public_id("fulfillment", part.id)
        if part.waiting_for in (WaitingFor.PICK_SCANS, WaitingFor.PACK_SCANS):
            yield {"action": "scan", "how": f"POST /v1/fulfillments/{unit}/scans"}
        if part.waiting_for == WaitingFor.PERFORMANCE:
            yield {"action": "perform", "how": f"POST /v1/fulfillments/{unit}/performed"}


def sentences(document: Mapping[str, Any], say: Callable[[datetime], str]) -> list[str]:
    """The answer for people, line by line; `say` puts an instant into words."""
    lines = [f"Order {document['order']} ({document['shop']} {document['reference']}) is {document['state']}."]
    if not document["units"]:
        return [*lines, f"It ended {say(document['ended_at'])}; nothing more happens by itself.", *of_cases(document["cases"])]
    for unit in document["units"]:
        lines += ["", *_of_unit(unit, say)]
    lines += of_cases(document["cases"])
    if document["delay"]:
        lines += ["", *of_delay(document["delay"], say)]
    if document["allowed"]:
        lines += ["", "What may be done now:", *(f"  {one['action']}: {one['how']}" for one in document["allowed"])]
    return lines


def _of_unit(unit: Mapping[str, Any], say: Callable[[datetime], str]) -> Iterator[str]:
    detail = f": {unit['detail']}" if unit["detail"] else ""
    name = "The order itself" if unit["unit"] == Unit.ORDER else f"Fulfillment {unit['number']}"
    if unit["waiting_for"]:
        yield f"{name} is {unit['state']} and waits for {unit['sentence']}{detail}."
        yield f"  Since {say(unit['since'])}; {_TURN[unit['turn']]}."
    else:
        yield f"{name} is {unit['state']} since {say(unit['since'])} and waits for nothing; {unit['next']['task']} takes it next."
    if unit["last_error"]:
        yield f"  Last error: {unit['last_error']}"
    if unit["overdue"]:
        yield f"  Its time target was {say(unit['due_at'])} and is missed."
    if unit["paused"] and unit["due_at"]:
        yield "  Its time targets stand still meanwhile, and move by as much working time."
    if unit["silence"]:
        yield f"  Without an answer by {say(unit['silence']['at'])} {unit['silence']['what']}."
    upcoming = unit["next"]
    if upcoming["late"]:
        late = f"{upcoming['task']} should have looked at it {say(upcoming['at'])}"
        yield f"  {late}: is everything running? See `orderpipe doctor`."
    else:
        what = f" ({upcoming['what']})" if upcoming["what"] else ""
        yield f"  By itself next: {upcoming['task']}, {say(upcoming['at'])}{what}."


_RUNG = {
    Rung.ASK: "the customer is asked", Rung.REMIND: "the customer is reminded",
    Rung.OTHER: "the customer is reminded by the other channel", Rung.CALL: "the office is asked to call",
    Rung.CALL_AGAIN: "the office is asked again to call",
}
_SILENT = {
    OnSilence.CANCEL: "the order is canceled, as the customer was told", OnSilence.PROCEED: "the order goes on as it was placed, as the "
    "customer was told", OnSilence.WAIT: _RUNG[Rung.CALL_AGAIN],
}
_TURN = {
    Owner.PIPELINE: "orderpipe goes on by itself",
    Owner.CUSTOMER: "it is the customer's turn",
    Owner.OFFICE: "it is the office's turn",
    Owner.SHOP: "it is the shop's turn",
    Owner.WAREHOUSE: "it is the warehouse's turn",
    Owner.CARRIER: "it is the carrier's turn",
    Owner.PERFORMER: "it is the performer's turn",
}
