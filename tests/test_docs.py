"""
The documents: every link leads somewhere, every command, option, variable, path and address exists, and the examples work.
"""

import json
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
from fastapi.testclient import TestClient

from orderpipe import broker
from orderpipe.api.app import create_app
from orderpipe.assembly import Assembly
from orderpipe.cli import app as command_line
from orderpipe.domain import diagram
from orderpipe.flow import Lane, Queue
from orderpipe.settings import Settings
from orderpipe.site import create_site
from orderpipe.store import locations, shops
from orderpipe.store.shops import NewShop, Role
from tests.documents import OPERATIONS, WITH_FLOW, Document, documents, shell_lines, with_settings
from tests.floor import Floor
from tests.needs import NEEDS, REPOSITORY

PAGES = [Document.of(path) for path in documents()]
FOR_DEVELOPERS = {"ORDERPIPE_REQUIRE", "ORDERPIPE_REAL_DATA", "ORDERPIPE_DEMO_SVG"}
ROOTS = ("src/", "workers/", "tests/", "docs/", "benchmarks/", ".ci/")
JSON_HEADERS = "application/json"


def name_of(page: Document) -> str:
    return str(page.path.relative_to(REPOSITORY))


@pytest.fixture(params=PAGES, ids=name_of)
def page(request: pytest.FixtureRequest) -> Document:
    return request.param  # type: ignore[no-any-return]


def anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def test_links_lead_somewhere(page: Document) -> None:
    for link in page.links():
        target, _, anchor = link.partition("#")
        if "://" in target:
            continue
        there = (page.path.parent / target).resolve() if target else page.path
        assert there.exists(), link
        assert not anchor or anchor in anchors(there), link


def test_names_files_that_exist(page: Document) -> None:
    for span in page.spans():
        if span.startswith(ROOTS) and "<" not in span:
            assert (REPOSITORY / span.partition(" ")[0]).exists(), span


def test_names_commands_that_exist(page: Document) -> None:
    root: Any = typer.main.get_command(command_line)
    for words in page.commands():
        if words[0] == "orderpipe" and len(words) > 1:
            command, rest = root, words[1:]
            while rest and hasattr(command, "commands") and not rest[0].startswith("-"):
                assert rest[0] in command.commands, words
                command, rest = command.commands[rest[0]], rest[1:]
            options = {one for parameter in command.params for one in (*parameter.opts, *parameter.secondary_opts)} | {"--help"}
            assert {word.partition("=")[0] for word in rest if word.startswith("--") and word != "--"} <= options, words
        elif words[0] == "make" and len(words) > 1:
            assert words[1] in targets(), words


@cache
def targets() -> frozenset[str]:
    return frozenset(re.findall(r"^([a-z]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))


def test_names_queues_that_exist() -> None:
    queues = {lane.queue for lane in Lane} | {queue.value for queue in Queue}
    named = {queue for page in PAGES for line in re.findall(r"-Q ([\w.,]+)", page.text) for queue in line.split(",")}
    assert named == queues


def test_names_variables_that_exist(page: Document) -> None:
    settings = {f"ORDERPIPE_{name.upper()}" for name in Settings.model_fields}
    assert set(re.findall(r"ORDERPIPE_[A-Z_]+", page.text)) <= settings | FOR_DEVELOPERS
    for required in re.findall(r"ORDERPIPE_REQUIRE=([\w,-]+)", page.text):
        assert set(required.split(",")) <= set(NEEDS)


def test_shows_every_setting_as_it_is() -> None:
    text = OPERATIONS.read_text(encoding="utf-8")
    assert text == with_settings(text), "python -m tests.documents writes the table anew"


@pytest.mark.parametrize("path", WITH_FLOW, ids=lambda path: path.name)
def test_shows_the_flow_as_it_is(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text == diagram.put_into(text), "python -m tests.documents draws the flow anew"


def test_names_alarms_as_they_are_called() -> None:
    letters = {path.stem for path in (REPOSITORY / "src/orderpipe/channels/templates/en").glob("office-*.jinja")}
    assert set(re.findall(r"`(office-[a-z-]+)`", OPERATIONS.read_text(encoding="utf-8"))) == letters


def test_names_addresses_that_exist(site: TestClient) -> None:
    operations = create_app(site.app.state.assembly).openapi()["paths"]  # type: ignore[attr-defined]
    known = {(method.upper(), re.sub(r"{\w+}", "{}", path)) for path, methods in operations.items() for method in methods}
    for page in PAGES:
        for method, path in re.findall(r"`(GET|POST) (/[\w/{}-]+)`", page.text):
            assert (method, re.sub(r"{\w+}", "{}", path)) in known, (name_of(page), method, path)


@pytest.fixture
def site(floor: Floor) -> Iterator[TestClient]:
    with TestClient(create_site(Assembly(Settings(), floor.engine, lambda: floor.now, broker.send_stage, broker.send_task))) as site:
        yield site


@pytest.fixture
def typed(floor: Floor, site: TestClient) -> "Terminal":
    """A terminal in which the quickstart's shop is set up."""
    with floor.engine.begin() as tx:
        shop_id = shops.add_shop(tx, NewShop("corner", "The Corner Shop"))
        locations.add(tx, shop_id, "main", time_zone="UTC", country="GB")
        keys = {role.name: shops.create_key(tx, shop_id, role) for role in Role}
    return Terminal(site, floor, keys)


class Terminal:
    """Runs the curl commands of a document against the door, and lets the pipeline work after each."""

    def __init__(self, site: TestClient, floor: Floor, keys: dict[str, str]) -> None:
        self._site = site
        self._floor = floor
        self._values = {**keys, "URL": ""}
        self._keys = keys

    def run(self, page: Document) -> list[Any]:
        answers = []
        for line in (line for block in page.blocks("sh") for line in shell_lines(block)):
            if found := re.fullmatch(r"([A-Z]+)=(\S+)", line):
                self._values.setdefault(found[1], found[2])
            elif line.startswith("curl "):
                answers.append(self._curl(line))
                self._settle()
            elif line.startswith("orderpipe stock receive"):
                self._receive(shlex.split(line))
        return answers

    def _settle(self) -> None:
        """The door's hints are sent by a thread of its own; the clock would find what they speak of anyway."""
        self._floor.pass_time(seconds=11)

    def _receive(self, words: list[str]) -> None:
        place, cause = words[words.index("--location") + 1], "delivery"
        body = [{"location": place, "sku": words[3], "quantity": int(words[4]), "cause": cause}]
        answer = self._site.post("/v1/stock/receipts", json=body, headers={"Authorization": f"Bearer {self._keys['SHOP']}"})
        assert answer.is_success, answer.text

    def _curl(self, line: str) -> Any:
        line = re.sub(r"\$([A-Z]+)", lambda name: self._values[name[1]], line.replace("'$TRACKING'", "$TRACKING"))
        _, silent, address, *options = shlex.split(line)
        assert silent == "-sS", line
        given = dict.fromkeys(("-d", "--data-binary"), "") | dict(zip(options[::2], options[1::2], strict=True))
        headers = dict(one.split(": ", 1) for one in options[1::2] if one.startswith(("Authorization", "Content-Type", "Idempotency")))
        body = given["-d"] or given["--data-binary"]
        if headers.get("Content-Type") == JSON_HEADERS:
            json.loads(body)
        answer = self._site.request("POST" if body else "GET", address, content=body.encode() or None, headers=headers)
        assert answer.is_success, (line, answer.text)
        assert not re.search(r'"status": ?[45]\d\d', answer.text), (line, answer.text)
        return answer


def test_the_quickstart_leads_to_a_thank_you_letter(typed: Terminal, floor: Floor) -> None:
    quickstart = next(page for page in PAGES if page.path.name == "quickstart.md")
    typed.run(quickstart)
    assert floor.state(1) == ("completed", None)
    assert floor.letters(1)[-1] == "thank-you"
    assert floor.state(2) == ("received", "query")


def test_the_tour_of_the_door_works_as_written(typed: Terminal) -> None:
    typed.run(next(page for page in PAGES if page.path.name == "quickstart.md").until("## Pick, pack"))
    answers = typed.run(next(page for page in PAGES if page.path.name == "http.md"))
    assert len(answers) > 10
