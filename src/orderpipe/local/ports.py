"""
Ports on the loopback address for the servers of the local stack.

A port somebody asked for by number is used or refused; any other is chosen among those that are free.
"""

import random
import socket
from collections.abc import Iterable

from orderpipe.local.refusals import CannotStart

LOOPBACK = "127.0.0.1"

# below the range from which systems take the ports of outgoing connections, so that none of those slips in before the server listens
CHOOSABLE = range(20_000, 32_000)


class PortTaken(CannotStart):
    """Port {port} on 127.0.0.1 is used by another program; {what} needs it: name another port, or end that program."""

    def __init__(self, port: int, what: str) -> None:
        super().__init__(f"Port {port} on {LOOPBACK} is used by another program; {what} needs it: name another port, or end that program.")
        self.port = port


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of the loopback address now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_port(*, preferred: Iterable[int] = ()) -> int:
    """The first of the preferred ports that is free, or else any free one."""
    for port in preferred:
        if is_free(port):
            return port
    while True:
        port = random.choice(CHOOSABLE)
        if is_free(port):
            return port


def wished_port(port: int, what: str) -> int:
    """This very port; raises PortTaken when it is not free. `what` names the server in that sentence."""
    if not is_free(port):
        raise PortTaken(port, what)
    return port


def accepts_connections(port: int) -> bool:
    """Whether a server listens on this port of the loopback address."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=1):
            return True
    except OSError:
        return False
