"""
What is written about a question: to the customer with a link that opens this question alone, to the office with how to key the answer in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from orderpipe.domain.decisions import Audience, Tell
from orderpipe.domain.ladder import OnSilence, Plan, Rung
from orderpipe.domain.links import Purpose, Signer
from orderpipe.domain.orders import number_of, public_id
from orderpipe.domain.queries import confirmable, numbered
from orderpipe.store.questions import OpenQuery


@dataclass(frozen=True, slots=True)
class Stationery:
    """What letters are written with: the address of the customers' pages, the keys that seal links, and the instant (UTC)."""

    public_url: str
    signer: Signer
    now: datetime


def link_to(signer: Signer, query_id: int, *, days: int, now: datetime) -> str:
    """The path of the page that asks this question, open for so many days."""
    return f"/q/{signer.sign(Purpose.QUESTION, query_id, now + timedelta(days=days))}"


def letter(one: OpenQuery, rung: Rung, plan: Plan, silent: OnSilence, paper: Stationery) -> Tell | None:
    """What is written when this rung of the ladder is taken; None where nothing is. `silent`: what silence means for this question."""
    nth = f"{one.id}" if one.round == 1 else f"{one.id}:{one.round}"
    match rung:
        case Rung.ASK:
            return Tell("question", _asking(one, plan, silent, paper) | {"again": one.round > 1}, f"question:{nth}")
        case Rung.REMIND:
            return Tell("question-reminder", _asking(one, plan, silent, paper), f"question-reminder:{nth}")
        case Rung.OTHER:
            return Tell("question-reminder", _asking(one, plan, silent, paper), f"question-reminder-other:{nth}", channel=one.other)
        case Rung.CALL | Rung.CALL_AGAIN:
            key = f"office-question-unanswered:{nth}:{paper.now:%Y%m%d}"
            return Tell("office-question-unanswered", _calling(one, plan, silent), key, Audience.OFFICE)
        case _:
            return None


def _asking(one: OpenQuery, plan: Plan, silent: OnSilence, paper: Stationery) -> dict[str, object]:
    link = link_to(paper.signer, one.id, days=one.policy.link_days, now=paper.now)
    return {
        "query_id": public_id("query", one.id), "link": f"{paper.public_url}{link}", "doubts": numbered(one.doubts),
        "answer_until": plan.answer_until, "on_silence": silent if plan.silence_at else OnSilence.WAIT,
    }


def _calling(one: OpenQuery, plan: Plan, silent: OnSilence) -> dict[str, object]:
    query, number = public_id("query", one.id), number_of(one.order_id)
    return {
        "query_id": query, "doubts": one.doubts, "contact": one.contact, "on_silence": silent, "silence_at": plan.silence_at,
        "command": f"orderpipe order answer {number} {' '.join(_option(doubt) for doubt in one.doubts)}",
        "api": f"POST /v1/queries/{query}/answer",
    }


def _option(doubt: Mapping[str, object]) -> str:
    """How the answer to one doubt is keyed in; a whole address by its parts."""
    if confirmable(doubt):
        return f"--confirm {doubt['rule']}"
    parts = ("/line1", "/city", "/postal_code", "/country") if doubt["field"] == "/ship_to" else ("",)
    return " ".join(f"--set {doubt['field']}{part}=…" for part in parts)
