"""
The whole stack on one machine, with two small processes in the product's stead.
"""

import socket
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import psycopg
import pytest

from orderpipe.flow import Lane, Queue
from orderpipe.local.child import Program
from orderpipe.local.ports import LOOPBACK, PortTaken, accepts_connections, free_port
from orderpipe.local.processes import Place, product
from orderpipe.local.stack import Stack
from orderpipe.settings import Settings

PROVIDERS = Settings(smtp_url="smtp://mail.example", sms_url="json://sms.example/")


def _small(place: Place) -> Sequence[Program]:
    port = place.ports["api"]
    serve = (sys.executable, "-m", "http.server", "--bind", LOOPBACK, str(port))
    tell = ("sh", "-c", "env | grep ^ORDERPIPE_ > told; exec sleep 1000")
    return [
        Program("api", serve, is_ready=lambda: accepts_connections(port), folder=place.folder),
        Program("teller", tell, place.environment, folder=place.folder, is_ready=(place.folder / "told").exists),
    ]


def test_starts_migrates_tells_each_process_of_the_others_and_stops(tmp_path: Path) -> None:
    with Stack(tmp_path / "data", settings=PROVIDERS, programs=_small) as stack:
        stack.start()
        addresses, environment = stack.addresses(), stack.environment()
        with psycopg.connect(addresses["PostgreSQL"].replace("+psycopg", "")) as connection:
            assert connection.execute("SELECT count(*) FROM orders").fetchone() == (0,)
        told = (tmp_path / "data" / "told").read_text().splitlines()
        assert set(told) >= {f"{name}={value}" for name, value in environment.items()}
        assert environment["ORDERPIPE_SMTP_URL"] == "smtp://mail.example"
        assert environment["ORDERPIPE_DOOR_URL"] == environment["ORDERPIPE_BROKER_URL"].removesuffix("0") + "1"
        threading.Timer(0.3, stack.supervisor.ask_to_stop).start()
        stack.run_until_stopped()
        started = time.monotonic()
        stack.stop()
        assert time.monotonic() - started < 10
    assert not accepts_connections(int(addresses["Orders and API"].split(":")[2].split("/")[0]))


def test_uses_the_servers_that_the_settings_name(tmp_path: Path, database_url: str, broker_url: str) -> None:
    given = PROVIDERS.model_copy(update={"database_url": database_url, "broker_url": broker_url})
    with Stack(tmp_path, settings=given, programs=_small) as stack:
        stack.start()
        assert set(stack.supervisor.children) == {"api", "teller"}
        assert stack.environment()["ORDERPIPE_DATABASE_URL"] == database_url
        assert stack.addresses()["Broker"] == broker_url


def test_refuses_a_wished_port_that_is_taken(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind((LOOPBACK, free_port()))
        other.listen()
        port = other.getsockname()[1]
        with Stack(tmp_path, settings=PROVIDERS, ports={"api": port}, programs=_small) as stack, pytest.raises(PortTaken):
            stack.start()


def test_the_product_reads_every_queue(tmp_path: Path) -> None:
    place = Place(tmp_path, {"api": 8000, "flower": 5555}, {"ORDERPIPE_IMAP_URL": "imaps://a:b@mail.example/"})
    commands = [program.command for program in product(place) if "-Q" in program.command]
    read = {queue for command in commands for queue in command[command.index("-Q") + 1].split(",")}
    assert read == {lane.queue for lane in Lane} | set(Queue)


def test_a_door_and_a_mailbox_have_a_process_where_there_are_any(tmp_path: Path) -> None:
    def names(environment: dict[str, str]) -> set[str]:
        return {program.name for program in product(Place(tmp_path, {"api": 8000, "flower": 5555}, environment))}

    assert names({"ORDERPIPE_DOOR_URL": "redis://127.0.0.1/1"}) - names({"ORDERPIPE_DOOR_URL": ""}) == {"broker-door"}
    assert names({"ORDERPIPE_IMAP_URL": "imaps://a:b@mail.example/"}) - names({"ORDERPIPE_IMAP_URL": ""}) == {"worker-mail"}
