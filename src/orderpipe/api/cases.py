"""
Cases over HTTP: opened, listed, and taken step by step to their end; a refused step says where the case stands.
"""

import secrets
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from orderpipe.api.auth import ByOffice, ByShop, Caller
from orderpipe.api.case_documents import CASE_EXAMPLE, CaseTold, ReturnTold, WholeCaseTold, return_told, told, told_whole
from orderpipe.api.fields import Amount, Part, Text, Word
from orderpipe.api.once import InOnce, Once
from orderpipe.api.openapi import refusals
from orderpipe.api.places import Cursor, Limit, OrderId, order_in, page, row_behind
from orderpipe.api.problems import Problem, not_found, refused
from orderpipe.domain.cases import CaseRefused, Cause, Channel, Kind, Outcome, Pieces, Severity, State, case_id_of
from orderpipe.domain.orders import UnknownNumber, internal_id
from orderpipe.domain.remedies import Remedy, RemedyKind, RemedyRefused
from orderpipe.domain.returns import ReturnRefused
from orderpipe.intake.refusals import FieldError
from orderpipe.serving.transactions import InWork, Now, Work
from orderpipe.sideflows import cases, returns
from orderpipe.sideflows.cases import Assessment, Done
from orderpipe.sideflows.cases import Word as WordSaid
from orderpipe.sideflows.office import DecisionRefused
from orderpipe.store import cases as case_store
from orderpipe.store import scope
from orderpipe.store.case_opening import Opening
from orderpipe.store.cases import Wanted
from orderpipe.store.shops import Role

router = APIRouter(prefix="/v1", tags=["Cases"])


class PiecesGiven(Part):
    """Pieces of one order line."""

    number: int = Field(ge=1, le=32_000, description="The order line's number.")
    quantity: int = Field(ge=1, le=1_000_000)


class CaseOpened(Part):
    """What the customer says."""

    model_config = ConfigDict(json_schema_extra={"examples": [
        {"kind": "claim", "cause": "damaged", "text": "One mug came in pieces.", "lines": [{"number": 1, "quantity": 1}]},
    ]}, strict=False)

    kind: Kind
    text: Text = Field("", description="The customer's own words; kept exactly.")
    cause: Cause = Cause.OTHER
    lines: list[PiecesGiven] = Field(default_factory=list, max_length=1_000, description="What it is about, where that is known.")
    severity: Severity = Severity.NORMAL
    hold: bool = Field(False, description="Stop what is not packed of the order until the case is answered.")


class CaseAssessed(Part):
    """How much it weighs and who looks after it; what is left out stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"severity": "high", "owner": "Olga", "cause": "damaged"}]}, strict=False)

    severity: Severity | None = None
    owner: Word | None = None
    cause: Cause | None = None
    kind: Kind | None = None


class CaseInvestigated(Part):
    """What was found out; for staff only."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"note": "Packed too loosely at table 2."}]})

    note: Text


class RemedyGiven(Part):
    """One remedy."""

    model_config = ConfigDict(strict=False)

    kind: RemedyKind
    amount: Amount | None = Field(None, description="Of a refund or credit, in the order's currency.", examples=["12.50"])
    lines: list[PiecesGiven] = Field(default_factory=list, max_length=1_000, description="Of a replacement; default: the case's own.")


class CaseAnswered(Part):
    """Our answer and what we do; all of it or nothing."""

    model_config = ConfigDict(json_schema_extra={"examples": [
        {"text": "We are sorry. A new mug is on its way.", "remedies": [{"kind": "replacement"}, {"kind": "apology"}]},
    ]}, strict=False)

    text: Text = Field(min_length=1)
    remedies: list[RemedyGiven] = Field(default_factory=list, max_length=20)


class CaseClosed(Part):
    """How it ended."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"outcome": "resolved"}]}, strict=False)

    outcome: Outcome
    cause: Cause | None = None


class MessageGiven(Part):
    """A word to the customer, of the customer, or (note) among staff."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"text": "Could you send us a picture?"}]})

    text: Text = Field(min_length=1)
    note: bool = False
    from_customer: bool = Field(False, description="The customer said it; an answered case is taken up again.")


class ReturnGiven(Part):
    """What may come back."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"lines": [{"number": 1, "quantity": 1}]}]})

    lines: list[PiecesGiven] = Field(min_length=1, max_length=1_000)


class CasePage(BaseModel):
    """Cases, the oldest first."""

    data: list[CaseTold]
    next_cursor: str | None


class Filters(BaseModel):
    """Which cases are wanted."""

    state: State | None = None
    kind: Kind | None = None
    order: str = Field("", max_length=40, description="Only of this order: its id or number.")
    late: bool = Field(False, description="Only those of which a clock has run out.")


def _case(
    case: Annotated[str, Path(max_length=40, description="The case's id or number.", examples=[CASE_EXAMPLE])], work: InWork, caller: ByShop
) -> int:
    try:
        found = internal_id("case", case) if case.startswith("cas_") else case_id_of(case)
    except UnknownNumber:
        raise not_found("case") from None
    owner = case_store.order_of(work.tx, found)
    if owner is None or owner[0] != caller.shop_id:
        raise not_found("case")
    return found


CaseId = Annotated[int, Depends(_case)]
_STEP = refusals(403, 404, 409, 422)


@router.post("/orders/{order}/cases", summary="Open a case", response_model=CaseTold, status_code=201, responses=refusals(403, 404, 422))
def open_case(order_id: OrderId, given: CaseOpened, caller: ByShop, once: InOnce) -> Any:
    """What a customer said is taken down; the customer gets its number and until when we answer."""
    return once.do(caller.shop_id, given.model_dump_json(), lambda: _open(once, order_id, given, caller))


def _open(once: Once, order_id: int, given: CaseOpened, caller: Caller) -> dict[str, Any]:
    if not scope.owns(once.work.tx, caller.shop_id, order_id):
        raise not_found("order")
    opening = Opening(
        order_id, given.kind, given.text, f"api:{secrets.token_hex(16)}", given.cause, _pieces(given.lines), caller.by,
        Channel.STAFF if caller.role == Role.OFFICE else Channel.API, given.hold, given.severity,
    )
    try:
        opened = cases.open_case(once.work.tx, opening, now=once.now)
    except RemedyRefused as reason:
        raise Problem(422, "pieces", str(reason), errors=[FieldError("/lines", str(reason), reason.code)]) from None
    return told(case_store.of_ids(once.work.tx, [opened.case_id])[opened.case_id])


@router.get("/cases", summary="List cases", response_model=CasePage, responses=refusals(403, 422))
def list_cases(
    caller: ByShop, work: InWork, now: Now, filters: Annotated[Filters, Query()], cursor: Cursor = "", limit: Limit = 100
) -> dict[str, Any]:
    """The oldest first."""
    order_id = order_in(filters.order) if filters.order else None
    wanted = Wanted(filters.state, filters.kind, order_id, late_at=now if filters.late else None)
    rows = case_store.listed(work.tx, caller.shop_id, wanted, after=row_behind(cursor), limit=limit + 1)
    return page(rows, limit, show=told, cursor=lambda one: str(one.id))


@router.get("/cases/{case}", summary="One case", response_model=WholeCaseTold, responses=refusals(403, 404))
def show_case(case_id: CaseId, work: InWork) -> dict[str, Any]:
    """Where it stands, with what was written, what comes back, and what is paid back."""
    return told_whole(work.tx, case_store.of_ids(work.tx, [case_id])[case_id])


@router.post("/cases/{case}/acknowledge", summary="Take a case up", response_model=CaseTold, responses=_STEP)
def acknowledge(case_id: CaseId, caller: ByOffice, once: InOnce) -> Any:
    """Somebody looks after it: the first clock stops, and the customer is told."""
    return _step(once, caller, "", lambda: cases.acknowledge(once.work.tx, case_id, by=caller.by, now=once.now))


@router.post("/cases/{case}/assess", summary="Assess a case", response_model=CaseTold, responses=_STEP)
def assess(case_id: CaseId, given: CaseAssessed, caller: ByOffice, once: InOnce) -> Any:
    """How much it weighs, what caused it, and who looks after it."""
    found = Assessment(given.severity, given.owner, given.cause, given.kind)
    return _step(once, caller, given.model_dump_json(), lambda: cases.assess(once.work.tx, case_id, found, by=caller.by, now=once.now))


@router.post("/cases/{case}/investigate", summary="Investigate a case", response_model=CaseTold, responses=_STEP)
def investigate(case_id: CaseId, given: CaseInvestigated, caller: ByOffice, once: InOnce) -> Any:
    """What was found out; the customer hears only that we look into it."""
    return _step(
        once, caller, given.model_dump_json(), lambda: cases.investigate(once.work.tx, case_id, given.note, by=caller.by, now=once.now)
    )


@router.post("/cases/{case}/respond", summary="Answer a case", response_model=CaseTold, responses=_STEP)
def respond(case_id: CaseId, given: CaseAnswered, caller: ByOffice, once: InOnce) -> Any:
    """The customer gets our answer, and the remedies are set going: a replacement, a parcel sent again, money, an apology."""
    chosen = [Remedy(one.kind, Decimal(one.amount) if one.amount else None, _pieces(one.lines)) for one in given.remedies]
    return _step(
        once, caller, given.model_dump_json(),
        lambda: cases.respond(once.work.tx, case_id, given.text, chosen, by=caller.by, now=once.now),
    )


@router.post("/cases/{case}/close", summary="Close a case", response_model=CaseTold, responses=_STEP)
def close(case_id: CaseId, given: CaseClosed, caller: ByOffice, once: InOnce) -> Any:
    """Say how it ended; an answered case also closes by itself."""
    return _step(
        once, caller, given.model_dump_json(),
        lambda: cases.close(once.work.tx, case_id, given.outcome, cause=given.cause, by=caller.by, now=once.now),
    )


@router.post("/cases/{case}/messages", summary="Write on a case", response_model=CaseTold, responses=_STEP)
def write(case_id: CaseId, given: MessageGiven, caller: ByShop, once: InOnce) -> Any:
    """To the customer, who gets it as a letter; of the customer; or a note among staff."""
    said = WordSaid(
        given.text, cases.CUSTOMER if given.from_customer else caller.by, Channel.STAFF if caller.role == Role.OFFICE else Channel.API,
        caller.by, note=given.note,
    )
    return _step(once, caller, given.model_dump_json(), lambda: cases.say(once.work.tx, case_id, said, now=once.now))


@router.post(
    "/cases/{case}/returns", summary="Authorise a return", response_model=ReturnTold, status_code=201, responses=_STEP
)
def authorise(case_id: CaseId, given: ReturnGiven, caller: ByShop, once: InOnce) -> Any:
    """These pieces may come back; the customer gets the return number and the label."""
    def step() -> dict[str, Any]:
        try:
            return return_told(returns.authorise(once.work.tx, case_id, _pieces(given.lines), by=caller.by, now=once.now))
        except CaseRefused as refusal:
            raise _not_now(refusal) from None
        except ReturnRefused as refusal:
            raise refused(refusal, code=refusal.code) from None

    return once.do(caller.shop_id, given.model_dump_json(), step)


def _step(once: Once, caller: Caller, body: str, step: Callable[[], Done]) -> Any:
    return once.do(caller.shop_id, body, lambda: _taken(once.work, step))


def _taken(work: Work, step: Callable[[], Done]) -> dict[str, Any]:
    try:
        done = step()
    except (CaseRefused, DecisionRefused) as refusal:
        raise _not_now(refusal) from None
    except RemedyRefused as reason:
        pointer = f"/remedies/{reason.place}"
        raise Problem(422, "remedy-does-not-fit", str(reason), errors=[FieldError(pointer, str(reason), reason.code)]) from None
    work.hints(done.hints)
    return told(done.case)


def _not_now(refusal: CaseRefused | DecisionRefused) -> Problem:
    return refused(refusal, state=refusal.state, allowed=refusal.allowed, code="step-does-not-fit")


def _pieces(lines: Sequence[PiecesGiven]) -> tuple[Pieces, ...]:
    return tuple(Pieces(one.number, one.quantity) for one in lines)
