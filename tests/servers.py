"""
Servers that belong to one test, so that it may kill, freeze and restart them.
"""

from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP

from orderpipe.local.child import Child, Program
from orderpipe.local.postgres import Postgres
from orderpipe.local.redis import Redis


class Server:
    """A running server that can be made to fail. It keeps port and data over `stop` or `kill` and `start`."""

    def __init__(self, program: Program, logs: Path) -> None:
        self.child = Child(program, logs / f"{program.name}.log")

    def start(self) -> None:
        """Start it (again) and wait until it answers."""
        self.child.start()
        self.child.wait_until_ready()

    def stop(self) -> None:
        """End it in good order."""
        self.thaw()
        self.child.stop()

    def kill(self) -> None:
        """kill -9: no good-bye, nothing flushed."""
        self.child.send(SIGKILL)
        self.child.stop()

    def freeze(self) -> None:
        """Let it hang: connections stay open, no answer comes."""
        self.child.send(SIGSTOP)

    def thaw(self) -> None:
        """Let it go on after `freeze`."""
        self.child.send(SIGCONT)


class PostgresServer(Server):
    """A PostgreSQL of its own; `admin` creates, copies and drops databases."""

    def __init__(self, folder: Path, *, port: int, durable: bool = False) -> None:
        self.admin = Postgres(folder / "postgres", port=port, durable=durable)
        super().__init__(self.admin.program(), folder)
        self.start()
        self.admin.create_database("orderpipe")

    def url(self, database: str = "orderpipe") -> str:
        """The address of one of its databases; `orderpipe` is there, and empty."""
        return self.admin.url(database)


class RedisServer(Server):
    """A Redis of its own."""

    def __init__(self, folder: Path, *, port: int) -> None:
        self._redis = Redis(folder / "redis", port=port)
        super().__init__(self._redis.program(), folder)
        self.start()

    def url(self, database: int = 0) -> str:
        """The address of one of its databases."""
        return self._redis.url(database)
