"""
What a customer sent back with the form: read as an answer, and everything wrong with it said in the customer's words.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from orderpipe.channels.questions import question_of
from orderpipe.domain.queries import Answer, Problem
from orderpipe.domain.rules import Finding
from orderpipe.tracking.forms import OTHER, Choice, Question, Scene
from orderpipe.tracking.posted import Posted

Problems = Mapping[str, str]
"""What is wrong, in words, by the name of the question or field it stands beside."""


@dataclass(slots=True)
class Reply:
    """What was sent back: the new values, what was confirmed, what is to become of it all, and where somebody said two things at once."""

    changes: dict[str, object] = field(default_factory=dict)
    confirmed: set[str] = field(default_factory=set)
    cancels: bool = False
    merges: bool = False
    twice: list[str] = field(default_factory=list)

    @property
    def answer(self) -> Answer:
        """The answer as the rules take it."""
        return Answer(self.changes, frozenset(self.confirmed))

    @property
    def says_nothing(self) -> bool:
        """Whether the form came back as it went out."""
        return not self.changes and not self.confirmed


def read(posted: Posted, questions: Sequence[Question], scene: Scene) -> Reply:
    """The reply; a field left as it was, or empty, says nothing."""
    reply = Reply()
    for question in questions:
        written = _written(posted, question, scene)
        chosen = _chosen(posted, question)
        if chosen and written:
            reply.twice.append(question.name)
        reply.changes |= written if chosen is None else chosen.changes
        if chosen and chosen.confirms:
            reply.confirmed.add(chosen.confirms)
        reply.cancels |= bool(chosen and chosen.cancels)
        reply.merges |= bool(chosen and chosen.merges)
    return reply


def _chosen(posted: Posted, question: Question) -> Choice | None:
    value = posted.get(question.name)
    return next((one for one in question.choices if one.value == value and value != OTHER), None)


def _written(posted: Posted, question: Question, scene: Scene) -> dict[str, object]:
    written: dict[str, object] = {}
    for one in question.fields:
        value = posted.get(one.pointer, "").strip()
        if value and value != one.current:
            written[one.pointer] = _as_rules_take_it(value, one.kind, scene)
    return written


def _as_rules_take_it(value: str, kind: str, scene: Scene) -> str:
    """Numbers as people type them, and ways to pay as we call them; anything else as it was written."""
    if kind in ("number", "money"):
        plain = as_number(value)
        return plain.replace(",", ".") if kind == "money" and "." not in plain else plain
    if kind == "payment":
        methods: Mapping[str, str] = scene.wording.phrases["payment"]
        return next((code for code, words in methods.items() if words.casefold() == value.casefold()), value)
    return value


def as_number(value: str) -> str:
    """A number as people type it, with the digits and signs of a plain one."""
    return unicodedata.normalize("NFKC", value).strip(" \u00a0€$£¥元")


def in_words(refused: Iterable[Problem], scene: Scene) -> Problems:
    """Why the rules did not take the answer, beside the fields."""
    said = scene.words["problems"]
    return {one.pointer: said.get(one.code, said["other"]) for one in refused}


def said_twice(reply: Reply, scene: Scene) -> Problems:
    """Which questions were answered in two ways at once."""
    return dict.fromkeys(reply.twice, scene.words["problems"]["twice"])


def unanswered(questions: Sequence[Question], scene: Scene) -> Problems:
    """Every question, because none was answered."""
    return {question.place_of_problems: scene.words["problems"]["unanswered"] for question in questions}


def still_in_doubt(found: Sequence[Finding], questions: Sequence[Question], reply: Reply, scene: Scene) -> Problems:
    """What was asked and is in doubt even after the answer; what is in doubt for the first time is asked in another message."""
    problems: dict[str, str] = {}
    for finding in found:
        pointer = _as_asked(finding.field, reply, scene)
        question = next((one for one in questions if one.asks_about(pointer)), None)
        if question is None:
            continue
        place = pointer if any(one.pointer == pointer for one in question.fields) else question.place_of_problems
        tried = any(one.pointer in reply.changes for one in question.fields)
        doubt: dict[str, Any] = {**finding.doubt, "field": pointer}
        problems[place] = question_of(doubt, scene.view, scene.wording) if tried else scene.words["problems"]["unanswered"]
    return problems


def _as_asked(pointer: str, reply: Reply, scene: Scene) -> str:
    """The pointer as the form counts lines: those that the reply leaves out are counted there."""
    parts = pointer.split("/")
    if parts[1] != "lines" or len(parts) < 3:
        return pointer
    kept = [place for place in range(len(scene.order.lines)) if reply.changes.get(f"/lines/{place}", "") is not None]
    parts[2] = str(kept[int(parts[2])])
    return "/".join(parts)
