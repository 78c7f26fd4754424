"""
Letters that become one: several changes within the pause are told together, nothing twice and nothing not at all.
"""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, text

from orderpipe.domain.decisions import Tell
from orderpipe.domain.notices import Later, Result, Sent
from orderpipe.store import notifications
from tests import builders
from tests.outbox import NOON, add_order, add_shop, shipped, tell

PAUSE = timedelta(seconds=60)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """The test's database."""
    engine = create_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def order_id(engine: Engine) -> int:
    """An order of the tea shop."""
    with engine.begin() as tx:
        return add_order(tx, add_shop(tx))


def canceled(order_id: int, line: int, **more: Any) -> tuple[int, Tell]:
    return order_id, Tell("canceled", {"lines": [{"number": line, "quantity": 1}], **more}, f"canceled:{order_id}:{line}")


def told(engine: Engine, order_id: int) -> list[tuple[str, Any]]:
    with engine.begin() as tx:
        rows = tx.execute(text("SELECT state, facts FROM notification WHERE order_id = :id ORDER BY id"), {"id": order_id})
        return [(row.state, row.facts) for row in rows]


def leased(engine: Engine, after: timedelta = PAUSE, channel: str = "email") -> list[Any]:
    with engine.begin() as tx:
        return notifications.lease(tx, channel, limit=50, now=NOON + after, lease_seconds=60)


def lines_in(facts: dict[str, Any]) -> list[int]:
    return [one["lines"][0]["number"] for one in [*facts.get("earlier", []), facts]]


def test_several_changes_within_the_pause_are_one_letter(engine: Engine, order_id: int) -> None:
    for line in (1, 2, 3):
        with engine.begin() as tx:
            tell(tx, canceled(order_id, line), now=NOON + timedelta(seconds=20 * line))
    assert [state for state, _ in told(engine, order_id)] == ["superseded", "superseded", "pending"]
    assert leased(engine, timedelta(seconds=79)) == []  # a minute after the first, however many follow
    (letter,) = leased(engine, timedelta(seconds=80))
    assert lines_in(letter.facts) == [1, 2, 3]
    with engine.begin() as tx:
        by = tx.execute(text("SELECT array_agg(DISTINCT superseded_by) FROM notification WHERE state = 'superseded'")).scalar_one()
    assert set(by) <= {letter.id, letter.id - 1}


def test_what_is_told_at_once_is_one_letter(engine: Engine, order_id: int) -> None:
    with engine.begin() as tx:
        other = add_order(tx, tx.execute(text("SELECT id FROM shop")).scalar_one(), reference="B")
        tell(tx, canceled(order_id, 1), canceled(other, 1), canceled(order_id, 2))
    assert {letter.order_id: lines_in(letter.facts) for letter in leased(engine)} == {order_id: [1, 2], other: [1]}


def test_the_same_told_again_changes_nothing(engine: Engine, order_id: int) -> None:
    for _ in range(2):
        for line in (1, 2):
            with engine.begin() as tx:
                tell(tx, canceled(order_id, line))
    (letter,) = leased(engine)
    assert lines_in(letter.facts) == [1, 2]
    assert len(told(engine, order_id)) == 2


def test_what_was_undone_leaves_the_first_to_be_told(engine: Engine, order_id: int) -> None:
    with engine.begin() as tx:
        tell(tx, canceled(order_id, 1))
    with engine.connect() as tx:  # killed before its commit
        tell(tx, canceled(order_id, 2))
        tx.rollback()
    (letter,) = leased(engine)
    assert lines_in(letter.facts) == [1]


def test_a_letter_that_a_sender_has_in_hand_is_told_as_it_is(engine: Engine, order_id: int) -> None:
    with engine.begin() as tx:
        tell(tx, canceled(order_id, 1))
    (first,) = leased(engine)
    with engine.begin() as tx:
        tell(tx, canceled(order_id, 2), now=NOON + PAUSE)
        notifications.record(tx, [Sent(first, "250 ok", b"")], NOON + PAUSE)
    (second,) = leased(engine, 2 * PAUSE)
    assert lines_in(second.facts) == [2]
    assert [state for state, _ in told(engine, order_id)] == ["sent", "sending"]


def test_a_letter_that_could_not_go_out_joins_the_next(engine: Engine, order_id: int) -> None:
    with engine.begin() as tx:
        tell(tx, canceled(order_id, 1))
    (first,) = leased(engine)
    with engine.begin() as tx:
        notifications.record(tx, [Later(first, "450 later", NOON + timedelta(hours=1))], NOON + PAUSE)
        tell(tx, canceled(order_id, 2), now=NOON + PAUSE)
    (letter,) = leased(engine, 2 * PAUSE)
    assert lines_in(letter.facts) == [1, 2]


def test_a_lone_parcel_waits_for_no_other(engine: Engine) -> None:
    with engine.begin() as tx:
        lone, several = builders.order(tx), builders.order(tx)
        builders.fulfillment(tx, lone, state="packed", now=NOON)
        for _ in range(2):
            builders.fulfillment(tx, several, state="packed", now=NOON)
        tell(tx, shipped(lone), shipped(several))
        tell(tx, shipped(several, dedupe="the other"), now=NOON + timedelta(seconds=30))
    assert [letter.order_id for letter in leased(engine, timedelta())] == [lone]
    (letter,) = (one for one in leased(engine) if one.order_id == several)
    assert len(letter.facts["earlier"]) == 1


def test_the_end_of_an_order_waits_for_nothing_and_says_it_all(engine: Engine, order_id: int) -> None:
    with engine.begin() as tx:
        tell(tx, canceled(order_id, 1))
        tell(tx, (order_id, Tell("canceled", {"lines": None}, f"canceled:{order_id}")))
    (letter,) = leased(engine, timedelta())
    assert letter.facts["lines"] is None


def test_other_kinds_and_other_people_are_left_alone(engine: Engine, order_id: int) -> None:
    with engine.begin() as tx:
        tell(tx, canceled(order_id, 1), (order_id, Tell("backorder", {"lines": []}, "backorder")))
        tx.execute(text("UPDATE notification SET recipient = 'somebody@else.example' WHERE kind = 'canceled'"))
        tell(tx, canceled(order_id, 2))
    assert len(leased(engine)) == 3


def test_a_shop_may_want_no_pause(engine: Engine, order_id: int) -> None:
    with engine.begin() as tx:
        tx.execute(text("UPDATE shop SET pause_seconds = 0"))
        tell(tx, canceled(order_id, 1), canceled(order_id, 2))
    assert len(leased(engine, timedelta())) == 2


def test_a_text_message_that_waited_for_the_morning_is_dropped_when_it_is_no_news_any_more(engine: Engine) -> None:
    thanks = "thank-you"
    with engine.begin() as tx:
        shop_id = add_shop(tx)
        by_phone = add_order(tx, shop_id, customer={"phone": "+447700900123"})
        by_mail = add_order(tx, shop_id, reference="B")
        tell(tx, shipped(by_phone), shipped(by_mail))
        tell(tx, *((one, Tell(thanks, {"delivered_on": NOON}, f"{one} {thanks}")) for one in (by_phone, by_mail)))
    assert [letter.kind for letter in leased(engine, channel="sms")] == [thanks]
    assert [letter.kind for letter in leased(engine)] == ["shipped", thanks]


@pytest.mark.parametrize("seed", range(12))
def test_whatever_happens_each_change_is_told_exactly_once(engine: Engine, order_id: int, seed: int) -> None:
    """Changes come, come again, are undone; senders send, fail, or die with letters in hand that never went out."""
    chance = random.Random(seed)
    now, line, sent = NOON, 0, list[int]()
    for _ in range(40):
        now += timedelta(seconds=chance.choice((1, 20, 61)))
        with engine.connect() as tx:
            if chance.random() < 0.6:
                line += 1
                tell(tx, canceled(order_id, line), now=now)
                line -= _end(tx, chance.random() < 0.2)
            elif line:
                tell(tx, canceled(order_id, chance.randint(1, line)), now=now)
                tx.commit()
        sent += _send(engine, chance, now)
    for _ in range(3):
        now += timedelta(hours=1)
        sent += _send(engine, random.Random(0), now, fails=False)
    assert sorted(sent) == list(range(1, line + 1))


def _end(tx: Connection, undone: bool) -> bool:
    if undone:
        tx.rollback()
    else:
        tx.commit()
    return undone


def _send(engine: Engine, chance: random.Random, now: datetime, *, fails: bool = True) -> list[int]:
    """The lines told by what one sender gets rid of now."""
    with engine.begin() as tx:
        letters = notifications.lease(tx, "email", limit=5, now=now, lease_seconds=30)
    results: list[Result] = []
    for letter in letters:
        fate = chance.choice(("goes out", "later", "dies")) if fails else "goes out"
        results += [Sent(letter, "250 ok", b"")] if fate == "goes out" else []
        results += [Later(letter, "450 later", now + timedelta(minutes=1))] if fate == "later" else []
    with engine.begin() as tx:
        notifications.record(tx, results, now)
    return [one for result in results if isinstance(result, Sent) for one in lines_in(dict(result.lease.facts))]
