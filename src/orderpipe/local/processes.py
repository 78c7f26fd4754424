"""
The processes that make up orderpipe on one machine, beside its two servers: one line each in `catchers` and in `product`.

In production the same commands run under systemd or in containers, on as many hosts as wanted.
"""

import http.client
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from signal import SIGQUIT, SIGTERM, Signals

from orderpipe.flow import Lane, Queue
from orderpipe.local.child import Program
from orderpipe.local.ports import LOOPBACK, accepts_connections

PYTHON = (sys.executable, "-m")
CELERY = (*PYTHON, "celery", "--quiet", "-A", "workers.celery_app")
FINISH_THEN_DROP = ((SIGTERM, 4.0), (SIGQUIT, 1.5))
"""A Celery process ends what it runs on SIGTERM, and gives it back on SIGQUIT."""


@dataclass(frozen=True)
class Place:
    """Where the processes run: the data folder, each label's port, and the environment that tells them of each other."""

    folder: Path
    ports: Mapping[str, int]
    environment: Mapping[str, str]


def catchers(place: Place, labels: frozenset[str]) -> list[Program]:
    """What takes the letters and messages where no real provider is configured: `labels` holds "mail", "sms", both or none."""
    smtp, mail, sms = (str(place.ports.get(label, 0)) for label in ("smtp", "mail", "sms"))
    folder = str(place.folder)
    programs = {
        "mail": (*PYTHON, "orderpipe.local.mail_catcher", "--smtp-port", smtp, "--http-port", mail, "--folder", f"{folder}/mail"),
        "sms": (*PYTHON, "orderpipe.local.sms_catcher", "--http-port", sms, "--folder", f"{folder}/sms"),
    }
    return [
        _program(place, f"{label}-catcher", command, is_ready=partial(accepts_connections, place.ports[label]))
        for label, command in programs.items()
        if label in labels
    ]


def product(place: Place) -> list[Program]:
    """The workers by role, the clock, the doors, and Flower."""
    door = [_program(place, "broker-door", (*PYTHON, "workers.door"))] if place.environment.get("ORDERPIPE_DOOR_URL") else []
    mail = [_worker(place, "mail", Queue.MAIL)] if place.environment.get("ORDERPIPE_IMAP_URL") else []
    return [
        *door,
        *mail,
        _worker(place, "express", Lane.EXPRESS.queue),
        _worker(place, "standard", Lane.EXPRESS.queue, Lane.STANDARD.queue, processes=2),
        _worker(place, "bulk", Lane.BULK.queue, processes=2),
        _worker(place, "intake", Queue.INTAKE),
        _worker(place, "notify", Queue.NOTIFY, processes=2),
        _worker(place, "care", Queue.CARE, Queue.CLOCK),
        _program(place, "beat", (*CELERY, "beat", "-s", f"{place.folder}/beat-schedule", "-l", "warning"), stop_with=FINISH_THEN_DROP),
        _api(place),
        _flower(place),
    ]


def _worker(place: Place, role: str, *queues: str, processes: int = 1) -> Program:
    options = ("-n", f"{role}@%h", "-Q", ",".join(queues), "-c", str(processes), "--without-gossip", "--without-mingle", "-l", "warning")
    return _program(place, f"worker-{role}", (*CELERY, "worker", *options), stop_with=FINISH_THEN_DROP)


def _api(place: Place) -> Program:
    port = place.ports["api"]
    command = (*PYTHON, "uvicorn", "--factory", "orderpipe.site:create_site", "--host", LOOPBACK, "--port", str(port))
    quiet = ("--log-level", "warning", "--no-access-log", "--timeout-graceful-shutdown", "3")
    return _program(place, "api", (*command, *quiet), is_ready=partial(_is_open, port))


def _flower(place: Place) -> Program:
    port = place.ports["flower"]
    listen = (f"--address={LOOPBACK}", f"--port={port}", "--read_only=True", "--logging=warning")
    memory = ("--persistent=True", f"--db={place.folder}/flower", "--state_save_interval=30000")
    bounds = ("--purge_offline_workers=300", "--max_tasks=50000")
    command = (*CELERY, "flower", *listen, *memory, *bounds)
    return _program(place, "flower", command, is_ready=partial(accepts_connections, port))


def _program(
    place: Place,
    name: str,
    command: tuple[str, ...],
    *,
    is_ready: Callable[[], bool] = lambda: True,
    stop_with: tuple[tuple[Signals, float], ...] = ((SIGTERM, 4.0),),
) -> Program:
    environment = {**place.environment, "PYTHONUNBUFFERED": "1"}
    return Program(name, command, environment, folder=place.folder, is_ready=is_ready, stop_with=stop_with)


def _is_open(port: int) -> bool:
    """Whether the HTTP door lets orders in."""
    door = http.client.HTTPConnection(LOOPBACK, port, timeout=2)
    try:
        door.request("GET", "/readyz")
        return door.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        door.close()
