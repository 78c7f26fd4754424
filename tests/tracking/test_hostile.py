"""
Whatever customers, shops and carriers wrote, the customers' pages keep it as it was and show it as words, never as anything else.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text as sql

from orderpipe.channels.views import clean
from orderpipe.domain.case_terms import Terms
from orderpipe.domain.cases import Cause, Kind, Pieces, paragraphs
from orderpipe.domain.orders import Contact, internal_id, public_id
from orderpipe.sideflows import cases, returns
from orderpipe.store import case_terms, shops
from orderpipe.store.case_opening import Opening
from orderpipe.store.metadata import as_json
from tests import hostile
from tests.floor import Floor
from tests.late import until, waiting
from tests.needs import REPOSITORY
from tests.tracking.forms import Page
from tests.tracking.scenes import path_of
from tests.tracking.test_answering import doubtful
from tests.tracking.test_in_chromium import address, chromium

__all__ = ["address"]
TEMPLATES = REPOSITORY / "src" / "orderpipe" / "tracking" / "templates"
HARMLESS = "Zq word"

Posts = Callable[[Floor, TestClient, str], object]
"""Writes a text into a field of a page, as a browser sends it; gives what was kept."""


def _form(browser: TestClient, path: str, written: dict[str, str]) -> str:
    """Where the form leads, filled in so."""
    fields = Page(browser.get(path).text).fields | written
    answer = browser.post(path.partition("?")[0], data=fields, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


def _last_word(floor: Floor) -> object:
    return floor.value("SELECT body FROM case_message ORDER BY id DESC LIMIT 1")


def _complain(floor: Floor, browser: TestClient, text: str) -> object:
    _form(browser, f"{_home(floor)}/problem?cause=other", {"text": text})
    return _last_word(floor)


def _add(floor: Floor, browser: TestClient, text: str) -> object:
    case = browser.get(f"{_home(floor)}").text.partition(f'href="{_home(floor)}/cases/')[2].partition('"')[0]
    _form(browser, f"{_home(floor)}/cases/{case}", {"text": text})
    return _last_word(floor)


def _send_back(floor: Floor, browser: TestClient, text: str) -> object:
    _form(browser, f"{_home(floor)}/return", {"cause": "changed-mind", "pieces-1": "1", "text": text})
    return _last_word(floor)


def _rate(floor: Floor, browser: TestClient, text: str) -> object:
    _form(browser, f"{_home(floor)}/rate", {"score": "4", "comment": text})
    return floor.value("SELECT comment FROM feedback")


def _withdraw(floor: Floor, browser: TestClient, text: str) -> object:
    order_id = floor.delivered()
    _form(browser, f"{path_of(floor, order_id)}/withdraw", {"note": text})
    return _last_word(floor)


def _answer(floor: Floor, browser: TestClient, text: str) -> object:
    order_id, path = doubtful(floor, customer=Contact("", "ann@customers.example"), payment_method="", ship_to=None)
    place = {"/ship_to/line1": text, "/ship_to/city": "London", "/ship_to/postal_code": "N1 1AA", "/ship_to/country": "GB"}
    _form(browser, path, {"/customer/name": text, "/payment_method": text, **place})
    row = floor.row(order_id)
    assert row["customer"]["name"] == row["payment_method"] == row["ship_to"]["line1"]
    return row["payment_method"]


def _change(floor: Floor, browser: TestClient, text: str) -> object:
    order_id = _first(floor, "promised")
    path = f"{path_of(floor, order_id)}/change"
    fields = Page(browser.get(path).text).fields | {"/ship_to/line1": text, "/ship_to/region": text}
    sure = Page(browser.post(path, data=fields).text).fields
    assert browser.post(path, data=sure, follow_redirects=False).status_code == 303
    return floor.row(order_id)["ship_to"]["line1"]


def _first(floor: Floor, state: str) -> int:
    return int(floor.value("SELECT min(id) FROM orders WHERE state = :state", state=state))


def _home(floor: Floor) -> str:
    return path_of(floor, _first(floor, "completed"))


FIELDS: dict[tuple[str, str], tuple[Posts, ...]] = {
    ("problem.html", "text"): (_complain,), ("case.html", "text"): (_add,), ("return.html", "text"): (_send_back,),
    ("rate.html", "comment"): (_rate,), ("withdraw.html", "note"): (_withdraw,), ("question.html", "input"): (_answer,),
    ("change.html", "input"): (_change,), ("parts.html", "{{ line.field }}"): (),
}
"""Every field of the templates into which words can be typed, and how; the last takes numbers alone."""

STRIPPED = (_withdraw, _answer, _change)
"""These take away spaces before and behind, as they say."""

SLOW = (_withdraw, _change, _answer)
"""Each needs an order of its own, or two pages: a third of the strings has to do."""


def _typed_into() -> Iterator[tuple[str, str]]:
    for template in TEMPLATES.glob("*.html"):
        written = re.sub(r"(?s){% macro (?:area|input)\b.*?{% endmacro %}", "", template.read_text("utf-8"))
        for found in re.finditer(r'\barea\(\s*"(\w+)"|\b(input)\(field\)', written):
            yield template.name, found[1] or found[2]
        for tag in re.findall(r"(?s)<(?:textarea|input)\b.*?>", re.sub(r'{{ "[^}]*}}', "", written)):
            kind = re.search(r'type="([^"]+)"', tag)
            if kind is None or kind[1] not in ("hidden", "radio", "checkbox", "{{ kind }}"):
                yield template.name, re.findall(r'name="([^"]+)"', tag)[0]


def test_every_field_to_type_into_has_its_place_in_this_table() -> None:
    assert set(_typed_into()) == set(FIELDS)


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("field", [field for field, posts in FIELDS.items() if posts], ids="-".join)
def test_keeps_every_text_as_it_is(floor: Floor, browser: TestClient, field: tuple[str, str]) -> None:
    floor.delivered({"SKU-1": len(hostile.STORABLE) + 1})
    floor.receive(floor.order())
    _complain(floor, browser, HARMLESS)
    for post in FIELDS[field]:
        for text in hostile.few()[:: 3 if post in SLOW else 1]:
            assert post(floor, browser, text) == (text.strip() if post in STRIPPED else text)


class Elements(HTMLParser):
    """The elements of a page with the names of their attributes, and what they lead to."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.links: list[tuple[str, str | None]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(sorted(name for name, _ in attrs))))
        self.links += [(name, value) for name, value in attrs if name in ("href", "src", "action", "style", "class", "id", "name")]


Paths = Mapping[str, Sequence[str]]
"""Pages by the name of what they show beside the order itself: nothing, a question, a case."""


@pytest.fixture
def patient(floor: Floor) -> None:
    """The shop does not count how often customers write in a day."""
    with floor.engine.begin() as tx:
        shop = shops.shop_by_code(tx, "demo")
        assert shop
        case_terms.set_terms(tx, shop.id, Terms(daily_words=10_000))


@pytest.fixture
def paths(floor: Floor, patient: None) -> Paths:
    """Every page that shows what somebody wrote."""
    done = floor.delivered({"SKU-1": 3})
    with floor.engine.begin() as tx:
        opening = Opening(done, Kind.RETURN, HARMLESS, "back", Cause.OTHER, (Pieces(1, 1),))
        coming = returns.send_back(tx, opening, now=floor.now).coming
        assert coming
        case = cases.open_case(tx, Opening(done, Kind.COMPLAINT, HARMLESS, "case"), now=floor.now).case_id
    doubtful_order, question = doubtful(floor, payment_method="", ship_to={"line1": HARMLESS, "country": "GB"})
    late = waiting(floor)
    until(floor, late, state="told")
    floor.stock()
    moving_order = floor.order()
    floor.receive(moving_order)
    home, moving = path_of(floor, done), path_of(floor, moving_order)
    return {
        "order": [
            home, *(f"{home}/{one}" for one in ("problem", "return", "withdraw", f"return/{coming.number}")), moving, f"{moving}/change",
            f"{moving}/cancel", f"{path_of(floor, late)}/delay", path_of(floor, doubtful_order), f"{question}/cancel",
        ],
        "question": [question], "case": [f"{home}/cases/{public_id('case', case)}"], "rating": [f"{home}/rate"],
        "shop": [f"{moving}/letters"],
    }


EVERYWHERE = (
    "UPDATE shop SET name = :text",
    "UPDATE orders SET reference = :text || id, note = :text, purchase_order = :text, payment_method = CASE payment_method WHEN '' THEN ''"
    " ELSE :text END, customer = CAST(:customer AS jsonb), ship_to = CAST(:place AS jsonb)",
    "UPDATE order_line SET description = :text",
    "UPDATE product SET description = :text",
    "UPDATE location SET name = :text",
    "UPDATE parcel SET carrier = :text",
    "UPDATE case_message SET body = :text, author = :text",
    "UPDATE feedback SET comment = :text, score = 4, at = asked_at, first_at = asked_at",
    "UPDATE query SET doubts = (SELECT jsonb_agg(one || jsonb_build_object('have', CAST(:text AS text))) FROM jsonb_array_elements(doubts)"
    " one)",
)
"""Everything in the books that somebody outside may have written."""


def say_everywhere(floor: Floor, text: str) -> None:
    """All that anybody wrote is this; there is no new entry in the journal, but the day has changed, so pages are drawn anew."""
    person = dict.fromkeys(("name", "email", "phone", "company"), text)
    place = dict.fromkeys(("name", "line1", "line2", "city", "region", "postal_code"), text) | {"country": "GB"}
    with floor.engine.begin() as tx:
        for statement in EVERYWHERE:
            tx.execute(sql(statement), {"text": text, "customer": as_json(person), "place": as_json(place)})


def seen(browser: TestClient, paths: Paths) -> dict[str, tuple[str, Elements]]:
    """The pages by their paths: their words, and what they are made of."""
    found = {}
    for path in (one for some in paths.values() for one in some):
        answer = browser.get(path)
        assert answer.status_code == 200, (path, answer.text)
        found[path] = (Page(answer.text).text, Elements(answer.text))
    return found


def test_shows_every_text_as_words_and_nothing_else(floor: Floor, browser: TestClient, paths: Paths) -> None:
    say_everywhere(floor, HARMLESS)
    plain = seen(browser, paths)
    for text in hostile.few():
        say_everywhere(floor, text)
        words = _squeezed(clean(text))
        for path, (said, made) in seen(browser, paths).items():
            assert words in said, (path, text)
            _same_elements(made, plain[path][1], f"{path} {text!r}")


def _same_elements(made: Elements, plain: Elements, where: str) -> None:
    assert set(made.elements) <= set(plain.elements), where
    assert [one for one in made.links if one[0] != "id"][:5] == [one for one in plain.links if one[0] != "id"][:5], where
    assert set(made.links) <= set(plain.links), where


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def test_shows_what_was_typed_again_beside_what_is_wrong_with_it(floor: Floor, browser: TestClient, paths: Paths) -> None:
    forms = [paths["case"][0], *paths["question"], *(one for one in paths["order"] if one.endswith(("/problem", "/return", "/change")))]
    for path in forms:
        fields = Page(browser.get(path).text).fields
        plain = Elements(browser.post(path, data=dict.fromkeys(fields, HARMLESS)).text)
        for text in hostile.few():
            answer = browser.post(path, data=dict.fromkeys(fields, text))
            assert answer.status_code in (200, 422)
            assert set(Elements(answer.text).elements) <= set(plain.elements), (path, text)


def test_nothing_of_it_runs_in_a_real_browser(floor: Floor, paths: Paths, address: str, tmp_path: Path) -> None:
    say_everywhere(floor, HARMLESS)
    case = paths["case"][0]
    plain = set(Elements(httpx.get(f"{address}{case}").text).elements)
    _everything_on_one_page(floor, case)
    drawn = chromium(tmp_path, "--dump-dom", f"{address}{case}")
    assert ":CONSOLE:" not in drawn.stderr
    assert set(Elements(drawn.stdout).elements) <= plain
    said = _squeezed(Page(drawn.stdout).text)
    for text in hostile.few():
        for one in paragraphs(text):
            assert _squeezed(one) in said, text


def _everything_on_one_page(floor: Floor, case: str) -> None:
    with floor.engine.begin() as tx:
        tx.execute(sql(
            "INSERT INTO case_message (case_id, at, direction, channel, author, body)"
            " SELECT :case, :now, 'in', 'page', '', unnest(CAST(:texts AS text[]))"
        ), {"case": internal_id("case", case.rpartition("/")[2]), "now": floor.now, "texts": hostile.few()})
