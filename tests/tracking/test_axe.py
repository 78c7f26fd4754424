"""
The customers' pages for everybody: axe, in a real browser, finds nothing serious in any state, in both languages, light and dark.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.floor import Floor
from tests.needs import require
from tests.tracking.scenes import SCENES, path_of
from tests.tracking.test_answering import doubtful
from tests.tracking.test_home import looked_at
from tests.tracking.test_in_chromium import chromium

SERIOUS = {"serious", "critical"}
_RUN = """<script>{axe}</script><script>
axe.run(document, {{resultTypes: ["violations"]}}).then(found => {{
  const told = document.createElement("script");
  told.type = "application/json"; told.id = "found"; told.textContent = JSON.stringify(found.violations);
  document.body.append(told);
}});
</script>"""


def judged(html: str, folder: Path, *options: str) -> list[Mapping[str, Any]]:
    """What axe has against the page; it is drawn from a file, for its own doors are shut against every other script."""
    axe = (require("axe") / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")
    page = folder / "page.html"
    page.write_text(html.replace("</body>", _RUN.format(axe=axe.replace("</script>", "<\\/script>")) + "</body>"), "utf-8")
    drawn = chromium(folder, "--window-size=390,1400", "--virtual-time-budget=20000", *options, "--dump-dom", page.as_uri()).stdout
    found = re.search(r'<script type="application/json" id="found">(.*?)</script>', drawn, re.DOTALL)
    assert found, drawn[:2000]
    violations: list[Mapping[str, Any]] = json.loads(found[1])
    return violations


def in_short(found: list[Mapping[str, Any]]) -> list[str]:
    """The violations that keep somebody out."""
    return [f"{one['id']}: {[node['html'][:100] for node in one['nodes']]}" for one in found if one["impact"] in SERIOUS]


def test_axe_sees_what_is_wrong(tmp_path: Path) -> None:
    wrong = '<!doctype html><html><head><title>x</title></head><body><main><p style="color:#ccc">pale</p><input></main></body></html>'
    assert {one["id"] for one in judged(wrong, tmp_path)} >= {"html-has-lang", "color-contrast", "label"}


@pytest.mark.parametrize("scene", SCENES)
def test_everybody_can_see_how_an_order_stands(floor: Floor, browser: TestClient, scene: str, tmp_path: Path) -> None:
    assert in_short(judged(browser.get(path_of(floor, SCENES[scene](floor, "en"))).text, tmp_path)) == []


@pytest.mark.parametrize("scene", ["asked", "revised", "shipped"])
def test_in_the_dark_and_in_chinese_too(floor: Floor, browser: TestClient, scene: str, tmp_path: Path) -> None:
    html = browser.get(path_of(floor, SCENES[scene](floor, "zh"))).text
    assert in_short(judged(html, tmp_path, "--blink-settings=preferredColorScheme=0")) == []


@pytest.mark.parametrize(("scene", "below"), [
    ("confirmed", "/change"), ("confirmed", "/cancel"), ("partly", "/cancel"), ("delivered", "/withdraw"), ("canceled", "/change"),
])
def test_everybody_can_act(floor: Floor, browser: TestClient, scene: str, below: str, tmp_path: Path) -> None:
    path = f"{path_of(floor, SCENES[scene](floor, 'en'))}{below}"
    assert in_short(judged(browser.get(path).text, tmp_path)) == []


def test_everybody_can_see_what_would_change_and_what_is_wrong(floor: Floor, browser: TestClient, tmp_path: Path) -> None:
    path = f"{path_of(floor, SCENES['confirmed'](floor, 'en'))}/change"
    fields = looked_at(browser, path).fields
    for changes in ({"line-1": "3"}, {"line-1": "x", "/ship_to/city": ""}):
        assert in_short(judged(browser.post(path, data=fields | changes).text, tmp_path)) == []


def test_everybody_can_answer(floor: Floor, browser: TestClient, tmp_path: Path) -> None:
    _, path = doubtful(floor, payment_method="", ship_to=None)
    assert in_short(judged(browser.get(path).text, tmp_path)) == []
    assert in_short(judged(browser.post(path, data={}).text, tmp_path)) == []
