"""
A shop's own system that takes webhooks: a real HTTP server, which answers as the test says and keeps what came.
"""

import json
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook

from orderpipe.local.ports import LOOPBACK


@dataclass(frozen=True, slots=True)
class Message:
    """What came: where to, with which headers, and the body as it was."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """Its webhook-id."""
        return self.headers["webhook-id"]

    @property
    def content(self) -> Any:
        """The body read."""
        return json.loads(self.body)

    def verify(self, secret: str) -> Any:
        """As the reference library judges it; raises what it raises."""
        return Webhook(secret).verify(self.body, dict(self.headers))


@dataclass
class Receiver:
    """Answers 200, or what `answers` says by path: a status, or (status, seconds until the answer)."""

    tls: ssl.SSLContext | None = None
    messages: list[Message] = field(default_factory=list)
    answers: dict[str, int | tuple[int, float] | Callable[[Message], int]] = field(default_factory=dict)
    extra: dict[str, str] = field(default_factory=dict)

    def __enter__(self) -> "Receiver":
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:  # the base class's name
                body = self.rfile.read(int(self.headers["Content-Length"]))
                message = Message(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
                receiver.messages.append(message)
                status = receiver.status_for(message)
                said = f"{status} from {self.path}".encode()
                self.send_response(status)
                for name, value in {"Content-Length": str(len(said)), **receiver.extra}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *_: Any) -> None:
                pass

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: Any) -> None:
                """A caller that hung up is none."""

        self._server = Quiet((LOOPBACK, 0), Handler)
        if self.tls is not None:
            self._server.socket = self.tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def status_for(self, message: Message) -> int:
        """What to answer, after the time that it takes."""
        answer = self.answers.get(message.path, 200)
        if callable(answer):
            return answer(message)
        status, seconds = answer if isinstance(answer, tuple) else (answer, 0.0)
        time.sleep(seconds)
        return status

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    def url(self, path: str = "/hooks") -> str:
        """An address of it."""
        return f"http{'s' if self.tls else ''}://{LOOPBACK}:{self.port}{path}"

    def types(self, path: str = "/hooks") -> list[str]:
        """The types of what came there, in order."""
        return [one.content["type"] for one in self.messages if one.path == path]
