"""
The links in letters as somebody else tries them: changed, expired, for another purpose, of another order, and sent twice.

Every address that takes a token is found in the site itself: a new one, or a new purpose, fails here until it has its place.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from sqlalchemy import text as sql

from orderpipe.api.app import ROUTERS
from orderpipe.domain.cases import Cause, Kind, Pieces
from orderpipe.domain.links import KEPT, Purpose, Signer
from orderpipe.domain.orders import Contact, public_id
from orderpipe.sideflows import cases, returns
from orderpipe.site import PAGES
from orderpipe.store import contact_preferences, link_keys
from orderpipe.store.case_opening import Opening
from tests import books
from tests.floor import Floor
from tests.late import until, waiting
from tests.tracking.forms import Page
from tests.tracking.scenes import path_of
from tests.tracking.test_answering import doubtful

PURPOSES: Mapping[str, Purpose] = {
    "/t/{token}": Purpose.PAGE, "/q/{token}": Purpose.QUESTION, "/v1/answers/{token}": Purpose.QUESTION, "/u/{token}": Purpose.UNSUBSCRIBE,
}
"""What a token is for, by the beginning of the address that takes it."""

SECRETS = ("Zoë Secret", "zoe@customers.example", "9 Hidden Lane", "+447400123456")
ZOE = Contact("Zoë Secret", "zoe@customers.example", "+447400123456")
HOME = {"line1": "9 Hidden Lane", "city": "London", "postal_code": "N1 1AA", "country": "GB"}


@dataclass(frozen=True)
class Door:
    """An address of the site that takes a token."""

    method: str
    path: str

    @property
    def purpose(self) -> Purpose:
        return PURPOSES[_beginning(self.path)]


def _beginning(path: str) -> str:
    return path[: path.index("{token}")] + "{token}"


DOORS = [
    Door(method, route.path) for router in (*ROUTERS, *PAGES) for route in router.routes
    if isinstance(route, APIRoute) and "{token}" in route.path for method in sorted(route.methods or ())
]
"""All of them."""


@dataclass(frozen=True)
class Scene:
    """One customer's links by purpose; `parts` are what else the addresses below them name."""

    subjects: Mapping[Purpose, int]
    parts: Mapping[str, str]


@pytest.fixture
def scene(floor: Floor) -> Scene:
    order_id = floor.delivered({"SKU-1": 3}, customer=ZOE, ship_to=HOME)
    with floor.engine.begin() as tx:
        opening = Opening(order_id, Kind.RETURN, "Too small.", "back", Cause.OTHER, (Pieces(1, 1),))
        coming = returns.send_back(tx, opening, now=floor.now)
        letter = contact_preferences.newest_letter(tx, order_id)
    doubtful(floor, payment_method="", customer=ZOE, ship_to=HOME)
    assert coming.coming
    assert letter
    query = int(floor.value("SELECT max(id) FROM query"))
    subjects = {Purpose.PAGE: order_id, Purpose.QUESTION: query, Purpose.UNSUBSCRIBE: letter}
    return Scene(subjects, {"case": public_id("case", coming.opened.case_id), "number": coming.coming.number})


def signer(floor: Floor) -> Signer:
    with floor.engine.begin() as tx:
        return link_keys.signer(tx, floor.now)


def forged(floor: Floor, scene: Scene, purpose: Purpose) -> Iterator[tuple[str, str, int]]:
    """Tokens that open nothing for this purpose: what is wrong with each, and the status that is answered."""
    ours, soon, subject = signer(floor), floor.now + timedelta(days=1), scene.subjects[purpose]
    good = ours.sign(purpose, subject, soon)
    yield "for an older letter", ours.sign(purpose, subject, floor.now - timedelta(hours=1)), 410
    for place in (0, 2, 10, 20, 34):
        yield f"changed at {place}", good[:place] + ("A" if good[place] != "A" else "g") + good[place + 1 :], 404
    yield "made longer", f"{good}A", 404
    yield "cut", good[:-1], 404
    yield "of no order", ours.sign(purpose, 99_999, soon), 404
    yield "by another installation", Signer({1: b"somebody else's secret key 123456"}).sign(purpose, subject, soon), 404
    for other in Purpose:
        if other != purpose:
            yield f"for {other.name}", ours.sign(other, subject, soon), 404
    yield "a bare number", str(subject), 404
    yield "a public id", public_id("order", scene.subjects[Purpose.PAGE]), 404


def test_every_purpose_has_its_place_in_this_table() -> None:
    assert {_beginning(one.path) for one in DOORS} == set(PURPOSES)
    assert set(PURPOSES.values()) == set(Purpose)


def test_a_good_token_opens_what_it_is_for(floor: Floor, scene: Scene, browser: TestClient) -> None:
    """Without this the next test might try addresses that open nothing anyway."""
    for door in DOORS:
        token = signer(floor).sign(door.purpose, scene.subjects[door.purpose], floor.now + timedelta(days=1))
        if door.method == "GET":
            assert browser.get(door.path.format(token=token, **scene.parts)).status_code in (200, 409), door


def test_a_bad_token_opens_changes_and_tells_nothing(floor: Floor, scene: Scene, browser: TestClient) -> None:
    before = books.digests(floor.engine)
    for door in DOORS:
        for wrong, token, status in forged(floor, scene, door.purpose):
            form = {"json": {"cancel": True}} if door.path.startswith("/v1") else {"data": {"List-Unsubscribe": "One-Click", "sure": "1"}}
            given = form if door.method == "POST" else {}
            answer = browser.request(door.method, door.path.format(token=token, **scene.parts), **given, follow_redirects=False)
            allowed = {status, 422} if door.path.startswith("/v1") else {status}  # its form is looked at first
            assert answer.status_code in allowed, (door, wrong, answer.text)
            assert not [one for one in SECRETS if one in answer.text], (door, wrong)
    assert books.differing(before, books.digests(floor.engine)) == {}


def test_a_good_token_opens_nothing_of_another_order(floor: Floor, scene: Scene, browser: TestClient) -> None:
    stranger = floor.delivered()
    before, home = books.digests(floor.engine), path_of(floor, stranger)
    for door in DOORS:
        if "{case}" in door.path or "{number}" in door.path:
            path = door.path.replace("/t/{token}", home).format_map(scene.parts)
            answer = browser.request(door.method, path, data={"text": "Let me in."} if door.method == "POST" else None)
            assert answer.status_code == 404, door
            assert not [one for one in SECRETS if one in answer.text], door
    assert books.differing(before, books.digests(floor.engine)) == {}


def _delivered(floor: Floor, browser: TestClient, below: str) -> str:
    floor.delivered({"SKU-1": 3})
    return f"{path_of(floor, _newest(floor))}{below}"


def _moving(floor: Floor, browser: TestClient, below: str) -> str:
    floor.stock()
    floor.receive(floor.order())
    return f"{path_of(floor, _newest(floor))}{below}"


def _case(floor: Floor, browser: TestClient, below: str) -> str:
    home = _delivered(floor, browser, "")
    with floor.engine.begin() as tx:
        opened = cases.open_case(tx, Opening(_newest(floor), Kind.COMPLAINT, "No.", "case"), now=floor.now)
    return f"{home}/cases/{public_id('case', opened.case_id)}"


def _late(floor: Floor, browser: TestClient, below: str) -> str:
    late = waiting(floor)
    until(floor, late, state="told")
    return f"{path_of(floor, late)}{below}"


def _question(floor: Floor, browser: TestClient, below: str) -> str:
    return f"{doubtful(floor, payment_method='')[1]}{below}"


def _letters(floor: Floor, browser: TestClient, below: str) -> str:
    return browser.get(f"{_delivered(floor, browser, '')}/letters").url.path


def _newest(floor: Floor) -> int:
    return int(floor.value("SELECT max(id) FROM orders"))


FORMS = {
    "/t/{token}/change": (_moving, {"line-1": "1"}), "/t/{token}/cancel": (_moving, {}),
    "/t/{token}/withdraw": (_delivered, {"line-1": "3"}), "/t/{token}/rate": (_delivered, {"score": "1", "comment": "No."}),
    "/t/{token}/problem": (_delivered, {"cause": "damaged", "text": "Broken.", "pieces-1": "1"}),
    "/t/{token}/return": (_delivered, {"cause": "damaged", "pieces-1": "1"}), "/t/{token}/cases/{case}": (_case, {"text": "And now?"}),
    "/t/{token}/delay": (_late, {"choice": "cancel", "sure": "1"}), "/q/{token}": (_question, {"/payment_method": "card"}),
    "/q/{token}/cancel": (_question, {}), "/u/{token}": (_letters, {"choices": "1", "shipped": "1"}),
}
"""What is sent to each page that takes a form, and where it is found."""


def test_every_form_has_its_place_in_this_table() -> None:
    assert {one.path for one in DOORS if one.method == "POST" and not one.path.startswith("/v1")} == set(FORMS)


@pytest.mark.parametrize("form", FORMS)
def test_a_form_that_is_sent_twice_does_its_work_once(floor: Floor, browser: TestClient, form: str) -> None:
    where, written = FORMS[form]
    path = where(floor, browser, form.partition("}")[2])
    fields = Page(browser.get(path).text).fields | written
    if form.endswith("/change"):
        fields = Page(browser.post(path, data=fields).text).fields
    untouched = books.digests(floor.engine)
    assert browser.post(path, data=fields).status_code in (200, 303)
    first = books.digests(floor.engine)
    assert books.differing(untouched, first), "It does something."
    assert browser.post(path, data=fields).status_code < 500
    assert books.differing(first, books.digests(floor.engine)) == {}
    floor.work().check()
    settled = books.digests(floor.engine)
    assert browser.post(path, data=fields).status_code < 500
    assert books.differing(settled, books.digests(floor.engine)) == {}


def test_links_of_the_key_before_open_until_it_is_taken_away(floor: Floor, browser: TestClient) -> None:
    order_id = floor.delivered()
    old = path_of(floor, order_id)
    _turn_keys(floor, "INSERT INTO link_key (number, key, made_at) VALUES (2, decode(repeat('ab', 32), 'hex'), now())")
    new = path_of(floor, order_id)
    assert new != old
    assert (browser.get(old).status_code, browser.get(new).status_code) == (200, 200)
    _turn_keys(floor, "DELETE FROM link_key WHERE number = 1")
    assert (browser.get(old).status_code, browser.get(new).status_code) == (404, 200)


def _turn_keys(floor: Floor, statement: str) -> datetime:
    with floor.engine.begin() as tx:
        tx.execute(sql(statement))
    floor.now += timedelta(minutes=6)  # so long a process goes on with the keys it has read
    return floor.now


def test_a_link_opens_for_as_long_as_it_says(floor: Floor, browser: TestClient) -> None:
    path = path_of(floor, floor.delivered())
    floor.now += KEPT - timedelta(minutes=1)
    assert browser.get(path).status_code == 200
    floor.now += timedelta(hours=1)
    assert browser.get(path).status_code == 410
