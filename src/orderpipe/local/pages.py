"""
The catchers' web pages: a small HTTP server on loopback that shows what was caught, to people and to programs.
"""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

LOCAL_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})
LARGEST_BODY = 1_000_000
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; form-action 'self'; base-uri 'none'"
_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:60rem;padding:1.5rem;color:#1f2933;background:#fff}
table{border-collapse:collapse;width:100%}
td,th{text-align:left;padding:.4rem .8rem .4rem 0;border-bottom:1px solid #e4e7eb;vertical-align:top}
time,.quiet{color:#66727f;white-space:nowrap}pre{white-space:pre-wrap;background:#f5f6f7;padding:1rem;border-radius:6px}
iframe{width:100%;height:48rem;border:1px solid #e4e7eb;border-radius:6px}a{color:#0b6e5f}input{font:inherit;padding:.3rem}
"""


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked: the parts of the path, the query, and the body."""

    method: str
    path: tuple[str, ...]
    query: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered."""

    content: bytes
    type: str = "text/html; charset=utf-8"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def page(title: str, body: str) -> Answer:
    """A page around this HTML."""
    head = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style>'
    viewport = '<meta name="viewport" content="width=device-width, initial-scale=1">'
    return Answer(f"{head}{viewport}<h1>{escape(title)}</h1>{body}".encode(), headers={"Content-Security-Policy": _POLICY})


def data(value: Any, status: int = 200) -> Answer:
    """JSON for a program."""
    return Answer(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"), "application/json", status)


def missing() -> Answer:
    """There is nothing here."""
    return Answer(b"There is nothing here.\n", "text/plain; charset=utf-8", 404)


class PageServer:
    """Serves `answer` on loopback from entering to leaving; `port` is the one it got when 0 was asked for."""

    def __init__(self, port: int, answer: Callable[[Request], Answer]) -> None:
        handler = type("Handler", (_Handler,), {"answer": staticmethod(answer)})
        self._server = _Server(("127.0.0.1", port), handler)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, name="pages", daemon=True)

    def __enter__(self) -> "PageServer":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 100


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "orderpipe", ""
    disable_nagle_algorithm = True
    timeout = 30
    answer: Callable[[Request], Answer]

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit() or int(length) > LARGEST_BODY:
            self.close_connection = True
            self._send(Answer(b"The body must say its length and be small.\n", "text/plain", 413))
            return
        self._answer(self.rfile.read(int(length)))

    def _answer(self, body: bytes) -> None:
        # a page on the internet could otherwise read local letters by a name of its own that leads to 127.0.0.1
        if urlsplit(f"//{self.headers.get('Host', '')}").hostname not in LOCAL_NAMES:
            self._send(Answer(b"This server answers to local names only.\n", "text/plain", 403))
            return
        parts = urlsplit(self.path)
        path = tuple(part for part in parts.path.split("/") if part)
        request = Request(self.command, path, dict(parse_qsl(parts.query, keep_blank_values=True)), body)
        try:
            self._send(type(self).answer(request))
        except ValueError as error:
            self._send(data({"detail": str(error)}, 400))

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        headers = {"Content-Type": answer.type, "Content-Length": str(len(answer.content)), "X-Content-Type-Options": "nosniff"}
        for name, value in (headers | {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"} | dict(answer.headers)).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.content)

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing: the caught letters are the log."""
