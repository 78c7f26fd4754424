"""
Everything orderpipe needs, on one machine: the private servers and the processes of the product, each told where the others are.

A server, mail provider or SMS provider that the settings name is used as it is, and nothing is started in its stead.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from orderpipe.local.child import Program
from orderpipe.local.folder import DataFolder
from orderpipe.local.ports import LOOPBACK
from orderpipe.local.postgres import Postgres
from orderpipe.local.processes import Place, catchers, product
from orderpipe.local.redis import Redis
from orderpipe.local.supervisor import Supervisor
from orderpipe.settings import Settings
from orderpipe.store import migrations_runner

PREFERRED = {"api": range(8000, 8010), "flower": range(5555, 5565), "smtp": range(1025, 1035), "mail": range(8025, 8035)}
"""Ports taken where they are free, so that the addresses look familiar; the other labels are postgres, redis and sms."""

DOOR = 1
"""The private Redis's database that the broker door reads; the stages' is 0."""


class Stack:
    """
    One running orderpipe. Use it as a context manager: leaving it stops everything.

    `ports` names ports that must be used, by label: api, flower, postgres, redis, smtp, mail, sms; any other is chosen.
    `say` gets a line for people when a process dies and is started again. `programs` is there for tests: what runs beside the servers.
    `environment` is what the processes find in theirs besides, whatever ours says.
    Enter, start and leave it from one thread, best the main one.
    """

    def __init__(
        self,
        data: Path,
        *,
        settings: Settings,
        ports: Mapping[str, int] | None = None,
        say: Callable[[str], None] = print,
        programs: Callable[[Place], Sequence[Program]] = product,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._data = data
        self._settings = settings
        self._wished = ports or {}
        self._say = say
        self._programs = programs
        self._besides = environment or {}
        self._ports: dict[str, int] = {}
        self._environment: dict[str, str] = {}
        self._open = ExitStack()

    def __enter__(self) -> Self:
        """Take the data folder; raises CannotStart when it is in use or cannot be used."""
        self._folder = self._open.enter_context(DataFolder(self._data))
        self.supervisor = self._open.enter_context(Supervisor(self._folder.logs, say=self._say))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._open.close()

    def start(self) -> None:
        """
        Start everything and wait until it works: servers and catchers, then the migration, then the product.

        Raises CannotStart with a sentence that says why, and StopRequested when Ctrl-C comes meanwhile.
        """
        self._choose_ports()
        self._start_servers()
        migrations_runner.upgrade(self._environment["ORDERPIPE_DATABASE_URL"])
        self._folder.tell_addresses(self._environment)
        self.supervisor.start(self._programs(self._place()))

    def run_until_stopped(self, *, each_second: Callable[[], None] | None = None) -> None:
        """Watch over the processes until Ctrl-C, SIGTERM or `supervisor.ask_to_stop()`; `each_second` is called about once a second."""
        self.supervisor.run_until_stopped(each_second=each_second)

    def stop(self) -> None:
        """Stop all processes, the servers last; takes less than ten seconds."""
        self.supervisor.stop()

    def environment(self) -> dict[str, str]:
        """What a process must find in its environment to belong to this stack; known after `start`."""
        return dict(self._environment)

    def addresses(self) -> dict[str, str]:
        """Label → address, for people; known after `start`."""
        shown = {
            "Orders and API": f"{self._http('api')}/docs",
            "Flower (queues and workers)": self._http("flower"),
            "Mail that was sent": self._http("mail") if "mail" in self._caught() else "",
            "SMS that were sent": self._http("sms") if "sms" in self._caught() else "",
            "PostgreSQL": self._environment["ORDERPIPE_DATABASE_URL"],
            "Broker": self._environment["ORDERPIPE_BROKER_URL"],
            "Broker door": self._environment["ORDERPIPE_DOOR_URL"],
        }
        return {label: address for label, address in shown.items() if address}

    def _http(self, label: str) -> str:
        return f"http://{LOOPBACK}:{self._ports[label]}"

    def _place(self) -> Place:
        return Place(self._folder.path, self._ports, self._environment)

    def _caught(self) -> frozenset[str]:
        """Which ways to the customer end in a catcher, because no provider is set."""
        providers = {"mail": self._settings.smtp_url, "sms": self._settings.sms_url}
        return frozenset(label for label, url in providers.items() if not url)

    def _choose_ports(self) -> None:
        wanted = ["api", "flower"]
        wanted += ["postgres"] if not self._settings.database_url else []
        wanted += ["redis"] if not self._settings.broker_url else []
        wanted += ["smtp", "mail"] if "mail" in self._caught() else []
        wanted += ["sms"] if "sms" in self._caught() else []
        for label in wanted:
            wished = self._wished.get(label)
            self._ports[label] = self._folder.port(label, wished=wished, preferred=PREFERRED.get(label, ()))
        self._environment = self._addresses_for_processes()

    def _addresses_for_processes(self) -> dict[str, str]:
        given = self._settings
        caught_sms = f"json://{LOOPBACK}:{self._ports.get('sms')}/sms?:to={{to}}"
        public = given.public_url if "public_url" in given.model_fields_set else self._http("api")
        return {
            "ORDERPIPE_DATA": str(self._folder.path),
            "ORDERPIPE_DATABASE_URL": given.database_url,
            "ORDERPIPE_BROKER_URL": given.broker_url,
            "ORDERPIPE_DOOR_URL": given.door_url,
            "ORDERPIPE_IMAP_URL": given.imap_url,
            "ORDERPIPE_SMTP_URL": given.smtp_url or f"smtp://{LOOPBACK}:{self._ports['smtp']}",
            "ORDERPIPE_SMS_URL": given.sms_url or caught_sms,
            "ORDERPIPE_PUBLIC_URL": public,
            **self._besides,
        }

    def _start_servers(self) -> None:
        """Start the private servers and catchers that are needed; a server's address is known as soon as its folder is there."""
        programs = catchers(self._place(), self._caught())
        postgres = Postgres(self._folder.path / "postgres", port=self._ports.get("postgres", 0))
        if "postgres" in self._ports:
            programs.append(postgres.program())
            self._environment["ORDERPIPE_DATABASE_URL"] = postgres.url()
        if "redis" in self._ports:
            redis = Redis(self._folder.path / "redis", port=self._ports["redis"])
            programs.append(redis.program())
            self._environment["ORDERPIPE_BROKER_URL"] = redis.url()
            self._environment["ORDERPIPE_DOOR_URL"] = self._settings.door_url or redis.url(DOOR)
        self.supervisor.start(programs)
        if "postgres" in self._ports:
            postgres.ensure_database("orderpipe")
