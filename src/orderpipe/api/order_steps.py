"""
What shop, customer and office do with an order: cancel it, answer a question about it, decide what nobody else can.

Each step is judged by its side flow under the order's lock; a refusal says where the order stands and what may be done.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Path
from pydantic import BaseModel, ConfigDict, Field

from orderpipe.api.auth import ByOffice, ByShop, Caller
from orderpipe.api.once import Document, InOnce, Once
from orderpipe.api.openapi import refusals
from orderpipe.api.orders_out import etag
from orderpipe.api.places import OrderId
from orderpipe.api.problems import Problem, not_found, refused
from orderpipe.domain.orders import UnknownNumber, internal_id, public_id
from orderpipe.domain.queries import Answer
from orderpipe.domain.rules import Override
from orderpipe.intake.refusals import FieldError
from orderpipe.serving.transactions import InWork, Now, Work
from orderpipe.sideflows import cancellations, duplicates, office
from orderpipe.sideflows.cancellations import CancelRefused
from orderpipe.sideflows.office import Decision, DecisionRefused
from orderpipe.sideflows.queries import AlreadyAnswered, AnswerRefused, How, NoSuchQuery, QuestionExpired
from orderpipe.store import order_views, scope
from orderpipe.store.shops import Role

router = APIRouter(prefix="/v1", tags=["Orders"])
CANCEL_REASONS = Literal["customer", "fraud", "inventory", "declined", "staff", "other"]
_Text = Annotated[str, Field(max_length=5_000, pattern=r"^[^\x00]*$")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Cancellation(_Body):
    """Why an order is canceled."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "customer"}]})

    reason: CANCEL_REASONS = "other"


class CanceledTold(BaseModel):
    """What was canceled."""

    order: str
    whole: bool = Field(description="False where something was packed already and goes on its way.")
    fulfillments: list[str]


class GivenAnswer(_Body):
    """The answer to a question: corrections by JSON pointer, what is right as it stands, or the end of it all."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"changes": {"/customer/name": "Ann Ok"}}]})

    changes: dict[Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")], _Text | int | dict[str, _Text] | None] = Field(
        default_factory=dict, max_length=2_000,
        description="New values by JSON pointer into the order, as the doubts name them; null for a line takes it away.",
    )
    confirmed: list[Annotated[str, Field(max_length=100)]] = Field(
        default_factory=list, max_length=100,
        description="Rules whose finding is right as it stands, such as totals-differ; with a pointer behind the rule, only there.",
    )
    cancel: bool = Field(False, description="The customer no longer wants the order.")
    merge: bool = Field(False, description="Its lines are to be added to the earlier order that it is so like.")


class KeyedIn(GivenAnswer):
    """An answer as staff keys it in."""

    how: Literal[How.API, How.PHONE, How.EMAIL] = Field(How.API, description="By which way the customer said it; kept with the question.")


class AnsweredTold(BaseModel):
    """What the answer led to."""

    order: str
    canceled: bool
    earlier: str | None = Field(None, description="The number of the order that it is the same as, or was added to.")
    separate: bool = Field(False, description="It could not be added to the earlier order and goes on by itself.")


class GivenDecision(_Body):
    """What the office decides."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"decision": "resume"}]})

    decision: Decision


class DecidedTold(BaseModel):
    """What was decided."""

    order: str
    decision: Decision


IfMatch = Annotated[str | None, Header(description="The order's ETag: do it only if nothing has happened since.")]


@router.post(
    "/orders/{order}/cancel", summary="Cancel an order", response_model=CanceledTold, responses=refusals(403, 404, 409, 412, 422)
)
def cancel_order(
    order_id: OrderId, given: Cancellation, caller: ByShop, once: InOnce, if_match: IfMatch = None
) -> Any:
    """Everything that is not packed yet is canceled, its stock goes back at once, and the customer is told."""
    return once.do(caller.shop_id, given.model_dump_json(), lambda: _cancel(once, order_id, given, caller, if_match))


def _cancel(once: Once, order_id: int, given: Cancellation, caller: Caller, if_match: str | None) -> Document:
    work = once.work
    lock(work, caller.shop_id, order_id, if_match)
    try:
        canceled = cancellations.cancel(work.tx, order_id, reason=given.reason, by=caller.by, now=once.now)
    except CancelRefused as refusal:
        raise refused(refusal, state=refusal.state, allowed=refusal.allowed, code="cannot-cancel") from None
    work.hints(canceled.hints, restock=canceled.stock_freed)
    parts = [public_id("fulfillment", one) for one in canceled.fulfillment_ids]
    return {"order": public_id("order", order_id), "whole": canceled.whole, "fulfillments": parts}


@router.post(
    "/orders/{order}/decisions", summary="Decide for the office", response_model=DecidedTold, tags=["Office"],
    responses=refusals(403, 404, 409, 412, 422),
)
def decide(order_id: OrderId, given: GivenDecision, caller: ByOffice, once: InOnce, if_match: IfMatch = None) -> Any:
    """For orders that wait for the office: go on, send again what was lost, close it as it is, or cancel."""
    return once.do(caller.shop_id, given.model_dump_json(), lambda: _decide(once, order_id, given, caller, if_match))


def _decide(once: Once, order_id: int, given: GivenDecision, caller: Caller, if_match: str | None) -> Document:
    work = once.work
    lock(work, caller.shop_id, order_id, if_match)
    try:
        decided = office.decide(work.tx, order_id, given.decision, by=caller.by, now=once.now)
    except (DecisionRefused, CancelRefused) as refusal:
        raise refused(refusal, state=refusal.state, allowed=refusal.allowed, code="decision-does-not-fit") from None
    work.hints(decided.hints, restock=given.decision == Decision.CANCEL)
    return {"order": public_id("order", order_id), "decision": decided.decision}


@router.post(
    "/queries/{query}/answer", summary="Answer a question for the customer", response_model=AnsweredTold, tags=["Questions"],
    responses=refusals(403, 404, 409, 422),
)
def answer_query(
    query: Annotated[str, Path(max_length=40, examples=["qry_000000000001"])], given: KeyedIn, caller: ByShop, once: InOnce
) -> Any:
    """What staff was told, by telephone for instance. The answer is checked like an order, which then goes on."""
    try:
        shop_id = order_views.shop_of_question(once.work.tx, internal_id("query", query))
    except UnknownNumber:
        shop_id = None
    if shop_id != caller.shop_id:
        raise not_found("question")
    right = Override.OFFICE if caller.role == Role.OFFICE else Override.CUSTOMER
    return once.do(
        caller.shop_id, given.model_dump_json(),
        lambda: _answer(once.work, query, given, by=caller.by, how=given.how, now=once.now, right=right),
    )


@router.post(
    "/answers/{token}", summary="Answer a question by the link in the letter", response_model=AnsweredTold, tags=["Questions"],
    responses={status: problem for status, problem in refusals(404, 409, 410, 422).items() if status != 401},
)
def answer_by_token(
    token: Annotated[str, Path(min_length=20, max_length=100, pattern=r"^[A-Za-z0-9_-]+$")], given: GivenAnswer, work: InWork, now: Now
) -> dict[str, Any]:
    """No key is needed: the token in the customer's link is the right to answer."""
    return _answer(work, token, given, by="customer", how=How.PAGE, now=now)


def _answer(
    work: Work, query: str, given: GivenAnswer, *, by: str, how: How, now: datetime, right: Override = Override.CUSTOMER
) -> dict[str, Any]:
    answer = Answer(given.changes, frozenset(given.confirmed), given.cancel, given.merge)
    try:
        answered = duplicates.answer(work.tx, query, answer, by=by, how=how, now=now, right=right)
    except QuestionExpired as refusal:
        raise Problem(410, "link-expired", str(refusal)) from None
    except NoSuchQuery:
        raise not_found("question") from None
    except AlreadyAnswered as refusal:
        raise refused(refusal, code="already-answered") from None
    except AnswerRefused as refusal:
        errors = [FieldError(one.pointer, one.detail, one.code) for one in refusal.problems]
        raise Problem(422, "answer-refused", "The answer cannot be taken as it is.", errors=errors) from None
    except CancelRefused as refusal:
        raise refused(refusal, state=refusal.state, allowed=refusal.allowed, code="cannot-cancel") from None
    work.hints(answered.hints, restock=answered.canceled)
    return {
        "order": public_id("order", answered.order_id), "canceled": answered.canceled, "earlier": answered.earlier or None,
        "separate": answered.separate,
    }


def lock(work: Work, shop_id: int, order_id: int, if_match: str | None) -> None:
    """Lock the shop's order, so that what If-Match says holds until the commit."""
    if not scope.lock_orders_of(work.tx, shop_id, {order_id}):
        raise not_found("order")
    if if_match is None or if_match.strip() == "*":
        return
    tag = etag(order_views.last_seq(work.tx, shop_id, order_id) or 0)
    if tag not in if_match:
        raise Problem(412, "changed-meanwhile", f"Something has happened to the order since; its ETag is {tag} now.")
