"""
The outbox: each notification once, handed to one sender at a time, and never lost.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, create_engine, text

from orderpipe.domain.decisions import Audience
from orderpipe.domain.notices import ATTEMPTS, Channel, Dead, Later, Leased, Sent, pause_after
from orderpipe.domain.orders import number_of
from orderpipe.store import notifications, outbox
from tests.outbox import MARIA, NOON, add_order, add_shop, shipped, tell


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


def lease(engine: Engine, *, limit: int = 50, after: float = 0, channel: str = "email") -> list[Leased]:
    with engine.begin() as tx:
        return notifications.lease(tx, channel, limit=limit, now=NOON + timedelta(seconds=after), lease_seconds=60)


def states(engine: Engine) -> list[str]:
    with engine.begin() as tx:
        return list(tx.execute(text("SELECT state FROM notification ORDER BY id")).scalars())


def test_tells_each_thing_once_whatever_is_redelivered(engine: Engine, order_id: int) -> None:
    with engine.begin() as tx:
        assert tell(tx, shipped(order_id)).inserted == 1
    with engine.begin() as tx:
        assert tell(tx, shipped(order_id), shipped(order_id), shipped(order_id, dedupe="another")).inserted == 1
    assert len(lease(engine)) == 2


def test_writes_to_customers_where_they_can_be_reached_and_in_their_language(engine: Engine) -> None:
    with engine.begin() as tx:
        shop_id = add_shop(tx, language="zh")
        by_mail = add_order(tx, shop_id, language="de", reference="1")
        by_phone = add_order(tx, shop_id, customer={"name": "Li", "email": "li@", "phone": "+8613800138000"}, language="", reference="2")
        nowhere = add_order(tx, shop_id, customer={"name": "Nobody"}, reference="3")
        done = tell(tx, shipped(by_mail), shipped(by_phone), shipped(nowhere))
        assert done == notifications.Enqueued(2, ((nowhere, "shipped"),), frozenset({"email", "sms"}))
        (mail,), (message,) = notifications.of_order(tx, by_mail), notifications.of_order(tx, by_phone)
    assert (mail.channel, mail.recipient, mail.language) == ("email", "maria@customers.example", "de")
    assert (message.channel, message.recipient, message.language) == ("sms", "+8613800138000", "zh")


@pytest.mark.parametrize(("customer", "wanted", "got"), [
    (MARIA, Channel.SMS, "sms"), (MARIA, Channel.EMAIL, "email"), (MARIA, None, "email"),
    (MARIA | {"phone": ""}, Channel.SMS, "email"), (MARIA | {"email": ""}, Channel.EMAIL, "sms"),
])
def test_takes_the_channel_that_is_named_where_it_reaches_the_customer(
    engine: Engine, customer: dict[str, str], wanted: Channel | None, got: str
) -> None:
    with engine.begin() as tx:
        order_id = add_order(tx, add_shop(tx), customer=customer)
        tell(tx, (order_id, replace(shipped(order_id)[1], channel=wanted)))
        (one,) = notifications.of_order(tx, order_id)
    assert (one.channel, one.recipient) == (got, customer["phone" if got == "sms" else "email"])


def test_takes_back_what_has_not_gone_out(engine: Engine, order_id: int) -> None:
    with engine.begin() as tx:
        tell(tx, *(shipped(order_id, dedupe=f"{number}") for number in range(3)))
    first, second, third = lease(engine)
    with engine.begin() as tx:
        notifications.record(tx, [Sent(first, "250 ok", b"")], NOON)
        assert notifications.withdraw(tx, [order_id], ["another"], reason="It no longer matters.") == 0
        assert notifications.withdraw(tx, [order_id], ["shipped"], reason="It no longer matters.") == 2
        notifications.record(tx, [Sent(second, "250 ok", b""), Later(third, "450 later", NOON)], NOON)
    assert states(engine) == ["sent", "sent", "withdrawn"]
    assert not lease(engine, after=10**6)


def test_writes_to_the_office_of_the_shop_or_to_the_installations_own(engine: Engine) -> None:
    with engine.begin() as tx:
        own = add_order(tx, add_shop(tx, language="zh"), language="en")
        without = add_order(tx, add_shop(tx, code="other", office_email=""))
        tell(tx, shipped(own, to=Audience.OFFICE), shipped(without, to=Audience.OFFICE))
        (first,), (second,) = notifications.of_order(tx, own), notifications.of_order(tx, without)
    assert (first.channel, first.recipient, first.language) == ("email", "office@tea.example", "zh")
    assert second.recipient == "office@orderpipe.example"


def test_hands_a_notification_to_one_sender_at_a_time(engine: Engine, order_id: int) -> None:
    with engine.begin() as tx:
        tell(tx, *(shipped(order_id, dedupe=f"{number}") for number in range(5)))
    with engine.begin() as first, engine.begin() as second:
        mine = notifications.lease(first, "email", limit=3, now=NOON, lease_seconds=60)
        theirs = notifications.lease(second, "email", limit=3, now=NOON, lease_seconds=60)
    assert (len(mine), len(theirs)) == (3, 2)
    assert not lease(engine, after=59)


def test_hands_out_again_what_a_killed_sender_left(engine: Engine, order_id: int) -> None:
    with engine.begin() as tx:
        tell(tx, shipped(order_id))
    (lost,) = lease(engine)
    (again,) = lease(engine, after=61)
    assert (lost.id, lost.attempts, again.attempts) == (again.id, 1, 2)


def test_reads_all_orders_of_a_batch_at_once(engine: Engine, order_id: int) -> None:
    with engine.begin() as tx:
        tell(tx, shipped(order_id), shipped(order_id, dedupe="another"))
    leased = lease(engine)
    with engine.begin() as tx:
        orders = notifications.context_of(tx, leased)
    order = orders[order_id]
    assert (order.number, order.shop_name, order.time_zone) == (number_of(order_id), "Tee & Söhne", "Europe/Berlin")
    assert [(line.number, line.description, line.quantity) for line in order.lines] == [
        (1, "Darjeeling, 100 g", 2), (2, "Tea strainer", 1),
    ]


def test_records_every_outcome_with_one_statement(engine: Engine, order_id: int) -> None:
    with engine.begin() as tx:
        tell(tx, *(shipped(order_id, dedupe=f"{number}") for number in range(4)))
    first, second, third, fourth = lease(engine)
    with engine.begin() as tx:
        changed = notifications.record(tx, [
            Sent(first, "250 queued\0 as 7", b"letter"), Dead(second, "nobody \udc80 there"),
            Later(third, "450 later", NOON + timedelta(minutes=1)), Later(fourth, "no server", NOON + timedelta(minutes=1), counts=False),
        ], NOON)
        assert changed == 4
        rows = notifications.of_order(tx, order_id)
        assert tx.execute(text("SELECT sent FROM notification WHERE id = :id"), {"id": first.id}).scalar() == b"letter"
    assert [(row.state, row.attempts) for row in rows] == [("sent", 1), ("dead", 1), ("pending", 1), ("pending", 0)]
    assert [row.last_error for row in rows] == [None, "nobody ? there", "450 later", "no server"]
    assert (rows[0].provider_id, rows[0].sent_at) == ("250 queued as 7", NOON)


def test_takes_no_outcome_from_a_sender_whose_lease_is_over_except_that_it_went_out(engine: Engine, order_id: int) -> None:
    with engine.begin() as tx:
        tell(tx, shipped(order_id), shipped(order_id, dedupe="another"))
    late = lease(engine)
    now_theirs = lease(engine, after=61)
    with engine.begin() as tx:
        notifications.record(tx, [Dead(late[0], "too late"), Sent(late[1], "250 ok", b"")], NOON)
    assert states(engine) == ["sending", "sent"]
    with engine.begin() as tx:
        notifications.record(tx, [Later(lease, "later", NOON) for lease in now_theirs], NOON)
    assert states(engine) == ["pending", "sent"]


def test_sends_a_dead_letter_after_all_and_a_sent_one_once_more(engine: Engine, order_id: int) -> None:
    with engine.begin() as tx:
        tell(tx, shipped(order_id), shipped(order_id, dedupe="another"), shipped(order_id, dedupe="third"))
    dead, sent = lease(engine, limit=2)
    with engine.begin() as tx:
        notifications.record(tx, [Dead(dead, "550 unknown"), Sent(sent, "250 ok", b"")], NOON)
        assert [row.id for row in notifications.dead_letters(tx)] == [dead.id]
        assert outbox.resend(tx, dead.id, NOON) == dead.id
        repeated = outbox.resend(tx, sent.id, NOON)
        assert repeated not in (None, dead.id, sent.id)
        assert outbox.resend(tx, dead.id, NOON) is None
        assert outbox.resend(tx, 10**9, NOON) is None
    assert {lease.id for lease in lease(engine)} == {dead.id, repeated, sent.id + 1}


def test_shows_what_waits_and_why(engine: Engine, order_id: int) -> None:
    with engine.begin() as tx:
        tell(tx, *(shipped(order_id, dedupe=f"{number}") for number in range(3)))
    leased = lease(engine, limit=2)
    with engine.begin() as tx:
        notifications.record(tx, [Later(lease, "The mail server refuses us.", NOON, counts=False) for lease in leased], NOON)
        assert [(row.channel, row.reason, row.count) for row in outbox.backlog(tx)] == [
            ("email", "The mail server refuses us.", 2), ("email", "", 1),
        ]


def test_waits_longer_after_each_failure_and_gives_up_after_about_two_days() -> None:
    pauses = [pause_after(attempts, "key") for attempts in range(1, ATTEMPTS + 1)]
    assert pauses[-1] is None
    total = sum((pause for pause in pauses if pause), timedelta())
    assert timedelta(hours=36) < total < timedelta(hours=60)
    assert pauses[0] is not None
    assert timedelta(seconds=48) <= pauses[0] <= timedelta(seconds=72)
