"""
A RabbitMQ of its own on free ports of the loopback address, with its own data folder and its own name server.
"""

import os
from pathlib import Path
from signal import SIGTERM

from orderpipe.local.child import Child, Program
from orderpipe.local.ports import LOOPBACK, accepts_connections, free_port
from tests.servers import Server

_FOLDERS = ("/usr/lib/rabbitmq/bin", "/usr/local/lib/rabbitmq/bin")
_SETTINGS = "listeners.tcp.default = {ip}:{port}\nlog.console = true\nlog.file = false\nvm_memory_high_watermark.absolute = 400MB\n"


class RabbitServer(Server):
    """`script` is where rabbitmq-server lies; Debian's wrapper in /usr/sbin would change the user, so the script behind it is preferred."""

    def __init__(self, folder: Path, script: Path) -> None:
        folder.mkdir(parents=True)
        self.port, names, nodes = free_port(), free_port(), free_port()
        (folder / "rabbitmq.conf").write_text(_SETTINGS.format(ip=LOOPBACK, port=self.port))
        (folder / "enabled_plugins").write_text("[].\n")
        ours = {"HOME": str(folder), "ERL_EPMD_PORT": str(names), "ERL_EPMD_ADDRESS": LOOPBACK}
        environment = ours | {
            "RABBITMQ_NODENAME": f"orderpipe{self.port}@localhost", "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"), "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_LOG_BASE": str(folder), "RABBITMQ_PID_FILE": str(folder / "pid"), "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_DIST_PORT": str(nodes), "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        }
        self._names = Child(Program("epmd", ("epmd", "-port", str(names), "-address", LOOPBACK), ours), folder / "epmd.log")
        self._names.start()
        command = (str(_behind(script)),)
        ready_within = 120.0  # on a busy machine
        super().__init__(Program(
            "rabbitmq", command, environment, is_ready=lambda: accepts_connections(self.port), ready_within=ready_within,
            stop_with=((SIGTERM, 20.0),),
        ), folder)
        self.start()

    @property
    def url(self) -> str:
        """What ORDERPIPE_BROKER_URL is to be."""
        return f"amqp://guest:guest@{LOOPBACK}:{self.port}//"

    def kill(self) -> None:
        """kill -9 of the whole node."""
        if self.child.pid:
            os.killpg(self.child.pid, 9)
        self.child.stop()

    def close(self) -> None:
        """End it, and its name server."""
        self.stop()
        self._names.stop()


def _behind(script: Path) -> Path:
    return next((Path(folder) / script.name for folder in _FOLDERS if (Path(folder) / script.name).exists()), script)
