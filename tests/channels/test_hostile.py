"""
Letters of every kind with hostile words in everything that they tell: headers stay as many, pages as they are built, messages one line.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from orderpipe.channels import letters
from orderpipe.channels.email import write_mail
from orderpipe.channels.mime import parse
from orderpipe.channels.samples import FACTS, ORDER, notice
from orderpipe.channels.views import clean
from orderpipe.domain.notices import Order, OrderedLine
from tests import hostile
from tests.channels.test_letters import Elements

HARMLESS = "Zq word"


def written_by(text: str) -> Order:
    """An order of which every free text is this; it still has somebody to write to."""
    person = dict.fromkeys(("name", "company", "phone"), text) | {"email": "ann@customers.example"}
    place = dict.fromkeys(("name", "line1", "line2", "city", "region", "postal_code"), text)
    return replace(
        ORDER, reference=text, customer=person, ship_to=place | {"country": "GB"}, payment_method=text, shop_name=text,
        lines=tuple(OrderedLine(number, text, "goods", text, 1, Decimal("1.5")) for number in (1, 2)),
    )


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where texts stand in these facts."""
    if isinstance(value, str):
        yield path
    parts = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list | tuple) else ()
    for name, part in parts:
        yield from _leaves(part, (*path, name))


def _with(value: Any, path: tuple[Any, ...], text: str) -> Any:
    """The facts with this text there."""
    if not path:
        return text
    if isinstance(value, Mapping):
        return {**value, path[0]: _with(value[path[0]], path[1:], text)}
    return [_with(part, path[1:], text) if place == path[0] else part for place, part in enumerate(value)]


@cache
def free_words(kind: str) -> tuple[tuple[Any, ...], ...]:
    """Where a letter of this kind says whatever stands in its facts; the rest are dates, codes, numbers and links."""
    return tuple(path for path in _leaves(FACTS[kind]) if HARMLESS in _said(kind, _with(FACTS[kind], path, HARMLESS)))


def _said(kind: str, facts: Any) -> str:
    try:
        return letters.render_mail(notice(kind, facts=facts), ORDER).text
    except Exception:  # what has to be a date or a code cannot be a word
        return ""


def filled(kind: str, text: str) -> Any:
    facts: Any = FACTS[kind]
    for path in free_words(kind):
        facts = _with(facts, path, text)
    return facts


def test_facts_that_people_wrote_are_known_as_such() -> None:
    for kind, name in (("case-response", "text"), ("office-low-score", "text"), ("office-withdrawal", "note"), ("amended", "lines"),
                       ("office-unclear-reply", "reply"), ("office-unclear-reply", "subject"), ("office-parked", "error")):
        assert name in {path[0] for path in free_words(kind)}, kind


@pytest.mark.parametrize("kind", FACTS)
def test_nothing_gets_out_of_a_letter(kind: str) -> None:
    plain = _mail(kind, HARMLESS)
    pages = Elements(plain.get_body(("html",)).get_content())
    for name, text in hostile.STORABLE.items():
        mail = _mail(kind, text)
        assert not mail.defects, name
        assert mail.keys() == plain.keys(), name
        assert (mail["To"].addresses[0].addr_spec, len(mail["To"].addresses)) == ("ann@customers.example", 1), name
        assert not {"\r", "\n", "\u202e"} & set(mail["Subject"] + mail["From"] + mail["To"]), name
        page = Elements(mail.get_body(("html",)).get_content())
        assert (set(page.tags) <= set(pages.tags), set(page.links) <= set(pages.links)) == (True, True), name
        assert " ".join(clean(text, 100).split()) in " ".join(page.said.split()) or not free_words(kind) or len(text) > 60, name


@pytest.mark.parametrize("kind", FACTS)
def test_text_messages_stay_one_short_line(kind: str) -> None:
    for name, text in list(hostile.STORABLE.items())[::2]:
        message = letters.render_sms(notice(kind, facts=filled(kind, text), channel="sms"), written_by(text))
        assert len(message.splitlines()) == 1, name
        assert not {"\x1b", "\x00", "\u202e"} & set(message), name
        assert len(message) <= 340, name


def _mail(kind: str, text: str) -> Any:
    told = replace(notice(kind, facts=filled(kind, text)), recipient="ann@customers.example")
    return parse(write_mail(told, written_by(text), default_from="orders@shop.example").content)
