"""
The Celery app and its settings, and the hints that are sent over it: a message only says that there may be something to do.

A hint that cannot be sent is dropped; the clock finds the units within a minute. Nothing that matters is ever only in a message.
"""

import logging
from collections.abc import Sequence
from typing import Any

import amqp.exceptions
import celery
import redis.exceptions
from celery import Celery
from kombu import Connection
from kombu import Queue as BrokerQueue
from kombu.exceptions import KombuError
from kombu.transport import redis as redis_transport

from orderpipe.domain.orders import fulfillment_number_of, number_of
from orderpipe.flow import STEP, Lane, Queue, Unit, chain_from
from orderpipe.settings import settings

log = logging.getLogger(__name__)

MESSAGE = 200
"""Units that one message carries at most."""

_REDIS_OPTIONS = {
    "visibility_timeout": 300,  # longer than any task may run
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "socket_keepalive": True,
    "health_check_interval": 15,
    "global_keyprefix": "orderpipe:",
    "client_name": "orderpipe",
}

_QUORUM = {"x-queue-type": "quorum", "x-delivery-limit": 5}
"""RabbitMQ keeps such a queue at work while a node of its cluster is away, and drops what nobody survives; the clock finds those units."""


class OrderpipeCelery(Celery):
    """Celery that shows in Flower what a message is about: the stage, how many units, and the first and last number."""

    def send_task(self, name: str, args: Any = None, kwargs: Any = None, **options: Any) -> Any:  # type: ignore[override]
        """Send as Celery does; the description is set at each publish, because one set on a signature is lost on later links."""
        options["argsrepr"] = describe(name, args)
        return super().send_task(name, args, kwargs, **options)


def describe(name: str, args: Sequence[Any] | None) -> str:
    """What a message says in Flower, such as `validate: 37 orders 100001-2 … 100037-6`."""
    ids = args[0] if args else None
    if not isinstance(ids, list) or not ids:
        return f"{name}: {', '.join(map(str, args or ())) or 'whatever is due'}"
    unit = STEP[name].unit if name in STEP else Unit.ORDER
    numbered = {Unit.ORDER: number_of, Unit.FULFILLMENT: fulfillment_number_of}.get(unit, str)
    return f"{name}: {len(ids)} {unit}{'s' if len(ids) > 1 else ''} {numbered(min(ids))} … {numbered(max(ids))}"


def _make_app() -> OrderpipeCelery:
    app = OrderpipeCelery("orderpipe", broker=settings().broker_url or "redis://127.0.0.1:6379/0")
    kind = _QUORUM if app.conf.broker_url.startswith("amqp") else None
    app.conf.update(
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=False,  # True repeats a killer without end on Redis
        task_retry_on_worker_lost=True,
        task_acks_on_failure=True,
        task_acks_on_timeout=True,
        task_time_limit=120,
        task_soft_time_limit=90,
        task_publish_retry=True,
        task_publish_retry_policy={"max_retries": 2, "interval_start": 0, "interval_step": 0.2, "interval_max": 0.5},
        task_default_queue=Queue.CARE.value,
        task_queues=[
            BrokerQueue(name, queue_arguments=kind) for name in (*(lane.queue for lane in Lane), *(queue.value for queue in Queue))
        ],
        task_create_missing_queues=False,  # a typo must fail, not fill a queue that nobody reads
        worker_send_task_events=True,
        worker_prefetch_multiplier=1,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_max_tasks_per_child=5000,
        worker_max_memory_per_child=400_000,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_soft_shutdown_timeout=1.0,  # a batch takes far less; whoever stops us is not kept waiting
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_pool_acquire_timeout=5,
        enable_utc=True,
        timezone="UTC",
    )
    if app.conf.broker_url.startswith("redis"):
        app.conf.broker_transport_options = _REDIS_OPTIONS
    return app


def _keep_busy_workers_alive() -> None:
    """
    Let a worker that holds a running message outlive a restart of Redis.

    Celery 5.7.0 collects the transport before the late ack asks its channel for connection parameters, and exits on the
    AttributeError; an error that the reconnect logic knows lets it come back. Check again with each Celery version.
    """
    channels: Any = redis_transport.Channel
    original = channels._connparams

    def connection_parameters(channel: Any, *args: Any, **kwargs: Any) -> Any:
        if channel.connection.client is None:
            raise redis.exceptions.ConnectionError("The Redis channel is closed already.")
        return original(channel, *args, **kwargs)

    channels._connparams = connection_parameters


if celery.__version__ == "5.7.0":
    _keep_busy_workers_alive()

app = _make_app()


def send_stage(step: str, ids: Sequence[int], lane: Lane | str, *, tried: bool = False) -> None:
    """
    Hint that these units may be taken by this stage and the ones after it; all of one lane. Call after the commit.

    `tried` says that units were sent before and never came through: their worker then takes care as with a message that came back.
    Never raises for the broker's sake: what could not be sent is found by the clock.
    """
    queue = Lane(lane).queue
    # what is received has no lane yet; its orders are sent on when they are known
    links = chain_from(step)[1:] if step != "receive" else ()
    later = [app.signature(link.name, queue=queue) for link in reversed(links)]
    first = Queue.INTAKE.value if step == "receive" else queue
    for start in range(0, len(ids), MESSAGE):
        # what Celery's own `chain` sends, without preparing each link anew for every message
        if not _sent(step, (list(ids[start : start + MESSAGE]),), queue=first, chain=later, retries=int(tried)):
            return


def send_task(name: str, *args: Any, queue: Queue) -> None:
    """Hint that a job beside the stages has something to do. Never raises for the broker's sake."""
    _sent(name, args, queue=queue.value)


UNREACHABLE = (KombuError, redis.exceptions.RedisError, amqp.exceptions.AMQPError, OSError, TimeoutError)
"""What is raised where the broker does not answer or refuses."""


def _sent(name: str, args: Sequence[Any], **options: Any) -> bool:
    try:
        app.send_task(name, args, **options)
    except UNREACHABLE as error:
        log.warning("The broker took no message (%s); the clock will find the units.", error)
        return False
    return True


def queue_length(name: str) -> int | None:
    """Messages waiting in a queue; None when the broker does not say."""
    try:
        with app.connection_for_read(connect_timeout=2) as connection, connection.channel() as channel:
            return _length(connection, channel, name)
    except UNREACHABLE as error:
        log.warning("The broker does not tell the length of %s (%s).", name, error)
        return None


def _length(connection: Any, channel: Any, name: str) -> int:
    try:
        return int(channel.queue_declare(queue=name, passive=True).message_count)
    except connection.channel_errors:  # nobody has used this queue yet
        return 0


def lengths_at(url: str, names: Sequence[str]) -> dict[str, int] | None:
    """Messages waiting in these queues of another broker; None when it does not answer."""
    try:
        with Connection(url, connect_timeout=2) as connection:
            return {name: _length(connection, connection.channel(), name) for name in names}
    except UNREACHABLE as error:
        log.warning("The broker of the door does not answer (%s).", error)
        return None
