"""
What the demo shows, in a terminal and without one.
"""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from orderpipe.simulation import view
from orderpipe.simulation.script import SCRIPT
from orderpipe.simulation.watch import Picture, Said, Wait

PICTURE = Picture(
    83.4, 60, {"promised": 20, "completed": 30}, {"released": 8, "delivered": 31, "lost": 1}, (Wait("pick-scans", "warehouse", 8),),
    {"acknowledgement": 60}, (Said("16:21:02", "guke26@customers.example", "您的订单已完成，谢谢您！"),), frozenset({"split"}), 0, 3.4,
)
PLACES = {"Flower": "http://127.0.0.1:5555"}


def shown(width: int, height: int, picture: Picture = PICTURE) -> str:
    console = Console(width=width, height=height, record=True, force_terminal=True)
    console.print(view.Screen(picture, SCRIPT, 60, PLACES))
    return console.export_text()


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 50)])
def test_fits_the_terminal(width: int, height: int) -> None:
    text = shown(width, height)
    assert len(text.splitlines()) <= height
    for words in ("30 completed", "the picker's scans", "warehouse", "… all-at-once", "谢谢您"):
        assert words in text


def test_names_every_exception_where_there_is_room() -> None:
    assert "✓ split" in shown(120, 50)
    assert f"… {SCRIPT[-1].name}" in shown(120, 50)


def test_counts_where_there_is_none() -> None:
    low = shown(80, 24)
    assert "✓ 1 done" in low
    assert re.search(r"… and \d+ more", low)
    only_two_left = replace(PICTURE, done=frozenset(one.name for one in SCRIPT[2:]))
    assert f"✓ {len(SCRIPT) - 2} done  … {SCRIPT[0].name}  … {SCRIPT[1].name}" in shown(80, 24, only_two_left)


def test_shows_addresses_where_there_is_room() -> None:
    assert PLACES["Flower"] in shown(120, 50)
    assert PLACES["Flower"] not in shown(80, 24)


def test_tells_of_errors() -> None:
    assert "stopped by an error" in shown(120, 50, replace(PICTURE, parked=2))


def test_says_it_in_one_line_where_there_is_no_terminal() -> None:
    assert view.line(PICTURE, SCRIPT, 60) == (
        "01:23  60/60 orders in, 30 completed; parts: 8 released, 31 delivered, 1 lost; waiting: 8 for pick-scans; "
        f"exceptions 1/{len(SCRIPT)}"
    )


def test_keeps_a_picture_that_needs_nothing_from_elsewhere(tmp_path: Path) -> None:
    view.save_svg(str(tmp_path / "demo.svg"), view.Screen(PICTURE, SCRIPT, 60, PLACES))
    picture = (tmp_path / "demo.svg").read_text()
    assert not re.search(r"@font-face|url\(['\"]?http", picture)
    chinese = re.search(r'textLength="([0-9.]+)"[^>]*>您的订单已完成，谢谢您！', picture)
    assert chinese
    assert float(chinese[1]) == pytest.approx(12 * 2 * 12.2, rel=0.01)
