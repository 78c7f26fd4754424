"""
The shops' queues in a vhost of RabbitMQ, or of another broker that speaks AMQP; what is done is acknowledged, the rest comes back.

Each queue has a channel of its own, so that one which its shop has made unusable does not disturb the others.
"""

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import amqp.exceptions
from kombu import Connection, Exchange, Queue
from kombu.exceptions import KombuError

from orderpipe.intake.envelope import Envelope
from workers.mailbox import KEPT, LARGEST, MOST, MOST_BYTES, PATIENCE, Taken

log = logging.getLogger(__name__)

IN_FLIGHT = 50
"""Messages that the broker hands out of one queue before some are done."""
LINGER = 0.01
"""Seconds that a group waits for company."""
LOOK_AGAIN = 10.0
"""Seconds until a queue that could not be used is tried again."""
_HEARTBEAT = 30


class AmqpMailbox:
    """The queues of one vhost."""

    away: tuple[type[Exception], ...] = (KombuError, amqp.exceptions.AMQPError, OSError)

    def __init__(self, url: str) -> None:
        self._connection = Connection(url, heartbeat=_HEARTBEAT, connect_timeout=5)
        self._channels: dict[str, Any] = {}
        self._refused: dict[str, float] = {}
        self._waiting: list[Taken] = []
        self._in_hand: dict[str, Any] = {}

    def take(self, queues: Sequence[str]) -> list[Taken]:
        """Up to MOST messages; the broker hands them out of each queue."""
        with self._or_forget():
            self._listen(queues)
            self._gather()
        taken, self._waiting = self._waiting, []
        return taken

    def _listen(self, queues: Sequence[str]) -> None:
        for name in queues:
            channel = self._channels.get(name)
            if (channel and channel.is_open) or time.monotonic() < self._refused.get(name, 0.0):
                continue
            try:
                self._channels[name] = self._consume(name)
            except self._connection.channel_errors as error:
                self._leave(name, error)

    def _leave(self, name: str, why: object) -> None:
        log.warning("The queue %s cannot be used: %s", name, why)
        self._channels.pop(name, None)
        self._refused[name] = time.monotonic() + LOOK_AGAIN

    def _consume(self, name: str) -> Any:
        queue, channel = Queue(name, Exchange(name), name), self._channel()
        try:
            channel.queue_declare(name, passive=True)  # however its shop has declared it
        except amqp.exceptions.NotFound:
            channel = self._channel()
            queue(channel).declare()
        channel.basic_qos(0, IN_FLIGHT, False)
        withdrawn = partial(self._leave, name)  # the default is to give the whole connection up
        queue(channel).consume("", partial(self._came, name, channel), on_cancel=withdrawn)
        return channel

    def _channel(self) -> Any:
        return self._connection.channel()

    def _came(self, queue: str, channel: Any, raw: Any) -> None:
        message = channel.message_to_python(raw)
        body = message.body if isinstance(message.body, bytes) else str(message.body).encode("utf-8", "replace")
        tag, again = f"{queue}/{message.delivery_tag}", bool((message.delivery_info or {}).get("redelivered"))
        self._in_hand[tag] = message
        opened = Envelope(message.headers or {}, body, str(message.content_type))
        self._waiting.append(Taken(queue, tag, body if len(body) <= LARGEST else body[:KEPT], len(body), 1 + again, opened))

    def _gather(self) -> None:
        self._connection.heartbeat_check()
        patience, bytes_come = PATIENCE, 0
        while len(self._waiting) < MOST and bytes_come < MOST_BYTES:
            try:
                self._connection.drain_events(timeout=patience)
            except TimeoutError:
                return
            patience, bytes_come = LINGER, sum(one.size for one in self._waiting)

    def done(self, messages: Sequence[Taken]) -> None:
        """Acknowledge them; those that came over a connection that has ended come again, and are known by then."""
        with self._or_forget():
            for one in messages:
                if (message := self._in_hand.pop(one.tag, None)) is not None:
                    message.ack()

    def give_back(self, messages: Sequence[Taken]) -> None:
        """Put them back into their queues."""
        with self._or_forget():
            for one in messages:
                if (message := self._in_hand.pop(one.tag, None)) is not None:
                    message.requeue()

    def close(self) -> None:
        """Let go of the connection; what was not acknowledged goes back into its queue."""
        self._forget()

    @contextmanager
    def _or_forget(self) -> Iterator[None]:
        """Begin anew when the connection ends, whatever it was used for: Kombu would open another one by itself, and listen to no queue."""
        try:
            yield
        except self.away:
            self._forget()
            raise

    def _forget(self) -> None:
        self._channels, self._waiting, self._in_hand = {}, [], {}
        self._connection.collect()
