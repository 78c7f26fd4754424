"""
How everybody in the demo talks to orderpipe: JSON over HTTP with a key, one kept-open connection per actor.

A connection that breaks and an answer that says "later" (503, 429) are tried again for a while, as any sensible client does.
"""

import http.client
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

_TRIES = 40
_PAUSE = 0.25
_LATER = frozenset({429, 503})


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, the JSON document or a page's HTML (None where there is neither), the headers by lower-case name."""

    status: int
    document: Any
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether the request was served."""
        return 200 <= self.status < 300

    @property
    def code(self) -> str:
        """The code of a problem document, "" without one."""
        return str(self.document.get("code", "")) if isinstance(self.document, Mapping) else ""


class Unanswered(Exception):
    """The other side does not answer, or not as it should."""


class Refused(Unanswered):
    """The other side refused something that the demo takes to be right."""

    def __init__(self, what: str, answer: Answer) -> None:
        super().__init__(f"{what} was answered {answer.status}: {json.dumps(answer.document, ensure_ascii=False)[:500]}")
        self.answer = answer


class Door:
    """A client with one connection; `key` is an API key, "" for open pages. For one thread only."""

    def __init__(self, address: str, key: str = "") -> None:
        parts = urlsplit(address)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._connection: http.client.HTTPConnection | None = None

    def get(self, path: str, **query: object) -> Any:
        """The document at this path; a list in the query is repeated. Raises Unanswered."""
        given = {name: value for name, value in query.items() if value is not None}
        target = f"{path}?{urlencode(given, doseq=True)}" if given else path
        return _document(f"GET {target}", self.send("GET", target))

    def pages(self, path: str, **query: object) -> Iterator[Mapping[str, Any]]:
        """Every entry of a listing, page after page. Raises Unanswered."""
        cursor = None
        while True:
            page = self.get(path, **query, cursor=cursor)
            yield from page["data"]
            cursor = page.get("next_cursor")
            if not cursor:
                return

    def post(self, path: str, document: object, **headers: str) -> Any:
        """The answer to what was posted. Raises Unanswered; Refused when it was not accepted."""
        return _document(f"POST {path}", self.send("POST", path, document, **headers))

    def post_all(self, path: str, documents: Sequence[object]) -> None:
        """Post a list of which every entry must be accepted. Raises Unanswered; Refused when one was not."""
        answer = self.send("POST", path, documents)
        if not answer.ok or answer.document["refused"]:
            raise Refused(f"POST {path}", answer)

    def send(self, method: str, path: str, document: object = None, **headers: str) -> Answer:
        """
        Send a request and give the answer, whatever its status; bytes go out as they are, anything else as JSON.

        `headers` by name with `_` for `-`. Raises Unanswered after ten seconds of trying.
        """
        body = document if isinstance(document, bytes | None) else json.dumps(document).encode()
        said = {"Content-Type": "application/json", **self._headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        problem = ""
        for _ in range(_TRIES):
            try:
                answer = self._once(method, path, body, said)
            except (OSError, http.client.HTTPException) as error:
                self.close()
                problem = f"{type(error).__name__}: {error}"
            else:
                if answer.status not in _LATER:
                    return answer
                problem = f"{answer.status} {answer.code}"
            time.sleep(_PAUSE)
        raise Unanswered(f"{method} {path} at port {self._port} has no answer: {problem}")

    def _once(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        if self._connection is None:
            self._connection = http.client.HTTPConnection(self._host, self._port, timeout=30)
        self._connection.request(method, path, body, dict(headers))
        response = self._connection.getresponse()
        content = response.read()
        said = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, _parsed(content, said.get("content-type", "")), said)

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _document(what: str, answer: Answer) -> Any:
    if not answer.ok:
        raise Refused(what, answer)
    return answer.document


def _parsed(content: bytes, kind: str) -> Any:
    if "ndjson" in kind:
        return [json.loads(line) for line in content.splitlines() if line.strip()]
    if "html" in kind:
        return content.decode()
    return json.loads(content) if "json" in kind and content else None
