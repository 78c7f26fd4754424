"""
The own system of a shop, which wants to be told what happens to its orders: it takes webhooks, and believes only what is signed.
"""

import base64
import hashlib
import hmac
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from orderpipe.simulation.actor import Actor
from orderpipe.simulation.door import Door
from orderpipe.simulation.scene import Scene

EVENTS = ("order.received", "order.completed", "order.canceled", "fulfillment.shipped")
_STORY = "webhooks"


class Listener(Actor):
    """The system of the sample's first shop; it registers itself, and then has only to listen."""

    pause = 1.0

    def __init__(self, scene: Scene) -> None:
        shop, keys = next(iter(scene.keys.items()))
        super().__init__(f"system of {shop}", scene)
        self._door = Door(scene.addresses.api, keys.shop)
        self._secret = ""
        self.seen: set[str] = set()
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(listener.take(body, {name.lower(): value for name, value in self.headers.items()}))
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Nothing: what came is counted."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self._server.serve_forever, name="webhooks", daemon=True).start()

    def look(self) -> None:
        """Ask to be told, once."""
        if not self._secret:
            url = f"http://127.0.0.1:{self._server.server_port}/orders"
            self._secret = self._door.post("/v1/webhook-endpoints", {"url": url, "events": EVENTS, "description": "ours"})["secret"]

    def take(self, body: bytes, headers: dict[str, str]) -> int:
        """Take a message; the status to answer. One that comes again counts once."""
        if not is_signed(body, headers, self._secret):
            self.scene.trouble(f"{self.name}: a webhook came that is not signed with our secret")
            return 400
        if headers["webhook-id"] not in self.seen:
            self.seen.add(headers["webhook-id"])
            self.scene.witness(_STORY, "signed")
            self.scene.witness(_STORY, json.loads(body)["type"].rpartition(".")[2])
        return 204


def is_signed(body: bytes, headers: dict[str, str], secret: str) -> bool:
    """Whether this comes from whoever has the secret, as Standard Webhooks has it."""
    signed = b".".join((headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    ours = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return any(hmac.compare_digest(ours, theirs) for theirs in headers["webhook-signature"].split())
