"""
A shop's own system that puts orders onto the broker door, with plain Celery and nothing of ours, as docs/broker-door.md tells it to.
"""

import hashlib
import hmac
import json
import time
from typing import Any

from celery import Celery


class ShopSystem:
    """`url` is the door's broker; `key` the shop's own."""

    def __init__(self, url: str, shop: str, key: str) -> None:
        self.url = url
        self.queue = f"submit.{shop}"
        self._secret = hashlib.sha256(key.encode()).digest()
        self.celery = Celery(broker=url, set_as_current=False)
        if url.startswith("amqp"):
            self.celery.conf.broker_transport_options = {"confirm_publish": True}  # else a restart of RabbitMQ swallows a message

    def signed(self, orders: Any, at: float | None = None) -> dict[str, Any]:
        """The arguments of the task: an order, a list, or a text as it stands."""
        payload = orders if isinstance(orders, str) else json.dumps(orders)
        timestamp = int(time.time() if at is None else at)
        signature = hmac.new(self._secret, f"{timestamp}.{payload}".encode(), "sha256").hexdigest()
        return {"payload": payload, "timestamp": timestamp, "signature": signature}

    def submit(self, orders: Any, *, at: float | None = None, **options: Any) -> str:
        """Send; returns the task's id."""
        return self.call(self.signed(orders, at), **options)

    def call(self, arguments: Any, name: str = "submit", **options: Any) -> str:
        """Send anything."""
        given = {"kwargs": arguments} if isinstance(arguments, dict) else {"args": arguments}
        return str(self.celery.send_task(name, **({"queue": self.queue} | given | options)).id)

    def close(self) -> None:
        """Let go of the broker."""
        self.celery.close()
