"""
A question as a form: what is asked, the fields that may answer it, and the answers that need only a tap.

Which fields an answer may change is said by the rules alone; here they get a name and a kind of input.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from orderpipe.channels.questions import bare_question_of, field_name, have_of, proposals_of
from orderpipe.channels.views import OrderView, clean
from orderpipe.channels.wording import Wording
from orderpipe.domain.notices import Order
from orderpipe.domain.queries import AS_PROPOSED, answerable, confirmable
from orderpipe.tracking.words import Words

ADDRESS = "/ship_to"
OTHER = "other"
"""The choice that says: see what I wrote."""

_KINDS = {
    "email": "email", "phone": "tel", "quantity": "number", "total": "money", "country": "country", "description": "words",
    "payment_method": "payment", "requested_on": "date",
}
_AUTOCOMPLETE = {
    "name": "name", "email": "email", "phone": "tel", "line1": "address-line1", "line2": "address-line2", "city": "address-level2",
    "region": "address-level1", "postal_code": "postal-code", "country": "country",
}
_OPTIONAL = frozenset({"/ship_to/name", "/ship_to/line2", "/ship_to/region"})


@dataclass(frozen=True, slots=True)
class Field:
    """One input, named by the JSON pointer of what it changes; `current` is what the order says now."""

    pointer: str
    label: str
    kind: str
    current: str = ""
    autocomplete: str = "off"
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """An answer that needs only a tap: what it changes, the rule (and where) whose finding it confirms, or what becomes of it all."""

    value: str
    label: str
    changes: Mapping[str, object] = field(default_factory=dict)
    confirms: str = ""
    cancels: bool = False
    merges: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """One thing asked, with the pointers it is about."""

    name: str
    text: str
    about: tuple[str, ...]
    fields: tuple[Field, ...]
    choices: tuple[Choice, ...]

    @property
    def place_of_problems(self) -> str:
        """Beside what it is said that this is unanswered: the only field there is, or else the whole question."""
        return self.fields[0].pointer if len(self.fields) == 1 and len(self.choices) < 2 else self.name

    def asks_about(self, pointer: str) -> bool:
        """Whether a finding at this pointer is still this question."""
        return any(pointer == one or pointer.startswith(f"{one}/") for one in self.about)


@dataclass(frozen=True, slots=True)
class Scene:
    """The order a question is about, and how this customer's language says things."""

    order: Order
    view: OrderView
    wording: Wording
    words: Words


def questions_of(doubts: Sequence[Mapping[str, Any]], scene: Scene) -> tuple[Question, ...]:
    """The form for these doubts; what is wrong with the address is one question, and no field stands in two."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for doubt in (clean(one) for one in doubts):
        groups.setdefault(ADDRESS if _at(doubt).startswith(ADDRESS) else f"{doubt['rule']} {_at(doubt)}", []).append(doubt)
    taken: set[str] = set()
    questions = []
    for place, group in enumerate(groups.values(), 1):
        question = _question(f"question-{place}", group, scene)
        questions.append(replace(question, fields=tuple(one for one in question.fields if one.pointer not in taken)))
        taken |= {one.pointer for one in question.fields}
    return tuple(questions)


def _question(name: str, group: Sequence[Mapping[str, Any]], scene: Scene) -> Question:
    order, wording = scene.order, scene.wording
    asked = group[0] if len(group) == 1 else {"rule": "address-missing", "field": ADDRESS, "have": clean(order.ship_to)}
    pointers = [pointer for doubt in group for pointer in answerable(str(doubt["rule"]), _at(doubt), len(order.lines))]
    choices = tuple(one for doubt in group for one in _choices(doubt, pointers, scene))
    fields = tuple(_field(pointer, scene) for pointer in _ordered(pointers, scene.words) if _is_written(pointer))
    if fields and len(choices) > 1:
        label = "other_total" if group[0]["rule"] == "totals-differ" else "other"
        choices += (Choice(OTHER, scene.words["choices"][label]),)
    return Question(name, bare_question_of(asked, scene.view, wording), tuple(map(_at, group)), fields, choices)


def address_fields(scene: Scene) -> tuple[Field, ...]:
    """The parts of an address as this language writes it, filled in as the order has them."""
    place = scene.order.ship_to or {}
    pointers = (f"{ADDRESS}/{part}" for part in scene.words["address_order"])
    return tuple(replace(_field(one, scene), current=str(clean(place.get(one.rpartition("/")[2], "")))) for one in pointers)


def _ordered(pointers: Sequence[str], words: Words) -> list[str]:
    """The pointers, an address as this language writes it."""
    parts = [f"{ADDRESS}/{part}" for part in words["address_order"]]
    return sorted(dict.fromkeys(pointers), key=lambda pointer: parts.index(pointer) if pointer in parts else -1)


def _choices(doubt: Mapping[str, Any], pointers: Sequence[str], scene: Scene) -> Iterator[Choice]:
    said, rule, have = scene.words["choices"], str(doubt["rule"]), have_of(doubt, scene.wording)
    if _at(doubt) != "/ship_to/country":  # its proposals stand at the head of the list of countries
        for place, (value, words) in enumerate(zip(doubt.get("proposals") or (), proposals_of(doubt, scene.wording), strict=True)):
            label = said["take"].get(rule, "{proposal}").format(proposal=words)
            yield Choice(f"proposal-{place}", label, {_at(doubt): value})
    if rule in said["nothing"]:
        yield Choice("nothing", said["nothing"][rule], {_at(doubt): None})
    if confirmable(doubt):
        yield Choice("confirm", said["right"].get(rule, said["confirm"]).format(have=have), confirms=f"{rule} {_at(doubt)}")
    if rule in said["merge"]:
        yield Choice("merge", said["merge"][rule], merges=True)
    if rule in said["cancel"]:
        yield Choice("cancel", said["cancel"][rule], cancels=True)
    for pointer in pointers:
        if _is_line(pointer) and len(scene.order.lines) > 1:
            yield Choice("remove", said["remove"], {pointer: None})


def _field(pointer: str, scene: Scene) -> Field:
    part = pointer.rpartition("/")[2]
    return Field(
        pointer,
        _label(pointer, part, scene),
        _KINDS.get(part, "text"),
        _current(pointer, part, scene.order),
        _AUTOCOMPLETE.get(part, "off") if pointer.startswith((ADDRESS, "/customer")) else "off",
        pointer in _OPTIONAL,
    )


def _label(pointer: str, part: str, scene: Scene) -> str:
    labels = scene.words["labels"]
    if part == "quantity" and (line := scene.view.line_at(int(pointer.split("/")[2]))) and line.unit_price is not None:
        item = scene.view.item_name(line.number)
        return str(scene.words["page"]["each"].format(item=item, price=scene.wording.money(line.unit_price)))
    named = labels.get("ship_to.name") if pointer == "/ship_to/name" else labels.get(part)
    return str(named or field_name(pointer, scene.wording))


def _current(pointer: str, part: str, order: Order) -> str:
    """What stands there and only has to be corrected: a piece count or an item number; anything else is written anew."""
    if part not in ("sku", "quantity"):
        return ""
    value = getattr(order.lines[int(pointer.split("/")[2])], part)
    return "" if part == "quantity" and value <= 0 else str(clean(str(value)))


def _is_written(pointer: str) -> bool:
    """Whether an answer is written into a field of its own."""
    return pointer != ADDRESS and not _is_line(pointer) and not pointer.endswith(AS_PROPOSED)


def _is_line(pointer: str) -> bool:
    return pointer.startswith("/lines/") and pointer.count("/") == 2


def _at(doubt: Mapping[str, Any]) -> str:
    return str(doubt.get("field", ""))
