"""
The sender of webhooks killed between the receiver's answer and the record: nothing is lost, and what comes twice has the id it had.
"""

import threading
from collections import defaultdict
from datetime import UTC, datetime
from functools import partial

from sqlalchemy import text

from orderpipe.domain.addresses import networks
from orderpipe.sideflows import webhooks
from tests.faults.harness import REST, Plant
from tests.receiver import Message, Receiver

KILLS = 3
ALLOWED = "127.0.0.0/8"


def test_killed_between_answer_and_record(plant: Plant) -> None:
    with Receiver() as receiver:
        killed: list[int] = []

        def answer(_: Message) -> int:
            if len(killed) < KILLS and len(receiver.messages) >= 25 * (len(killed) + 1):
                killed.append(len(receiver.messages))
                threading.Timer(0.02, plant.kill, ("rest",)).start()
            return 200

        receiver.answers["/hooks"] = answer
        plant.repeats_allowed = True
        with plant.engine.begin() as tx:
            made = webhooks.add(tx, plant.shop_id, receiver.url(), allowed=networks(ALLOWED), now=datetime.now(UTC))
        plant.worker("rest", REST, 2, ORDERPIPE_LEASE_SECONDS="4", ORDERPIPE_WEBHOOK_ALLOW=ALLOWED)
        orders = plant.feed(40, plain=True)
        for number in range(1, KILLS + 1):
            plant.wait_until(partial(_is_dead, plant, killed, number), 90, "the sender was killed")
            plant.processes["rest"].start()
        plant.settle()
        plant.wait_until(lambda: plant.value("SELECT count(*) FROM webhook_delivery WHERE state <> 'sent'") == 0
            and _entries(plant, orders) == _arrived(receiver), 90, "everything was told")
        with plant.engine.begin() as tx:
            webhooks.remove(tx, made.endpoint.id, None)
    ids = [message.id for message in receiver.messages]
    assert len(ids) > len(set(ids)), "No kill fell between the answer and the record."
    first: dict[str, list[int]] = defaultdict(list)
    for message in {one.id: one for one in reversed(receiver.messages)}.values():
        message.verify(made.secret)
    for message in receiver.messages:
        data = message.content["data"]
        if data["sequence"] not in first[data["id"]]:
            first[data["id"]].append(data["sequence"])
    assert all(numbers == sorted(numbers) for numbers in first.values()), "Within an order they come in its order."


def _is_dead(plant: Plant, killed: list[int], times: int) -> bool:
    return len(killed) >= times and not plant.processes["rest"].is_running()


def _entries(plant: Plant, orders: list[int]) -> int:
    with plant.engine.begin() as tx:
        return int(tx.execute(text("SELECT count(*) FROM journal WHERE order_id = ANY(:ids)"), {"ids": orders}).scalar_one())


def _arrived(receiver: Receiver) -> int:
    return len({message.id for message in receiver.messages})
