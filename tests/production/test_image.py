"""
The Dockerfile: what it copies exists, what it installs is locked, what it runs is there, and nothing runs as root.
"""

import importlib
import json
import re
import sys
from functools import cache
from pathlib import PurePath

from packaging.specifiers import SpecifierSet

from orderpipe.settings import Settings
from tests.needs import REPOSITORY
from tests.test_lock import LOCKED, PROJECT, RUN_LOCKED


@cache
def instructions() -> list[tuple[str, str]]:
    """Instruction and the rest, one after the other."""
    text = re.sub(r"\\\n\s*", " ", (REPOSITORY / "Dockerfile").read_text())
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines)]


def the(word: str) -> list[str]:
    return [rest for instruction, rest in instructions() if instruction == word]


def test_copies_only_what_is_there_and_not_ignored() -> None:
    allowed = {line.removeprefix("!") for line in (REPOSITORY / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {source for line in the("COPY") if not line.startswith("--from") for source in line.split()[:-1]}
    assert {source for source in copied if not (REPOSITORY / source).exists()} == set()
    assert {PurePath(source).parts[0] for source in copied} == allowed


def test_copies_everything_that_the_wheel_is_made_of() -> None:
    copied = " ".join(the("COPY"))
    for needed in ("pyproject.toml", PROJECT["readme"], *PROJECT["license-files"], "src", "workers"):
        assert needed in copied


def test_installs_nothing_without_a_hash() -> None:
    for line in the("RUN"):
        if "pip install" in line:
            assert "--require-hashes" in line or "--no-deps --no-index" in line


def test_runs_with_what_is_needed_to_run_alone() -> None:
    assert not {"pytest", "mypy", "ruff", "hatchling"} & RUN_LOCKED.keys()
    assert RUN_LOCKED.items() <= LOCKED.items(), "make lock UPGRADE= brings the locks together"
    last = instructions()[max(place for place, (word, _) in enumerate(instructions()) if word == "FROM") :]
    assert [word for word, _ in last if word == "RUN"] == ["RUN"]


def test_has_a_python_that_orderpipe_runs_on() -> None:
    for image in the("FROM"):
        version = re.match(r"python:([\d.]+)-slim", image)
        assert version
        assert SpecifierSet(PROJECT["requires-python"]).contains(version[1])
        assert sys.version_info[:2] >= tuple(map(int, version[1].split(".")))


def test_runs_as_somebody_who_is_made_there_and_is_not_root() -> None:
    made = re.search(r"useradd --uid (\d+) .* (\w+)$", "\n".join(the("RUN")), re.MULTILINE)
    assert made
    assert int(made[1]) > 1000
    assert the("USER") == [made[2]]


def test_names_settings_and_modules_that_exist() -> None:
    named = set(re.findall(r"ORDERPIPE_(\w+)=", " ".join(the("ENV"))))
    assert {name.lower() for name in named} <= Settings.model_fields.keys()
    command = json.loads(the("CMD")[0])
    module, _, factory = command[command.index("--factory") + 1].partition(":")
    assert callable(getattr(importlib.import_module(module), factory))
    check = json.loads(the("HEALTHCHECK")[0].partition("CMD ")[2])
    assert importlib.util.find_spec(check[check.index("-m") + 1])
    assert f":{command[command.index('--port') + 1]}/" in check[-1]
