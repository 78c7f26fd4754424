"""
`orderpipe template`: every letter can be looked at, and a shop's own words are kept only when they hold.
"""

from pathlib import Path

import pytest

from orderpipe.channels.wording import LANGUAGES
from orderpipe.domain.kinds import KINDS
from tests.channels.test_proofreading import GOOD, with_body
from tests.cli.conftest import Terminal
from tests.floor import Floor


@pytest.mark.parametrize("language", LANGUAGES)
def test_shows_every_kind_with_sample_data(nowhere: Terminal, tmp_path: Path, language: str) -> None:
    for kind in KINDS:
        page = tmp_path / "letter.html"
        shown = nowhere("template", "preview", kind, "--language", language, "--html", str(page))
        assert shown.out.startswith("Subject: "), shown.err
        assert page.read_text("utf-8").startswith("<!doctype html>")
        assert len(nowhere("template", "preview", kind, "--language", language, "--sms").out.splitlines()) == 1


def test_says_what_there_is_instead_of_a_slip_of_the_pen(nowhere: Terminal) -> None:
    answer = nowhere("template", "preview", "shiped")
    assert (answer.exit_code, "there is acknowledgement, " in answer.err) == (2, True)
    assert nowhere("template", "preview", "shipped", "--language", "xx").err == "'xx' is no language that we write; there is en and zh.\n"


def test_keeps_a_shops_own_words_and_takes_them_back(orderpipe: Terminal, floor: Floor, tmp_path: Path) -> None:
    file = tmp_path / "shipped.jinja"
    file.write_text(GOOD)
    assert "Off it goes" in orderpipe("template", "preview", "shipped", "--file", str(file)).out
    assert orderpipe("template", "set", "shipped", str(file), "--shop", "demo").out == (
        "Letters shipped of demo in en are written by shipped.jinja now.\n"
    )
    assert orderpipe("template", "show", "shipped", "--shop", "demo").out == GOOD
    assert "Off it goes" in orderpipe("template", "preview", "shipped", "--shop", "demo").out
    assert "demo words shipped in en itself" in orderpipe("template", "list").out
    assert "again" in orderpipe("template", "unset", "shipped", "--shop", "demo").out
    assert "Off it goes" not in orderpipe("template", "preview", "shipped", "--shop", "demo").out


def test_refuses_a_broken_one_with_the_line(orderpipe: Terminal, floor: Floor, tmp_path: Path) -> None:
    file = tmp_path / "shipped.jinja"
    file.write_text(with_body("{{ facts.carier }}"))
    answer = orderpipe("template", "set", "shipped", str(file), "--shop", "demo")
    assert answer.exit_code == 1
    assert answer.err.splitlines()[1].startswith("  Line 5: A letter shipped has no fact 'carier'; it has carrier, ")
    assert orderpipe("template", "list", "--json").json["own_words"] == []
