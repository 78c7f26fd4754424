"""
Everything that docker-compose.yml names exists, and what the code asks for is in it: roles, queues, settings, commands, health checks.
"""

import importlib.util
import re
import shlex
from typing import Any

import click
import pytest
import typer
from celery.bin.celery import celery
from tornado.options import options as flower_options
from uvicorn.main import main as uvicorn

from orderpipe.cli import app as command_line
from orderpipe.flow import Lane, Queue
from orderpipe.local.postgres import SETTINGS
from orderpipe.settings import Settings
from tests.documents import Document
from tests.needs import REPOSITORY
from tests.production.compose import Service, asked_variables, document, option, roles, services

importlib.import_module("flower.command")  # it defines Flower's options
PAGE = Document.of(REPOSITORY / "docs/production.md")
OURS = [service for service in services().values() if service.is_ours]
STAYING = [service for service in services().values() if service.stays]
OF_THE_IMAGE = {"POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD_FILE", "POSTGRES_INITDB_ARGS"}
MAY_HOLD_A_PASSWORD = {name for name in Settings.model_fields if name.endswith("_url")} - {"public_url"}
OF_ONE_MACHINE = {"listen_addresses", "unix_socket_directories", "shared_buffers", "deadlock_timeout", "log_checkpoints", "log_line_prefix"}


def name_of(service: Service) -> str:
    return service.name


ours = pytest.mark.parametrize("service", OURS, ids=name_of)
staying = pytest.mark.parametrize("service", STAYING, ids=name_of)


def queues_of(words: tuple[str, ...]) -> set[str]:
    return set((option(words, "-Q") or "").split(",")) - {""}


@pytest.mark.parametrize("role", roles())
def test_runs_each_role_that_there_is_as_it_is_run_elsewhere(role: str) -> None:
    assert role in services(), "a role of src/orderpipe/local/processes.py has no service in docker-compose.yml"
    here, there = services()[role].command, roles()[role].command
    assert queues_of(here) == queues_of(there)
    for name in ("-A", "-c", "-n", "--factory"):
        assert option(here, name) == option(there, name)
    assert here[0] != "python" or here[1:] == there[1:]


def test_runs_no_role_that_there_is_not() -> None:
    assert {service.name for service in OURS if service.stays} == set(roles())


def test_reads_every_queue_of_the_flow() -> None:
    read = {queue for service in OURS for queue in queues_of(service.command)}
    assert read >= {lane.queue for lane in Lane} | {queue.value for queue in Queue}


@ours
def test_runs_commands_with_options_that_exist(service: Service) -> None:
    program, *words = service.command
    if program == "python":
        assert words[0] == "-m"
        assert importlib.util.find_spec(words[1])
        return
    roots: dict[str, Any] = {"celery": celery, "uvicorn": uvicorn, "orderpipe": typer.main.get_command(command_line)}
    rest = _parsed(roots[program], words)
    assert "flower" in words or not rest, rest
    for one in rest:
        assert one.partition("=")[0].removeprefix("--").replace("_", "-") in {name.replace("_", "-") for name in flower_options._options}


def _parsed(command: Any, words: list[str]) -> list[str]:
    """What is left when the command and its subcommands have taken their options; raises for one that they do not know."""
    _, rest, _ = command.make_parser(click.Context(command, **command.context_settings)).parse_args(list(words))
    if hasattr(command, "commands"):
        return _parsed(command.commands[rest[0]], rest[1:])
    return list(rest)


def test_knows_an_option_that_does_not_exist() -> None:
    with pytest.raises(click.NoSuchOption):
        _parsed(celery, ["-A", "workers.celery_app", "worker", "--with-gossip"])


@ours
def test_names_modules_that_exist(service: Service) -> None:
    if module := service.option("-A"):
        assert importlib.import_module(module).app.main
    if factory := service.option("--factory"):
        module, _, name = factory.partition(":")
        assert callable(getattr(importlib.import_module(module), name))


@staying
def test_has_a_health_check_limits_and_a_bounded_log(service: Service) -> None:
    assert service.check
    assert service.asked["logging"]["options"]["max-size"]
    assert {"cpus", "memory"} <= service.asked["deploy"]["resources"]["limits"].keys()
    assert "container_name" not in service.asked, "a service with a name of its own cannot have replicas"


@staying
def test_is_asked_for_its_own_health(service: Service) -> None:
    if not service.is_ours:
        return
    *python, asked = service.check
    assert python == ["python", "-m", "workers.health"]
    if service.is_worker:
        assert service.option("-n") == f"{asked}@%h"
    elif "://" not in asked:
        assert asked == service.name
    else:
        assert re.search(rf"--port[ =]{asked.split(':')[2].split('/')[0]}\b", " ".join(service.command))


@ours
def test_may_do_no_more_than_it_needs(service: Service) -> None:
    asked = service.asked
    assert (asked["read_only"], asked["cap_drop"], asked["security_opt"]) == (True, ["ALL"], ["no-new-privileges:true"])
    assert asked["init"]
    assert "user" not in asked


@ours
def test_names_settings_that_exist(service: Service) -> None:
    fields = {f"ORDERPIPE_{name.upper()}" for name in Settings.model_fields}
    assert set(service.environment) <= fields
    assert {name.upper() for name in service.secrets if name.startswith("orderpipe_")} <= fields


@ours
def test_gets_what_may_hold_a_password_from_files_only(service: Service) -> None:
    assert not {f"ORDERPIPE_{name.upper()}" for name in MAY_HOLD_A_PASSWORD} & set(service.environment)
    assert {"orderpipe_broker_url"} <= set(service.secrets)


def test_holds_no_secret() -> None:
    text = str(document())
    assert not re.search(r"://[^/\s'\"]*:[^/\s'\"]*@", text)
    for service in services().values():
        for name, value in service.environment.items():
            assert not re.search("PASSWORD|SECRET|TOKEN|KEY", name) or name.endswith("_FILE"), (service.name, name, value)


def test_asks_for_what_has_no_safe_default() -> None:
    asked = asked_variables()
    assert {name for name, rest in asked.items() if rest.startswith(":?")} == {
        name for name, value in OURS[0].environment.items() if not value.startswith("/")
    }
    assert {name: rest for name, rest in asked.items() if not rest.startswith(":?")} == {"TAG": ":-latest"}


def test_names_variables_that_the_database_image_knows() -> None:
    assert set(services()["postgres"].environment) == OF_THE_IMAGE


def test_declares_what_it_uses_and_uses_what_it_declares() -> None:
    all_services = services().values()
    volumes = {volume.partition(":")[0] for one in all_services for volume in one.asked.get("volumes", ())}
    assert volumes == set(document()["volumes"])
    assert {secret for one in all_services for secret in one.secrets} == set(document()["secrets"])
    assert {network for one in all_services for network in one.asked["networks"]} == set(document()["networks"])
    assert {needed for one in all_services for needed in one.asked.get("depends_on", ())} <= set(services())


def test_starts_the_product_after_the_migration() -> None:
    for service in OURS:
        if service.stays:
            assert service.asked["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


def test_has_two_beats_and_several_stage_workers() -> None:
    assert services()["beat"].asked["deploy"]["replicas"] == 2
    stages = [one for one in OURS if Lane.STANDARD.queue in queues_of(one.command)]
    assert sum(one.asked["deploy"].get("replicas", 1) for one in stages) > 1


def test_lets_flower_look_and_nothing_else_and_only_those_who_know_the_password() -> None:
    flower = services()["flower"]
    assert "--read_only=True" in flower.command
    assert "--conf=/run/secrets/flower_conf" in flower.command


@staying
def test_opens_ports_to_this_machine_only(service: Service) -> None:
    assert all(port.startswith("127.0.0.1:") for port in service.asked.get("ports", ()))


@pytest.mark.parametrize("name", ["redis", "door-redis"])
def test_keeps_what_a_broker_is_told_and_drops_nothing_for_want_of_memory(name: str) -> None:
    redis = services()[name]
    assert (redis.option("--appendonly"), redis.option("--maxmemory-policy")) == ("yes", "noeviction")
    assert redis.option("--maxmemory")


def test_can_be_started_without_the_broker_door_and_its_secrets() -> None:
    left_out = {name for name, service in services().items() if "door" in service.asked.get("profiles", ())}
    assert left_out == {"door", "door-redis"}
    stays = [service for name, service in services().items() if name not in left_out]
    assert {"orderpipe_door_url", "door_redis_conf"}.isdisjoint(secret for service in stays for secret in service.secrets)
    assert left_out.isdisjoint(needed for service in stays for needed in service.asked.get("depends_on", ()))


def test_keeps_what_shops_write_to_away_from_the_database_and_the_broker() -> None:
    with_shops = {name for name, service in services().items() if "shops" in service.asked["networks"]}
    assert with_shops == {"door", "door-redis"}
    assert services()["door-redis"].asked["networks"] == ["shops"]


def test_gives_the_database_the_settings_that_were_tried() -> None:
    given = dict(word.removeprefix("-c").split("=", 1) for word in services()["postgres"].command[1:])
    assert {name: given.get(name) for name in SETTINGS.keys() - OF_ONE_MACHINE} == {
        name: value for name, value in SETTINGS.items() if name not in OF_ONE_MACHINE
    }
    assert given["archive_mode"] == "on"


def test_the_page_exchanges_every_service_at_an_upgrade() -> None:
    started = [words[3:] for words in PAGE.commands() if words[:3] == ["docker", "compose", "up"]]
    named = {word for words in started for word in words if not word.startswith("-") and "=" not in word}
    assert named == {service.name for service in OURS if service.stays}


def test_the_page_enters_services_that_exist() -> None:
    entered = re.findall(r"docker compose (?:exec|run) (?:--(?:user \w+|[\w-]+) )*([\w-]+)", PAGE.text)
    assert "postgres" in entered
    assert set(entered) <= set(services())


def test_the_unit_of_the_page_runs_a_worker_that_there_is() -> None:
    found = re.search(r"^ExecStart=/opt/orderpipe/bin/celery (.*)$", PAGE.text, re.MULTILINE)
    assert found
    assert _parsed(celery, shlex.split(found[1].replace("$OPTIONS", "-Q notify -c 1"))) == []


@staying
def test_has_time_to_end_in_order(service: Service) -> None:
    """A sender needs up to 35 s for what it has begun: letters of a batch, then the record of them."""
    assert service.grace >= (60 if service.is_worker else 15)
