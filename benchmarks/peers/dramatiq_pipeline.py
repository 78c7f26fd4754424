"""
Peer (c): dramatiq's pipeline of actors over Redis, one order a message. Its workers run as `dramatiq benchmarks.peers.dramatiq_pipeline`.
"""

from collections.abc import Callable
from typing import Any

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from benchmarks.peers import letters, plain
from orderpipe.settings import settings

broker = RedisBroker(url=settings().broker_url)
dramatiq.set_broker(broker)
letter = dramatiq.actor(letters.send, actor_name="letter", queue_name="mail")


def _actor(work: Callable[[int], int | None]) -> Any:
    def run(unit_id: int) -> None:
        if letter_id := work(unit_id):
            letter.send(letter_id)

    return dramatiq.actor(run, actor_name=work.__name__, queue_name="stages")


ACTORS = {work.__name__: _actor(work) for work in plain.STAGES}


def start(order_id: int, letter_id: int, _lane: str) -> None:
    """An order was taken down: confirm it, and take it to the warehouse."""
    letter.send(letter_id)
    _send([(name, order_id) for name in plain.OF_ORDER])


def go_on(step: str, parcel: int, _lane: str) -> None:
    """The warehouse or the carrier has spoken: on to the next wait, or to the end."""
    _send(plain.links(step, parcel))


def _send(links: list[tuple[str, int]]) -> None:
    messages = [ACTORS[name].message_with_options(args=(unit_id,), pipe_ignore=True) for name, unit_id in links]
    dramatiq.pipeline(messages).run()
