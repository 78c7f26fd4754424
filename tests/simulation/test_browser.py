"""
The browser of the demo's customers, against pages as orderpipe makes them.
"""

from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest

from orderpipe.local.pages import Answer, PageServer, Request
from orderpipe.simulation.browser import Browser, NotOnThePage

FORM = """<h1>Your <em>order</em></h1><a href="/t/token/change">Change</a> <a href="cases/1">Case</a>
<form method="post"><input type="hidden" name="once" value="abc"><input name="street" value="1 High Street">
<input type="radio" name="score" value="1"><input type="radio" name="score" value="5" checked>
<input type="checkbox" name="line-1" value="2" checked><input type="checkbox" name="line-2" value="1">
<select name="country"><option value="">?</option><option value="GB" selected>UK</option></select>
<textarea name="note">Ring twice &amp; wait</textarea><button>Send</button><button name="none" value="1">Nothing</button></form>"""


@pytest.fixture
def sent() -> list[dict[str, str]]:
    return []


@pytest.fixture
def browser(sent: list[dict[str, str]]) -> Iterator[Browser]:
    def answer(request: Request) -> Answer:
        if request.method == "POST":
            sent.append({name: values[0] for name, values in parse_qs(request.body.decode(), keep_blank_values=True).items()})
            return Answer(b"", status=303, headers={"Location": "done?ok=1"})
        if request.path[-1] == "gone":
            return Answer(b"<h1>It is too late</h1>", status=409)
        return Answer(f"<h1>{request.path[-1]}</h1>".encode() if request.path[-1] != "form" else FORM.encode())

    with PageServer(0, answer) as server:
        opened = Browser(f"http://127.0.0.1:{server.port}")
        yield opened
        opened.close()


def test_sends_a_form_as_it_stands_with_what_was_filled_in(browser: Browser, sent: list[dict[str, str]]) -> None:
    form = browser.open("/t/token/form")
    assert form.heading == "Your order"
    after = browser.send(form, {"street": "7 Ropewalk", "score": "1", "line-1": None})
    assert sent == [{"once": "abc", "street": "7 Ropewalk", "score": "1", "country": "GB", "note": "Ring twice & wait"}]
    assert (after.heading, after.address.endswith("/t/token/done?ok=1")) == ("done", True)


def test_sends_a_named_button_only_when_it_is_pressed(browser: Browser, sent: list[dict[str, str]]) -> None:
    browser.send(browser.open("/t/token/form"), {"none": "1"})
    assert sent[0]["none"] == "1"


def test_follows_links_by_their_last_part(browser: Browser) -> None:
    form = browser.open("/t/token/form")
    assert browser.follow(form, "change").address.endswith("/t/token/change")
    assert browser.follow(form, "cases/1").address.endswith("/t/token/cases/1")


@pytest.mark.parametrize("filled", [{"colour": "blue"}, {"score": "3"}, {"country": "FR"}])
def test_fills_in_nothing_that_is_not_on_the_page(browser: Browser, sent: list[dict[str, str]], filled: dict[str, str | None]) -> None:
    with pytest.raises(NotOnThePage, match=next(iter(filled))):
        browser.send(browser.open("/t/token/form"), filled)
    assert sent == []


def test_says_what_is_not_there(browser: Browser) -> None:
    with pytest.raises(NotOnThePage, match="'cancel'"):
        browser.follow(browser.open("/t/token/form"), "cancel")
    with pytest.raises(NotOnThePage, match="409: It is too late"):
        browser.open("/t/token/gone")
