"""
The page on which a customer answers our question, or cancels the order instead.

Whoever has the link may answer, until it expires; an answer is taken when the same checks that asked find it in order.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response

from orderpipe.channels.views import OrderView
from orderpipe.channels.wording import language_of, wording
from orderpipe.domain.orders import public_id
from orderpipe.domain.queries import Answer
from orderpipe.domain.rules import Finding, Severity
from orderpipe.serving.transactions import InWork, Now, Work
from orderpipe.sideflows import duplicates, queries
from orderpipe.sideflows.cancellations import CancelRefused
from orderpipe.sideflows.queries import AlreadyAnswered, AnswerRefused, How, NoSuchQuery, QuestionExpired
from orderpipe.sideflows.question_letters import link_to
from orderpipe.store import checks, link_keys, notifications, policies, questions
from orderpipe.tracking import replies
from orderpipe.tracking.failures import FriendlyRoute, OldLink, UnknownLink
from orderpipe.tracking.forms import Question, Scene, questions_of
from orderpipe.tracking.pages import HEADERS, countries_by_name, note, page
from orderpipe.tracking.posted import InPosted, Posted
from orderpipe.tracking.replies import Problems
from orderpipe.tracking.visits import InVisit, Offer, Visit
from orderpipe.tracking.words import words_of

CUSTOMER = "customer"
"""What the journal calls whoever answers here."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What lies before the customer: the question behind the link, as a form while it is open."""

    token: str
    query: str
    language: str
    order_id: int
    standing: str
    scene: Scene
    questions: tuple[Question, ...]
    lead: str


router = APIRouter(prefix="/q", include_in_schema=False, route_class=FriendlyRoute, default_response_class=HTMLResponse)
from_home = APIRouter(prefix="/t", include_in_schema=False, route_class=FriendlyRoute, default_response_class=HTMLResponse)


def _sheet(token: str, work: InWork, now: Now) -> Sheet:
    """What this link opens. Raises UnknownLink, OldLink."""
    try:
        query_id = queries.behind_link(work.tx, token, now)
    except QuestionExpired as reason:
        raise OldLink("question-expired") from reason
    except NoSuchQuery as reason:
        raise UnknownLink from reason
    asked = questions.asked(work.tx, query_id)
    if asked is None:
        raise UnknownLink
    order = notifications.orders_to_tell_of(work.tx, [asked.order_id])[asked.order_id]
    language = language_of(asked.language)
    said = wording(language, order.time_zone, order.currency)
    scene = Scene(order, OrderView(order, said), said, words_of(language))
    form = questions_of(asked.doubts, scene) if asked.state == "open" else ()
    ended = asked.order_state if asked.order_state in ("canceled", "rejected") else asked.state
    return Sheet(token, public_id("query", query_id), language, asked.order_id, ended, scene, form, _lead(asked, scene))


def _lead(asked: questions.Asked, scene: Scene) -> str:
    """What an answer is for, or by when it is needed and what comes without one."""
    words = scene.words["page"]
    if asked.silence_at is None:
        return str(words["lead"])
    return str(words[f"lead_{asked.on_silence}"].format(until=scene.wording.moment(asked.silence_at)))


InSheet = Annotated[Sheet, Depends(_sheet, scope="function")]


@router.get("/{token}")
def show(sheet: InSheet) -> Response:
    """The question as a form; once it is answered, what became of it."""
    return _form(sheet) if sheet.standing == "open" else _note(sheet, sheet.standing)


@router.post("/{token}")
def take(sheet: InSheet, posted: InPosted, work: InWork, now: Now) -> Response:
    """Take the answer down, or show the form again with what is wrong beside it."""
    if sheet.standing != "open":
        return _back(sheet.token)
    reply = replies.read(posted, sheet.questions, sheet.scene)
    if reply.cancels:
        return _back(f"{sheet.token}/cancel")
    if reply.merges:
        return _merge(sheet, work, now)
    if reply.twice:
        return _form(sheet, posted, replies.said_twice(reply, sheet.scene))
    if reply.says_nothing:
        return _form(sheet, posted, replies.unanswered(sheet.questions, sheet.scene))
    try:
        answered = duplicates.answer(work.tx, sheet.query, reply.answer, by=CUSTOMER, how=How.PAGE, now=now)
    except AnswerRefused as refused:
        return _form(sheet, posted, replies.in_words(refused.problems, sheet.scene))
    except AlreadyAnswered:
        return _back(sheet.token)
    if problems := replies.still_in_doubt(_found(work, sheet.order_id, now), sheet.questions, reply, sheet.scene):
        work.undo()
        return _form(sheet, posted, problems)
    work.hints(answered.hints)
    return _back(sheet.token)


def _merge(sheet: Sheet, work: Work, now: datetime) -> Response:
    """Add the order to the earlier one, and say what has become of it."""
    try:
        answered = duplicates.answer(work.tx, sheet.query, Answer({}, merge=True), by=CUSTOMER, how=How.PAGE, now=now)
    except (AlreadyAnswered, AnswerRefused):
        return _back(sheet.token)
    work.hints(answered.hints, restock=answered.canceled)
    return _note(sheet, "kept-apart" if answered.separate else "merged")


@router.get("/{token}/cancel")
def ask_to_cancel(sheet: InSheet) -> Response:
    """Ask once more before anything is canceled."""
    if sheet.standing != "open":
        return _back(f"../{sheet.token}")
    heading, shop_name = sheet.scene.words["cancel"]["heading"], sheet.scene.view.shop_name
    return page("cancel.html", sheet.language, heading=heading, shop_name=shop_name, order=sheet.scene.view, token=sheet.token)


@router.post("/{token}/cancel")
def cancel(sheet: InSheet, work: InWork, now: Now) -> Response:
    """Cancel the order."""
    try:
        answered = duplicates.answer(work.tx, sheet.query, Answer({}, cancel=True), by=CUSTOMER, how=How.PAGE, now=now)
    except AlreadyAnswered:
        return _back(f"../{sheet.token}")
    except CancelRefused:
        return _note(sheet, "too-late", status=409)
    work.hints(answered.hints)
    return _back(f"../{sheet.token}")


def offered(visit: Visit, work: Work) -> Offer | None:
    """The question, while it is open."""
    asked = next(iter(questions.open_of(work.tx, [visit.order_id])), None)
    return Offer("answer", f"{visit.path}/question", urgent=True) if asked else None


@from_home.get("/{token}/question")
def from_page(visit: InVisit, work: InWork, now: Now) -> Response:
    """From the order's page to its open question, if there still is one."""
    asked = next(iter(questions.open_of(work.tx, [visit.order_id])), None)
    return _back(link_to(link_keys.signer(work.tx, now), asked.id, days=1, now=now) if asked else visit.path)


def _found(work: Work, order_id: int, now: datetime) -> list[Finding]:
    """What the checks find in the order as it is now answered, beyond what is only noted."""
    subject = checks.subjects(work.tx, [order_id], policies.policies(work.tx, now))[0]
    return [one for one in subject.findings() if one.severity != Severity.NOTE]


def _form(sheet: Sheet, posted: Posted | None = None, problems: Problems | None = None) -> Response:
    words, scene, said = sheet.scene.words, sheet.scene, sheet.scene.wording.phrases
    return page(
        "question.html", sheet.language, status=422 if problems else 200, shop_name=scene.view.shop_name,
        heading=words["page"]["heading_one" if len(sheet.questions) == 1 else "heading_more"],
        token=sheet.token, lead=sheet.lead, order=scene.view, questions=sheet.questions, filled=posted or {}, problems=problems or {},
        countries=countries_by_name(sheet.language, scene.order.country),
        methods=list(dict.fromkeys(said["payment"].values())), total_word=said["words"]["total"], colon=said["words"]["colon"],
    )


def _note(sheet: Sheet, kind: str, *, status: int = 200) -> Response:
    return note(kind, sheet.language, status=status, shop_name=sheet.scene.view.shop_name, number=sheet.scene.order.number)


def _back(where: str) -> Response:
    """To the page that says how it stands, so that a reload sends nothing twice."""
    return RedirectResponse(where, 303, HEADERS)
