"""
Changes by the customer: shown before they are made, made once, and refused beside the field that is wrong.
"""

import pytest
from fastapi.testclient import TestClient

from orderpipe.domain.handling import Phase
from orderpipe.tracking.words import words_of
from tests.floor import Floor
from tests.sideflows.test_amendments import lines_of
from tests.tracking import scenes
from tests.tracking.forms import Page
from tests.tracking.scenes import path_of
from tests.tracking.test_home import looked_at

SAID = words_of("en")["change"]


def filled(browser: TestClient, path: str, changes: dict[str, str], status: int = 200) -> Page:
    """The page that answers to the form, filled in so."""
    answer = browser.post(path, data=looked_at(browser, path).fields | changes)
    assert answer.status_code == status, answer.text
    return Page(answer.text)


def test_shows_old_and_new_before_anything_is_changed(floor: Floor, browser: TestClient) -> None:
    order_id = scenes.confirmed(floor)
    path = f"{path_of(floor, order_id)}/change"
    fields = looked_at(browser, path).fields
    assert (fields["line-1"], fields["line-2"], fields["/ship_to/city"]) == ("2", "1", "London")
    before = floor.journal(order_id)
    page = filled(browser, path, {"line-1": "３", "line-2": "0", "/ship_to/line1": "2 Low Street"})
    for words in ("Mug, blue, 300 ml 2 3", f"Tea pot, cast iron 1 {SAID['gone']}", "2 Low Street", "Total £73.00 £37.50"):
        assert words in page.text
    assert floor.journal(order_id) == before
    done = browser.post(path, data=page.fields)
    assert done.status_code == 200
    assert words_of("en")["notes"]["changed"]["heading"] in done.text
    assert lines_of(floor, order_id) == [("MUG-BLUE", 3, 0)]
    assert floor.row(order_id)["ship_to"]["line1"] == "2 Low Street"
    assert floor.journal(order_id)[-1]["actor"] == "customer"
    floor.check()


def test_changes_once_however_often_it_is_confirmed(floor: Floor, browser: TestClient) -> None:
    order_id = scenes.confirmed(floor)
    path = f"{path_of(floor, order_id)}/change"
    sure = filled(browser, path, {"line-1": "3"}).fields
    for _ in range(2):
        assert browser.post(path, data=sure).status_code in (200, 422)
    assert lines_of(floor, order_id)[0] == ("MUG-BLUE", 3, 0)
    assert floor.letters(order_id).count("amended") == 1


@pytest.mark.parametrize(("changes", "pointer"), [
    ({"line-1": "many"}, "line-1"), ({"line-1": "-1"}, "line-1"), ({"/ship_to/city": ""}, "/ship_to/city"),
    ({"/ship_to/country": "XX"}, "/ship_to/country"), ({"/ship_to/line1": "x" * 301}, "/ship_to/line1"),
])
def test_says_what_is_wrong_beside_the_field(floor: Floor, browser: TestClient, changes: dict[str, str], pointer: str) -> None:
    order_id = scenes.confirmed(floor)
    page = filled(browser, f"{path_of(floor, order_id)}/change", changes, 422)
    assert page.invalid == {pointer}
    assert page.fields | changes == page.fields or pointer == "/ship_to/country"
    assert lines_of(floor, order_id)[0] == ("MUG-BLUE", 2, 0)


def test_says_that_nothing_would_be_left_or_different(floor: Floor, browser: TestClient) -> None:
    path = f"{path_of(floor, scenes.confirmed(floor))}/change"
    assert words_of("en")["problems"]["no-lines"] in filled(browser, path, {"line-1": "0", "line-2": ""}, 422).text
    assert SAID["nothing"] in filled(browser, path, {}, 422).text


def test_is_offered_only_while_it_is_possible(floor: Floor, browser: TestClient) -> None:
    order_id = scenes.confirmed(floor)
    home = path_of(floor, order_id)
    assert f'href="{home}/change"' in browser.get(home).text
    floor.scan(order_id * 1000 + 1, Phase.PICK)
    assert SAID["fewer_only"] in looked_at(browser, f"{home}/change").text
    sure = filled(browser, f"{home}/change", {"line-1": "1"}).fields
    floor.scan(order_id * 1000 + 1, Phase.PACK)
    assert f'href="{home}/change"' not in browser.get(home).text
    assert browser.get(f"{home}/change").status_code == 409
    assert browser.post(f"{home}/change", data=sure).status_code == 409


def test_shows_that_a_question_will_follow(floor: Floor, browser: TestClient) -> None:
    order_id = scenes.placed(floor, total=80)
    floor.answer(order_id, confirmed=frozenset({"totals-differ"}))
    path = f"{path_of(floor, order_id)}/change"
    assert SAID["asked"] in filled(browser, path, {"line-1": "3"}).text
