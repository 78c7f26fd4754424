"""
The broker door over a real Redis and a real database: every message is an order, a refusal that its shop can read, or a count.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Never

import pytest
from kombu.exceptions import KombuError
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from orderpipe.intake import submission
from orderpipe.intake.envelope import Envelope
from orderpipe.intake.groups import GroupWriter
from orderpipe.intake.outcomes import Outcome, Received, Refused
from orderpipe.store import shops
from tests.servers import RedisServer
from tests.shop_system import ShopSystem
from tests.workers.house import House
from workers import door as broker_door
from workers import mailbox, mailbox_redis
from workers.mailbox_redis import RedisMailbox


def test_takes_an_order_down_and_hints_at_it(house: House) -> None:
    task = house.corner.submit({"reference": "A"})
    house.work()
    one, = house.intakes()
    assert (one.state, one.channel, one.source_id) == ("recorded", "broker", f"{task}/1")
    assert one.sender == f"shop key …{house.key[-4:]}"
    assert house.hints == [("validate", [one.order_id], "standard")]
    assert house.is_empty()


def test_takes_every_priority_and_arguments_by_position(house: House) -> None:
    for priority in range(10):
        house.corner.call(list(house.corner.signed({"reference": f"P{priority}"}).values()), priority=priority)
    house.work()
    assert sorted(house.references()) == [f"P{priority}" for priority in range(10)]


def test_judges_each_order_of_a_list_for_itself(house: House) -> None:
    task = house.corner.submit([{"reference": "A"}, {"reference": "B", "colour": "red"}, {"reference": "C"}])
    house.work()
    assert house.references() == ["A", "C"]
    refused, = house.intakes(state="refused")
    assert refused.source_id == f"{task}/2"
    assert house.refusal()["errors"][0]["pointer"] == "/colour"
    assert [one.source_id for one in house.intakes(task=task)] == [f"{task}/{place}" for place in (1, 2, 3)]


def test_writes_messages_that_came_together_in_one_transaction(house: House) -> None:
    for number in range(30):
        house.corner.submit({"reference": f"A{number}"})
    assert house.door.round() == 30
    assert [len(ids) for _, ids, _ in house.hints] == [30]
    with house.engine.begin() as tx:
        assert tx.execute(text("SELECT count(DISTINCT xmin::text) FROM orders")).scalar_one() == 1


def test_takes_the_same_order_once_and_says_when_a_reference_is_taken(house: House) -> None:
    for order in ({"reference": "A"}, {"reference": "A"}, {"reference": "A", "note": "other"}):
        house.corner.submit(order)
    house.work()
    assert house.references() == ["A"]
    assert (house.refusal()["status"], house.refusal()["code"]) == (409, "reference-taken")


def test_the_same_message_again_changes_nothing(house: House) -> None:
    for _ in range(2):
        house.corner.call(house.corner.signed([{"reference": "A"}, {"reference": "B", "colour": 1}], at=1764000000 + 31536000), task_id="t")
        house.work()
    assert len(house.intakes()) == 2


@pytest.mark.parametrize("payload", ["", "no json", "[]", "7", '{"reference": ""}', "[" * 50_000])
def test_tells_the_shop_what_is_wrong_with_what_it_signed(house: House, payload: str) -> None:
    house.corner.submit(payload)
    house.work()
    assert house.refusal()["status"] == 422
    assert house.refusal()["errors"][0]["detail"]
    assert house.hints == []


def test_takes_nothing_that_another_shop_or_nobody_has_signed(house: House) -> None:
    house.corner.call(house.other.signed({"reference": "A"}))
    house.work()
    assert house.refusal()["code"] == "bad-signature"
    assert house.intakes()[0].sender == "nobody known"
    assert house.references() + house.references(house.other_id) == []


def test_a_revoked_key_opens_nothing_and_a_new_one_everything_at_once(house: House) -> None:
    house.corner.submit({"reference": "A"})
    house.work()
    with house.engine.begin() as tx:
        key, = shops.keys_of(tx, house.shop_id)
        new = ShopSystem(house.corner.url, "corner", shops.rotate(tx, key.id, datetime.now(UTC)))
    house.corner.submit({"reference": "B"})
    new.submit({"reference": "C"})
    new.close()
    house.work()
    assert house.references() == ["A", "C"]
    assert house.refusal()["code"] == "bad-signature"


def test_a_key_of_another_role_signs_nothing(house: House) -> None:
    with house.engine.begin() as tx:
        warehouse = ShopSystem(house.corner.url, "corner", shops.create_key(tx, house.shop_id, "warehouse"))
    warehouse.submit({"reference": "A"})
    warehouse.close()
    house.work()
    assert house.references() == []


def test_leads_no_chain_callback_or_other_task_anywhere(house: House) -> None:
    signature = partial(house.corner.celery.signature, args=([1],), queue="submit.corner")
    evil: dict[str, Any] = {
        "link": signature("validate"), "link_error": signature("sweep"), "chain": [signature("receive")], "reply_to": "x",
        "eta": datetime.now(UTC) + timedelta(days=300), "expires": datetime.now(UTC) + timedelta(days=1), "time_limit": 1, "retries": 9,
    }
    house.corner.submit({"reference": "A"}, **evil)
    house.corner.submit({"reference": "B", "colour": 1}, **evil)
    house.corner.call([[1]], "validate")
    house.work()
    assert house.references() == ["A"]
    assert [step for step, _, _ in house.hints] == ["validate"]
    assert house.is_empty()
    assert {key for key in house.redis.scan_iter() if b"kombu.binding" not in key} == {mailbox_redis.TAGS.encode()}


GARBAGE = [
    b"", b"\xff\xfe\x00\x80", b"not json", b"[1, 2]", b"7", b"null", b'"\\u0000"', b"[" * 200_000, b"1" * 10_000, b"{}",
    b'{"headers": {}, "properties": {}, "body": "-", "content-type": 5}', b'{"headers": {"task": "submit", "id": "a\\u0000"},'
    b' "properties": {"body_encoding": "base64"}, "body": "%%%", "content-type": "application/json"}',
]


def test_takes_no_harm_from_garbage(house: House) -> None:
    for raw in GARBAGE:
        house.redis.lpush("submit.corner", raw)
    house.corner.submit({"reference": "A"})
    house.other.submit({"reference": "B"})
    house.work()
    assert (house.references(), house.references(house.other_id)) == (["A"], ["B"])
    assert {one.result["code"] for one in house.intakes(state="refused") if one.result} == {"unreadable"}
    assert len(house.intakes(state="refused")) == len(GARBAGE)
    assert house.is_empty()


def test_a_list_that_is_none_disturbs_nobody(house: House) -> None:
    house.redis.set("submit.corner", "a string")
    house.other.submit({"reference": "B"})
    house.work()
    assert house.references(house.other_id) == ["B"]


def test_keeps_a_little_of_what_is_too_large_and_refuses_it(house: House) -> None:
    house.redis.lpush("submit.corner", b"x" * (mailbox.LARGEST + 1))
    house.corner.submit({"reference": "A"})
    house.work()
    assert house.references() == ["A"]
    assert str(mailbox.LARGEST + 1) in house.refusal()["errors"][0]["detail"]
    with house.engine.begin() as tx:
        assert tx.execute(text("SELECT max(length(raw)) FROM intake")).scalar_one() == mailbox.KEPT


def test_a_flood_of_unsigned_messages_fills_neither_the_books_nor_the_log(house: House, caplog: pytest.LogCaptureFixture) -> None:
    house.redis.lpush("submit.corner", *[f"garbage {number}" for number in range(1000)])
    house.work()
    assert len(house.intakes(state="refused")) == broker_door.STRANGERS_KEPT
    assert len(caplog.records) == 1
    assert house.is_empty()


def test_goes_on_when_redis_is_full(engine: Engine, private_redis: Callable[[], RedisServer]) -> None:
    house = House(engine, private_redis().url())
    house.corner.submit({"reference": "A"})
    house.corner.submit({"reference": "B"})
    before = RedisMailbox(house.corner.url, timedelta(0))
    before.take(["submit.corner"])
    before.close()
    house.corner.submit({"reference": "C"})
    house.redis.config_set("maxmemory", 1)
    with pytest.raises(KombuError):
        house.corner.submit({"reference": "D"}, retry=False)
    house.work()
    house.close()
    assert sorted(house.references()) == ["A", "B", "C"]


def test_serves_the_shops_in_turn(house: House) -> None:
    for number in range(300):
        house.corner.submit({"reference": f"C{number}"})
    house.other.submit({"reference": "B"})
    house.door.round()
    assert house.references(house.other_id) == ["B"]
    assert len(house.references()) == mailbox.MOST - 1


def test_what_a_dead_door_had_in_hand_comes_back_alone(house: House) -> None:
    for number in range(3):
        house.corner.submit({"reference": f"A{number}"})
    died = RedisMailbox(house.corner.url, timedelta(0))
    assert len(died.take(["submit.corner"])) == 3
    died.close()
    house.work()
    assert sorted(house.references()) == ["A0", "A1", "A2"]
    assert len(house.hints) == 3
    assert house.is_empty()


def test_refuses_unread_what_has_ended_its_reader_again_and_again(house: House) -> None:
    house.corner.submit({"reference": "A"})
    dies = RedisMailbox(house.corner.url, timedelta(0))
    for _ in range(broker_door.MOST_TIMES):
        assert dies.take(["submit.corner"])
    dies.close()
    house.work()
    assert house.references() == []
    assert house.refusal()["errors"][0]["code"] == "deadly"


def test_a_mistake_of_ours_stops_no_other_message(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(envelope: Envelope, *others: Any) -> list[Received]:
        if b"oops" in envelope.body:
            raise ZeroDivisionError
        return submission.read(envelope, *others)

    monkeypatch.setattr(broker_door, "read", read)
    for reference in ("A", "oops", "B"):
        house.corner.submit({"reference": reference})
    house.work()
    assert house.references() == ["A", "B"]
    assert house.refusal()["errors"][0]["code"] == "internal-error"


def test_gives_back_what_came_while_the_database_went_away(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> Never:
        raise OperationalError("SELECT", {}, ConnectionError())

    house.door.round()
    house.corner.submit({"reference": "A"})
    monkeypatch.setattr(broker_door, "senders", away)
    for _ in range(5):
        with pytest.raises(OperationalError):
            house.door.round()
    monkeypatch.undo()
    house.work()
    assert house.references() == ["A"]


def test_gives_back_what_it_could_not_write_before_it_had_to_stop(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.corner.submit({"reference": "A"})
    house.door.stopping.set()
    monkeypatch.setattr(GroupWriter, "write", lambda _, group: [Refused(503, "unavailable", "")] * len(group))
    house.door.round()
    again, = house.mailbox.take(["submit.corner"])
    assert (again.times, json.loads(again.raw)["headers"]["task"]) == (1, "submit")


def test_keeps_what_could_not_be_written_for_another_time(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def write(writer: GroupWriter, group: list[Received]) -> list[Outcome]:
        bad = [one for one in group if b"bad" in one.raw]
        outcomes = iter(written(writer, [one for one in group if one not in bad]))
        return [Refused(500, "internal-error", "") if one in bad else next(outcomes) for one in group]

    written = GroupWriter.write
    monkeypatch.setattr(GroupWriter, "write", write)
    for reference in ("A", "bad", "B"):
        house.corner.submit({"reference": reference})
    house.work()
    assert house.references() == ["A", "B"]
    assert house.redis.hlen(mailbox_redis.HELD) == 1
    monkeypatch.undo()
    house.redis.execute_command("ZADD", mailbox_redis.DUE, 0, *house.redis.hkeys(mailbox_redis.HELD))
    house.work()
    assert house.references() == ["A", "B", "bad"]
    assert house.is_empty()
