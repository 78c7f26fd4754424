"""
requirements.lock holds all that pyproject.toml asks for, with hashes and without the address of any server.
"""

import json
import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.needs import REPOSITORY

LOCK = (REPOSITORY / "requirements.lock").read_text()
LOCKED = dict(re.findall(r"^([\w.-]+)==(\S+)", LOCK, re.MULTILINE))
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
ASKED = [*PROJECT["dependencies"], *(line for extra in PROJECT["optional-dependencies"].values() for line in extra)]


@pytest.mark.parametrize("line", ASKED)
def test_holds_what_the_project_asks_for(line: str) -> None:
    asked = Requirement(line)
    assert asked.specifier.contains(LOCKED[canonicalize_name(asked.name)]), "make lock UPGRADE= brings the lock up to date"


def test_names_no_server_and_no_folder() -> None:
    assert not re.search(r"://|^-|/", LOCK, re.MULTILINE)


def test_the_foreign_clients_lock_names_no_server_and_has_a_hash_for_everything() -> None:
    lock = (REPOSITORY / "tests" / "foreign" / "package-lock.json").read_text()
    assert "://" not in lock
    assert all(one["integrity"].startswith("sha512-") for name, one in json.loads(lock)["packages"].items() if name)


def test_has_a_hash_for_everything() -> None:
    entries = [entry for entry in re.split(r"\n(?=\S)", LOCK) if not entry.startswith("#")]
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []
