"""
The locks hold what pyproject.toml asks for, all of it or what is needed to run, with hashes and without the address of any server.
"""

import json
import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.needs import REPOSITORY

LOCKS = {name: (REPOSITORY / name).read_text() for name in ("requirements.lock", "requirements-run.lock")}
LOCKED, RUN_LOCKED = (dict(re.findall(r"^([\w.-]+)==(\S+)", lock, re.MULTILINE)) for lock in LOCKS.values())
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
ASKED = [*PROJECT["dependencies"], *(line for extra in PROJECT["optional-dependencies"].values() for line in extra)]


@pytest.mark.parametrize("line", ASKED)
def test_holds_what_the_project_asks_for(line: str) -> None:
    asked = Requirement(line)
    assert asked.specifier.contains(LOCKED[canonicalize_name(asked.name)]), "make lock UPGRADE= brings the lock up to date"


@pytest.mark.parametrize("line", PROJECT["dependencies"])
def test_holds_what_is_needed_to_run(line: str) -> None:
    asked = Requirement(line)
    assert asked.specifier.contains(RUN_LOCKED[canonicalize_name(asked.name)]), "make lock UPGRADE= brings the lock up to date"


@pytest.mark.parametrize("lock", LOCKS.values(), ids=LOCKS)
def test_names_no_server_and_no_folder(lock: str) -> None:
    assert not re.search(r"://|^-|/", lock, re.MULTILINE)


def test_the_foreign_clients_lock_names_no_server_and_has_a_hash_for_everything() -> None:
    lock = (REPOSITORY / "tests" / "foreign" / "package-lock.json").read_text()
    assert "://" not in lock
    assert all(one["integrity"].startswith("sha512-") for name, one in json.loads(lock)["packages"].items() if name)


@pytest.mark.parametrize("lock", LOCKS.values(), ids=LOCKS)
def test_has_a_hash_for_everything(lock: str) -> None:
    entries = [entry for entry in re.split(r"\n(?=\S)", lock) if not entry.startswith("#")]
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []
