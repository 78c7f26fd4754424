"""
The production shape as docker-compose.yml says it, for the tests that hold it to the code and those that run it.
"""

import re
import shlex
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from signal import Signals
from typing import Any

import yaml

from orderpipe.local.child import Program
from orderpipe.local.processes import Place, product
from tests.needs import REPOSITORY

COMPOSE = REPOSITORY / "docker-compose.yml"
IMAGE = "orderpipe:"


@dataclass(frozen=True, slots=True)
class Service:
    """One service, with its command and its health check as words. `grace` is in seconds."""

    name: str
    asked: dict[str, Any]

    @property
    def is_ours(self) -> bool:
        return str(self.asked["image"]).startswith(IMAGE)

    @property
    def stays(self) -> bool:
        """Whether it is to run all the time, unlike what runs once before the others."""
        return self.asked.get("restart") == "unless-stopped"

    @property
    def command(self) -> tuple[str, ...]:
        return _words(self.asked["command"])

    @property
    def check(self) -> tuple[str, ...]:
        """The health check; one for a shell is shown as what the shell runs."""
        kind, *words = self.asked["healthcheck"]["test"]
        return tuple(words) if kind == "CMD" else ("sh", "-c", words[0].replace("$$", "$"))

    @property
    def signal(self) -> Signals:
        return Signals[self.asked.get("stop_signal", "SIGTERM")]

    @property
    def grace(self) -> float:
        return float(self.asked.get("stop_grace_period", "10s").removesuffix("s"))

    @property
    def environment(self) -> dict[str, str]:
        return dict(self.asked.get("environment", {}))

    @property
    def secrets(self) -> tuple[str, ...]:
        return tuple(self.asked.get("secrets", ()))

    def option(self, name: str) -> str | None:
        """What follows this option in the command."""
        return option(self.command, name)

    @property
    def is_worker(self) -> bool:
        return self.command[0] == "celery" and "worker" in self.command


def option(words: tuple[str, ...], name: str) -> str | None:
    """What follows this option in a command."""
    return words[words.index(name) + 1] if name in words else None


def _words(command: str | list[str]) -> tuple[str, ...]:
    return tuple(shlex.split(command)) if isinstance(command, str) else tuple(command)


@cache
def document() -> dict[str, Any]:
    """The file, with its anchors filled in."""
    return dict(yaml.safe_load(COMPOSE.read_text()))


@cache
def services() -> dict[str, Service]:
    """Every service by its name."""
    return {name: Service(name, asked) for name, asked in document()["services"].items()}


def asked_variables() -> dict[str, str]:
    """The variables that the file asks its reader for, each with how it goes on: `:?sentence` or `:-default`."""
    return dict(re.findall(r"(?<!\$)\$\{(\w+)([^}]*)\}", COMPOSE.read_text()))


def roles() -> dict[str, Program]:
    """What `orderpipe up` runs, the broker door among it, by the names of the roles."""
    place = Place(Path("/nowhere"), defaultdict(int), {"ORDERPIPE_DOOR_URL": "redis://nowhere/1", "ORDERPIPE_IMAP_URL": "imaps://nowhere/INBOX"})
    return {re.sub("^(worker|broker)-", "", program.name): program for program in product(place)}
