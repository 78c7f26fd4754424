"""
The demo's client against a server that answers as a busy one does.
"""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from orderpipe.simulation.door import Door, Refused


class Busy(BaseHTTPRequestHandler):
    """Says "later" to every second request, pages through numbers, refuses whatever is posted but lists."""

    protocol_version = "HTTP/1.1"
    asked = 0

    def do_GET(self) -> None:
        type(self).asked += 1
        if self.asked % 2:
            self._answer(503, {"code": "busy"})
        elif "cursor=2" in self.path:
            self._answer(200, {"data": [3], "next_cursor": None})
        else:
            self._answer(200, {"data": [1, 2], "next_cursor": "2"})

    def do_POST(self) -> None:
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        refused = sum(one == "wrong" for one in sent)
        self._answer(200 if isinstance(sent, list) else 409, {"code": "taken", "refused": refused, "results": []})

    def _answer(self, status: int, document: object) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def door() -> Iterator[Door]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Busy) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        client = Door(f"http://127.0.0.1:{server.server_port}")
        yield client
        client.close()
        server.shutdown()
        thread.join()


def test_reads_every_page_and_tries_again_when_told_to_come_later(door: Door) -> None:
    assert [str(one) for one in door.pages("/v1/numbers", limit=2)] == ["1", "2", "3"]


def test_says_what_was_refused(door: Door) -> None:
    with pytest.raises(Refused, match="409") as refusal:
        door.post("/v1/orders", {"reference": "1"})
    assert refusal.value.answer.code == "taken"


def test_takes_a_list_only_when_every_entry_was_accepted(door: Door) -> None:
    door.post_all("/v1/products", ["right", "right"])
    with pytest.raises(Refused):
        door.post_all("/v1/products", ["right", "wrong"])
