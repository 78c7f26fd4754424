"""
Webhooks out: everything that happens reaches the shop's system, signed, in order and at least once; who does not listen is left alone.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine
from standardwebhooks import Webhook, WebhookVerificationError

from orderpipe.domain.addresses import networks
from orderpipe.domain.orders import public_id
from orderpipe.domain.webhooks import PAUSES
from orderpipe.local.ports import free_port
from orderpipe.settings import settings
from orderpipe.sideflows import webhooks as flow
from orderpipe.sideflows.webhooks import Made
from orderpipe.store import webhook_deliveries, webhooks
from orderpipe.store.journal import Entry, write
from tests import builders
from tests.floor import Floor
from tests.receiver import Receiver
from workers import webhooks as worker

LOOPBACK = "127.0.0.0/8"


@pytest.fixture(autouse=True)
def _loopback_is_allowed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("ORDERPIPE_WEBHOOK_ALLOW", LOOPBACK)
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture
def floor(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Floor:
    """The reference library wants messages to be young, so the clock begins at the real time."""
    return Floor(engine, monkeypatch, now=datetime.now(UTC).replace(microsecond=0))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def endpoint(floor: Floor) -> Callable[..., Made]:
    """Registers an endpoint of a shop."""

    def register(url: str, events: tuple[str, ...] = ("*",), *, shop: str = "demo") -> Made:
        with floor.engine.begin() as tx:
            return flow.add(tx, builders.shop(tx, shop), url, events, allowed=networks(LOOPBACK), now=floor.now)

    return register


def collect(floor: Floor) -> str:
    return worker.collect(floor.run)


def tell(floor: Floor) -> str:
    """Collect and send, as the clock does."""
    collect(floor)
    return worker.send(floor.run)


def events_of(floor: Floor, order_id: int) -> list[str]:
    return [row["what"] for row in floor.journal(order_id)]


def deliveries(floor: Floor, **where: Any) -> list[dict[str, Any]]:
    with floor.engine.begin() as tx:
        return builders.rows_of(tx, webhooks.webhook_delivery, **where)


def the_endpoint(floor: Floor) -> dict[str, Any]:
    with floor.engine.begin() as tx:
        return builders.rows_of(tx, webhooks.webhook_endpoint)[0]


def test_tells_everything_that_happens_in_order_and_signed(floor: Floor, receiver: Receiver, endpoint: Callable[..., Made]) -> None:
    secret = endpoint(receiver.url()).secret
    floor.stock(on_hand=10)
    order_id = floor.order()
    floor.receive(order_id)
    floor.deliver(*[row["id"] for row in floor.fulfillments(order_id)])
    tell(floor)
    assert receiver.types() == events_of(floor, order_id)
    assert {"order.received", "order.validated", "fulfillment.shipped", "order.completed"} <= set(receiver.types())
    contents = [message.verify(secret) for message in receiver.messages]
    assert [one["data"]["sequence"] for one in contents] == list(range(1, len(contents) + 1))
    last = contents[-1]["data"]
    assert (last["state"], last["reference"], last["as_of"]) == ("completed", floor.row(order_id)["reference"], last["sequence"])
    assert len({message.id for message in receiver.messages}) == len(contents)
    assert {row["state"] for row in deliveries(floor)} == {"sent"}
    assert tell(floor).startswith("0 sent"), "Nothing is told twice."
    with pytest.raises(WebhookVerificationError):
        receiver.messages[0].verify("whsec_" + "A" * 32)


def test_costs_nothing_and_keeps_nothing_where_nobody_listens(floor: Floor) -> None:
    floor.order()
    assert collect(floor) == "no endpoints"
    assert deliveries(floor) == []


def test_tells_only_what_is_wanted_of_the_shop_s_own_orders(floor: Floor, receiver: Receiver, endpoint: Callable[..., Made]) -> None:
    endpoint(receiver.url(), ("order.received", "query.*"))
    floor.receive(floor.order(payment_method=""), floor.order(shop="other"))
    tell(floor)
    assert receiver.types() == ["order.received", "query.opened", "query.asked"]


def test_tells_what_happened_since_the_endpoint_is_there(floor: Floor, receiver: Receiver, endpoint: Callable[..., Made]) -> None:
    order_id = floor.order()
    floor.now += timedelta(seconds=1)
    endpoint(receiver.url())
    floor.receive(order_id)
    tell(floor)
    assert "order.validated" in receiver.types()
    assert "order.received" not in receiver.types()


def test_misses_nothing_that_is_committed_late(floor: Floor, receiver: Receiver, endpoint: Callable[..., Made]) -> None:
    endpoint(receiver.url())
    early, late = floor.order(), floor.order()
    floor.now += timedelta(seconds=1)
    with floor.engine.connect() as slow:
        with slow.begin():
            write(slow, [Entry(late, "order.slow")], now=floor.now, actor="test")
            for _ in range(4):  # meanwhile much happens elsewhere, and the half minute that each look covers has passed
                floor.now += timedelta(minutes=2)
                with floor.engine.begin() as tx:
                    write(tx, [Entry(early, "order.quick")], now=floor.now, actor="test")
                tell(floor)
        assert "order.slow" not in receiver.types()
        floor.now += timedelta(minutes=2)
        with floor.engine.begin() as tx:
            write(tx, [Entry(late, "order.after")], now=floor.now, actor="test")
        tell(floor)
    about_late = [one.content for one in receiver.messages if one.content["data"]["id"].endswith(str(late))]
    assert [one["type"] for one in about_late] == ["order.received", "order.slow", "order.after"]
    assert receiver.types().count("order.quick") == 4


def test_catches_up_span_by_span_after_the_clock_stood(floor: Floor, receiver: Receiver, endpoint: Callable[..., Made]) -> None:
    endpoint(receiver.url(), ("order.kept",))
    order_id = floor.order()
    for _ in range(12):
        floor.now += timedelta(minutes=25)
        with floor.engine.begin() as tx:
            write(tx, [Entry(order_id, "order.kept")], now=floor.now, actor="test")
    tell(floor)
    assert receiver.types() == ["order.kept"] * 12
    with floor.engine.begin() as tx:
        until = builders.rows_of(tx, webhooks.webhook_progress)[0]["collected_until"]
    assert floor.now - until <= timedelta(minutes=11)


def test_collects_in_bites(
    floor: Floor, receiver: Receiver, endpoint: Callable[..., Made], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "COLLECTED_AT_ONCE", 3)
    endpoint(receiver.url())
    floor.receive(*(order_ids := [floor.order() for _ in range(4)]))
    tell(floor)
    assert len(receiver.messages) == sum(len(events_of(floor, one)) for one in order_ids)


def test_tries_again_for_three_days_with_the_same_id_and_then_switches_off_and_tells_the_office(
    floor: Floor, receiver: Receiver, endpoint: Callable[..., Made]
) -> None:
    endpoint(receiver.url(), ("order.received",))
    receiver.answers["/hooks"] = 503
    order_id = floor.order()
    begun = floor.now
    tell(floor)
    for pause in PAUSES:
        floor.now += pause * 1.11 + timedelta(minutes=5)
        tell(floor)
    assert len(receiver.messages) == len(PAUSES) + 1
    assert len({one.id for one in receiver.messages}) == 1
    assert timedelta(days=3) < floor.now - begun < timedelta(days=4)
    (delivery,), switched_off = deliveries(floor), the_endpoint(floor)
    assert (delivery["state"], delivery["status"], delivery["said"]) == ("dead", 503, "503 from /hooks")
    assert (switched_off["enabled"], switched_off["disabled_why"]) == (False, "It answered 503.")
    (told,) = floor.told(order_id, "office-webhook-disabled")
    assert told["url"] == receiver.url()
    assert ("notify.email", [], "notify") in floor.sent
    tell(floor)
    assert len(receiver.messages) == len(PAUSES) + 1, "A disabled endpoint is left alone."


def test_keeps_what_happens_meanwhile_for_an_endpoint_that_is_enabled_again(
    floor: Floor, receiver: Receiver, endpoint: Callable[..., Made]
) -> None:
    made = endpoint(receiver.url(), ("order.*",))
    receiver.answers["/hooks"] = 410
    first = floor.order()
    tell(floor)
    off = the_endpoint(floor)
    assert (off["enabled"], off["disabled_why"]) == (False, "It answered 410 Gone.")
    assert floor.told(first, "office-webhook-disabled")
    receiver.messages.clear()
    floor.now += timedelta(days=1)
    second = floor.order()
    tell(floor)
    floor.now += timedelta(days=1)
    assert receiver.messages == []
    receiver.answers.clear()
    with floor.engine.begin() as tx:
        flow.change(tx, made.endpoint.id, {"enabled": True}, shop_id=None, now=floor.now)
        events, more = webhook_deliveries.replay(tx, made.endpoint.id, off["disabled_at"], now=floor.now, limit=100)
    tell(floor)
    assert (events, more) == (2, None)  # the first order was received within the same second
    assert sorted({one.content["data"]["id"][-3:] for one in receiver.messages}) == sorted(f"{one:03}" for one in (first, second))
    assert the_endpoint(floor)["failing_since"] is None


def test_what_waited_goes_out_at_once_when_the_endpoint_answers_again(
    floor: Floor, receiver: Receiver, endpoint: Callable[..., Made]
) -> None:
    endpoint(receiver.url(), ("order.received",))
    receiver.answers["/hooks"] = 500
    for _ in range(8):
        floor.order()
    for _ in range(4):
        tell(floor)
        floor.now += timedelta(minutes=6)
    failed = len(receiver.messages)
    assert failed < 20, "Who does not answer is not shouted at."
    receiver.answers.clear()
    receiver.messages.clear()
    tell(floor)
    tell(floor)
    assert len(receiver.messages) == len({one.id for one in receiver.messages}) == 8
    assert {row["state"] for row in deliveries(floor)} == {"sent"}


def test_a_slow_endpoint_holds_up_nobody_else(floor: Floor, receiver: Receiver, endpoint: Callable[..., Made]) -> None:
    endpoint(receiver.url("/slow"), ("order.received",), shop="slow")
    endpoint(receiver.url("/quick"), ("order.received",), shop="quick")
    receiver.answers["/slow"] = (200, 3.0)
    arrived: list[str] = []
    receiver.answers["/quick"] = lambda message: arrived.append(message.id) or 200  # type: ignore[func-returns-value]
    for _ in range(3):
        floor.order(shop="slow")
    for _ in range(30):
        floor.order(shop="quick")
    collect(floor)
    begun = datetime.now(UTC)
    worker.send(floor.run, seconds=2)
    assert len(arrived) == 30
    assert datetime.now(UTC) - begun < timedelta(seconds=9)
    assert receiver.types("/slow"), "It gets its own, in its own time."


def test_one_message_that_is_refused_does_not_stop_the_others(floor: Floor, receiver: Receiver, endpoint: Callable[..., Made]) -> None:
    endpoint(receiver.url(), ("order.received",))
    poison = floor.order()
    bad = f"evt_{public_id('order', poison)[4:]}_1"
    receiver.answers["/hooks"] = lambda message: 500 if message.id == bad else 200
    for _ in range(12):
        floor.order()
        tell(floor)
        floor.now += timedelta(days=1)
    assert len(receiver.messages) == 12 + len(PAUSES) + 1
    assert [row["order_id"] for row in deliveries(floor) if row["state"] != "sent"] == [poison]
    assert deliveries(floor, order_id=poison)[0]["state"] == "dead"
    assert the_endpoint(floor)["enabled"], "One message that breaks the receiver is no reason to switch it off."


def test_a_message_that_is_refused_keeps_its_three_days_while_others_arrive(
    floor: Floor, receiver: Receiver, endpoint: Callable[..., Made]
) -> None:
    endpoint(receiver.url(), ("order.received",))
    poison = floor.order()
    bad = f"evt_{public_id('order', poison)[4:]}_1"
    receiver.answers["/hooks"] = lambda message: 500 if message.id == bad else 200
    for _ in range(30):
        tell(floor)
        floor.order()
        floor.now += timedelta(seconds=20)
    assert [one.id for one in receiver.messages].count(bad) == 3  # at once, after 5 s, after 5 min
    assert deliveries(floor, order_id=poison)[0]["attempts"] == 3


def test_follows_no_redirect_and_reads_no_more_than_it_keeps(floor: Floor, receiver: Receiver, endpoint: Callable[..., Made]) -> None:
    endpoint(receiver.url(), ("order.received",))
    receiver.answers["/hooks"] = 302
    receiver.extra["Location"] = receiver.url("/elsewhere")
    floor.order()
    tell(floor)
    assert [one.path for one in receiver.messages] == ["/hooks"]
    assert (deliveries(floor)[0]["state"], deliveries(floor)[0]["status"]) == ("pending", 302)


def test_signs_with_both_secrets_for_two_days_after_a_rotation(floor: Floor, receiver: Receiver, endpoint: Callable[..., Made]) -> None:
    old = endpoint(receiver.url(), ("order.received",))
    with floor.engine.begin() as tx:
        new = flow.rotate(tx, old.endpoint.id, None, floor.now)
    floor.order()
    tell(floor)
    (message,) = receiver.messages
    assert message.verify(old.secret) == message.verify(new.secret)
    floor.now += timedelta(days=3)
    floor.order()
    tell(floor)
    late = receiver.messages[-1]
    assert late.headers["webhook-signature"].count("v1,") == 1
    at = datetime.fromtimestamp(int(late.headers["webhook-timestamp"]), UTC)
    assert Webhook(new.secret).sign(late.id, at, late.body.decode()) == late.headers["webhook-signature"]


def test_repeats_with_the_same_id_what_a_killed_sender_had_not_recorded(
    floor: Floor, receiver: Receiver, endpoint: Callable[..., Made], monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint(receiver.url(), ("order.received",))
    floor.order()
    collect(floor)

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(flow, "settle", killed)
        with pytest.raises(KeyboardInterrupt):
            worker.send(floor.run)
    assert worker.send(floor.run).startswith("0 sent"), "The lease still runs."
    floor.now += timedelta(seconds=settings().lease_seconds + 1)
    assert worker.send(floor.run).startswith("1 sent")
    assert len(receiver.messages) == 2
    assert receiver.messages[0].id == receiver.messages[1].id


def test_a_name_that_leads_inside_by_now_is_not_called(
    floor: Floor, receiver: Receiver, endpoint: Callable[..., Made], monkeypatch: pytest.MonkeyPatch
) -> None:
    leads_to = ["8.8.8.8"]

    def resolve(host: str, port: int, **_: Any) -> list[Any]:
        return [(2, 1, 6, "", (leads_to[0], port))]

    monkeypatch.setattr("orderpipe.channels.webhook.socket.getaddrinfo", resolve)
    monkeypatch.setenv("ORDERPIPE_WEBHOOK_ALLOW", "")
    settings.cache_clear()
    endpoint(f"https://rebinding.example:{receiver.port}/hooks", ("order.received",))
    leads_to[0] = "127.0.0.1"
    floor.order()
    tell(floor)
    assert receiver.messages == []
    assert "no public address" in deliveries(floor)[0]["error"]


def test_nobody_there_is_a_failure_like_any_other(floor: Floor, endpoint: Callable[..., Made]) -> None:
    endpoint(f"http://127.0.0.1:{free_port()}/", ("order.received",))
    floor.order()
    assert tell(floor) == "0 sent, 1 failed, 0 endpoints disabled"
    assert "refused" in deliveries(floor)[0]["error"]


def test_a_replay_takes_the_oldest_first_and_says_where_to_go_on(floor: Floor, receiver: Receiver, endpoint: Callable[..., Made]) -> None:
    since = floor.now
    for _ in range(5):
        floor.order()
        floor.now += timedelta(minutes=1)
    made = endpoint(receiver.url(), ("order.received",))
    found: list[int] = []
    more: datetime | None = since
    while more is not None:
        with floor.engine.begin() as tx:
            events, more = webhook_deliveries.replay(tx, made.endpoint.id, more, now=floor.now, limit=2)
        found.append(events)
    assert found == [2, 2, 1]
    tell(floor)
    assert len(receiver.messages) == 5


def test_an_endpoint_that_is_removed_takes_its_deliveries_along(floor: Floor, receiver: Receiver, endpoint: Callable[..., Made]) -> None:
    made = endpoint(receiver.url())
    floor.order()
    collect(floor)
    with floor.engine.begin() as tx:
        flow.remove(tx, made.endpoint.id, None)
    assert deliveries(floor) == []


def test_old_deliveries_are_forgotten_but_not_those_that_wait(floor: Floor, receiver: Receiver, endpoint: Callable[..., Made]) -> None:
    endpoint(receiver.url(), ("order.received",))
    floor.order()
    tell(floor)
    receiver.answers["/hooks"] = 500
    floor.order()
    tell(floor)
    with floor.engine.begin() as tx:
        assert webhook_deliveries.forget(tx, floor.now + timedelta(days=1), 100) == 1
    assert [row["state"] for row in deliveries(floor)] == ["pending"]
