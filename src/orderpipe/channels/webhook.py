"""
The way out to a shop's own system: one POST over HTTPS to an address that was looked up and judged just before, and no further.

Redirects are not followed, no proxy is used, and of the answer only the beginning is read.
"""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from orderpipe.domain.addresses import Networks, is_allowed, reason_not_to_call

SECONDS = 10.0
"""An answer that has not come by then does not count."""

KEPT = 1024
"""Bytes that are kept of an answer."""

_READ = 65_536
_HUNG_UP = (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError)


class BadUrl(ValueError):
    """This is no address that webhooks can go to."""


@dataclass(frozen=True, slots=True)
class Target:
    """A URL taken apart; `path` with its query."""

    secure: bool
    host: str
    port: int
    path: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the receiver answered: its status, and the beginning of the body; or why there was no answer."""

    status: int | None
    said: str = ""
    error: str = ""


def target_of(url: str) -> Target:
    """The URL taken apart. Raises BadUrl with a sentence."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise BadUrl(f"This is no URL: {error}.") from None
    if parts.scheme not in ("https", "http") or not host or len(url) > 2_000 or not url.isascii() or not url.isprintable() or " " in url:
        raise BadUrl("Give a URL such as https://shop.example/hooks/orders, with an international name in its xn-- form.")
    if parts.username is not None or parts.fragment:
        raise BadUrl("Leave user names, passwords and fragments out of the URL; the signature says who calls.")
    secure = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(secure, host, port or (443 if secure else 80), path)


def addresses_of(target: Target, allowed: Networks) -> Sequence[str]:
    """
    The IP addresses behind the name, all of them fit to be called. Raises BadUrl where one is not, or there are none.

    Plain HTTP is for networks that the installation has opened only.
    """
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise BadUrl(f"The name {target.host} leads nowhere: {error}.") from None
    addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
    for address in addresses:
        if reason := reason_not_to_call(address, target.port, allowed):
            raise BadUrl(f"{target.host} leads to an address that webhooks may not go to. {reason}")
        if not target.secure and not is_allowed(address, allowed):
            raise BadUrl("Webhooks go over https only.")
    return addresses


def check(url: str, allowed: Networks) -> None:
    """Raise BadUrl unless webhooks may go to this URL as its name stands now."""
    addresses_of(target_of(url), allowed)


class Line:
    """A connection to one receiver, opened when it is first needed and kept for what follows; not for several threads."""

    def __init__(self, url: str, allowed: Networks = (), *, seconds: float = SECONDS) -> None:
        self._url, self._allowed, self._seconds = url, allowed, seconds
        self._connection: http.client.HTTPConnection | None = None

    def post(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send once, and never for longer than the seconds given; whatever goes wrong is an answer without a status."""
        kept, self._connection = self._connection, None
        try:
            target = target_of(self._url)
            if kept is not None:
                with suppress(*_HUNG_UP):  # between two messages: that is no refusal, so it is called again
                    return self._exchange(kept, target.path, body, headers)
            return self._exchange(_connected(target, addresses_of(target, self._allowed), self._seconds), target.path, body, headers)
        except (BadUrl, OSError, http.client.HTTPException) as error:
            return Answer(None, error=(str(error) or type(error).__name__)[:KEPT])

    def _exchange(self, connection: http.client.HTTPConnection, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """One request and its answer; a connection that may be used again is kept."""
        begun, deadline = time.monotonic(), threading.Timer(self._seconds, _cut, (connection,))
        deadline.start()
        try:
            connection.request("POST", path, body, dict(headers))
            answer = connection.getresponse()
            said = answer.read(_READ)
            if answer.isclosed() and not answer.will_close:
                self._connection = connection
            return Answer(answer.status, said[:KEPT].decode("utf-8", "replace").replace("\0", ""))
        except (OSError, http.client.HTTPException) as error:
            if time.monotonic() - begun < self._seconds:
                raise
            raise TimeoutError(f"No answer within {self._seconds:g} s.") from error
        finally:
            deadline.cancel()
            if self._connection is None:
                connection.close()

    def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            self._connection.close()


class _Plain(http.client.HTTPConnection):
    """A connection that is made to an address known beforehand: the name is not looked up again."""

    def __init__(self, target: Target, address: str, seconds: float) -> None:
        super().__init__(target.host, target.port, timeout=seconds)
        self._address = address

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_INET6 if ":" in self._address else socket.AF_INET)
        self.sock.settimeout(self.timeout)
        self.sock.connect((self._address, self.port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class _Secure(_Plain):
    """The same under TLS; the certificate has to be the name's."""

    default_port = 443

    def connect(self) -> None:
        super().connect()
        self.sock = _trust().wrap_socket(self.sock, server_hostname=self.host)


def _connected(target: Target, addresses: Sequence[str], seconds: float) -> http.client.HTTPConnection:
    """Connected with the first address that takes it. Raises OSError with what the last one said."""
    failure: OSError = OSError("There is no address.")
    for address in addresses[:3]:
        connection = (_Secure if target.secure else _Plain)(target, address, seconds / min(len(addresses), 3))
        try:
            connection.connect()
        except OSError as error:
            failure = error
            connection.close()
        else:
            connection.sock.settimeout(seconds)
            return connection
    raise failure


def _cut(connection: http.client.HTTPConnection) -> None:
    """Break off what takes too long, byte by byte perhaps, so that no time-out of a single read ends it."""
    with suppress(OSError, TypeError):
        socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)  # not the TLS socket's own, which must not be used by two threads


@lru_cache(maxsize=1)
def _trust() -> ssl.SSLContext:
    return ssl.create_default_context()
