"""
An SMS provider that delivers nothing: it takes what Apprise posts, keeps it, and shows it on a page and as JSON.

Set up with ORDERPIPE_SMS_URL=json://127.0.0.1:PORT/sms?:to={to}. A number that ends in 0450 gets the answer 450, in 0503 503.
"""

import argparse
import json
import signal
import sys
import threading
from collections.abc import Mapping
from functools import partial
from html import escape
from pathlib import Path
from types import TracebackType
from typing import Any

from orderpipe.local.pages import Answer, PageServer, Request, data, missing, page
from orderpipe.local.shelf import Entry, Shelf, entries_in

NAME = "messages"
_FAILING = {"0450": 450, "0503": 503}


def messages_in(folder: Path, *, limit: int = 100) -> list[dict[str, Any]]:
    """The messages in a catcher's folder, the newest first: id, at, to, text."""
    return entries_in(folder, NAME, limit=limit)


def answer(shelf: Shelf, request: Request) -> Answer:
    """The catcher's pages: `/`, `/messages` as JSON, and `POST /sms` for the provider's part."""
    match request.method, request.path:
        case "GET", ():
            return _overview(_found(shelf, request.query))
        case "GET", ("messages",):
            found = _found(shelf, request.query)
            since = int(request.query.get("since") or 0)
            return data({"data": found, "next_since": max((one["id"] for one in found), default=since)})
        case "POST", ("sms",):
            return _take(shelf, request)
        case _:
            return missing()


def _take(shelf: Shelf, request: Request) -> Answer:
    said = json.loads(request.body)
    if not isinstance(said, dict):
        raise ValueError("The body must be a JSON object.")
    to = str(said.get("to") or request.query.get("to") or "")
    if failure := _FAILING.get(to[-4:]):
        return data({"detail": "As the number asked for."}, failure)
    return data({"id": shelf.put({"to": to, "text": str(said.get("message", ""))})}, 201)


def _found(shelf: Shelf, query: Mapping[str, str]) -> list[Entry]:
    to = query.get("to", "")
    since = int(query["since"]) if "since" in query else None
    return shelf.find(lambda label: to in label["to"], since=since, limit=min(int(query.get("limit", 100)), 1000))


def _overview(entries: list[Entry]) -> Answer:
    rows = "".join(
        f'<tr><td><time>{escape(one["at"][:19].replace("T", " "))}</time><td class="quiet">{escape(one["to"])}<td>{escape(one["text"])}'
        for one in entries
    )
    note = '<p class="quiet">What orderpipe has sent, the newest first (UTC). As JSON: <a href="/messages">/messages</a></p>'
    return page("Text messages", f"{note}<table><tr><th>At<th>To<th>Message{rows}</table>")


class SmsCatcher:
    """The catcher from entering to leaving, on loopback; port 0 takes a free one."""

    def __init__(self, folder: Path, *, http_port: int = 0) -> None:
        self._shelf = Shelf(folder, NAME, labels=("to",), most_bytes=16_000_000)
        self._pages = PageServer(http_port, partial(answer, self._shelf))
        self.http_port = self._pages.port

    def __enter__(self) -> "SmsCatcher":
        self._pages.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._pages.__exit__(kind, error, trace)
        self._shelf.close()

    @property
    def sms_url(self) -> str:
        """What ORDERPIPE_SMS_URL is to be."""
        return f"json://127.0.0.1:{self.http_port}/sms?:to={{to}}"


def main() -> int:
    """The command line: runs until Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m orderpipe.local.sms_catcher", description=__doc__)
    parser.add_argument("--http-port", type=int, default=0)
    parser.add_argument("--folder", type=Path, required=True, help="where the messages are kept")
    arguments = parser.parse_args()
    asked_to_stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked_to_stop.set())
    try:
        with SmsCatcher(arguments.folder, http_port=arguments.http_port) as catcher:
            print(f"export ORDERPIPE_SMS_URL='{catcher.sms_url}'\n# messages: http://127.0.0.1:{catcher.http_port}/", flush=True)
            asked_to_stop.wait()
    except OSError as error:
        print(f"The SMS catcher cannot start: {error}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
