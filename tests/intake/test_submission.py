"""
Orders on the broker: only a live key's signature opens a message, each order is read for itself, and nothing at all breaks the reader.
"""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderpipe.domain.orders import OrderDraft
from orderpipe.intake.envelope import Envelope, Unreadable, from_list
from orderpipe.intake.refusals import Malformed
from orderpipe.intake.submission import MOST_ORDERS, BadSignature, NoOrders, Sender, SigningKey, orders_in, read, sign
from orderpipe.store.shops import hash_of

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
KEY = "op_the-key-of-the-corner-shop"
CORNER = Sender(7, (SigningKey("zzzz", hash_of("op_another")), SigningKey("shop", hash_of(KEY))))


def arguments(payload: str, *, key: str = KEY, age: timedelta = timedelta(0)) -> dict[str, Any]:
    at = int((NOW - age).timestamp())
    return {"payload": payload, "timestamp": at, "signature": sign(key, payload, at)}


def envelope(named: object, positional: object = (), headers: dict[str, Any] | None = None) -> Envelope:
    body = json.dumps([positional, named, {"chain": [{"task": "validate"}]}]).encode()
    return Envelope({"task": "submit", "id": "task-1"} | (headers or {}), body, "application/json")


def entry(**changes: Any) -> dict[str, Any]:
    """A message as Celery writes it into a Redis list."""
    of = envelope(arguments('{"reference": "A"}'))
    properties = {"delivery_tag": "t", "delivery_info": {"exchange": "", "routing_key": "submit.corner"}, "body_encoding": "base64"}
    return {
        "body": base64.b64encode(of.body).decode(), "headers": dict(of.headers), "properties": properties,
        "content-type": of.content_type, "content-encoding": "utf-8",
    } | changes


def test_takes_one_order_with_the_key_that_signed_it() -> None:
    one, = read(envelope(arguments('{"reference": "A"}')), CORNER, NOW)
    assert isinstance(one.content, OrderDraft)
    assert (one.shop_id, one.content.reference, one.raw) == (7, "A", b'{"reference": "A"}')
    assert (one.channel, one.sender, one.source_id) == ("broker", "shop key …shop", "task-1/1")


def test_takes_the_arguments_by_position_too() -> None:
    given = arguments('{"reference": "A"}')
    assert len(read(envelope({}, list(given.values())), CORNER, NOW)) == 1


def test_takes_each_order_of_a_list_for_itself_and_keeps_it_as_it_was_written() -> None:
    payload = '[ {"reference":  "A"},\n{"reference": "B", "lines": [{"unit_price": 1.10}]} , 7]'
    first, second, third = read(envelope(arguments(payload)), CORNER, NOW)
    assert isinstance(first.content, OrderDraft)
    assert isinstance(second.content, Malformed)
    assert isinstance(third.content, Malformed)
    assert [one.raw for one in (first, second, third)] == [
        b'{"reference":  "A"}', b'{"reference": "B", "lines": [{"unit_price": 1.10}]}', b"7",
    ]
    assert [one.source_id for one in (first, second, third)] == ["task-1/1", "task-1/2", "task-1/3"]


@pytest.mark.parametrize("payload", ["[]", "[", "[1,]", "[1 2]", "[1] x", "[{}", "[" * 100_000, f"[{'1,' * MOST_ORDERS}1]"])
def test_refuses_a_signed_payload_without_orders_as_the_shops_own(payload: str) -> None:
    one, = read(envelope(arguments(payload)), CORNER, NOW)
    assert isinstance(one.content, NoOrders)
    assert (one.sender, one.source_id) == ("shop key …shop", "task-1/0")


@given(st.lists(st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda some: st.lists(some) | st.dictionaries(st.text(), some), max_leaves=9
), min_size=1, max_size=5), st.sampled_from([None, 2]))
def test_parts_any_list_where_its_elements_end(elements: list[Any], indent: int | None) -> None:
    assert [json.loads(one) for one in orders_in(json.dumps(elements, indent=indent))] == elements


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"key": "op_stolen"}, "signature"),
        ({"payload": '{"reference": "B"}'}, "signature"),
        ({"timestamp": 1}, "signature"),
        ({"age": timedelta(days=7, minutes=1)}, "too-old"),
        ({"age": timedelta(minutes=-6)}, "future"),
    ],
)
def test_refuses_what_is_not_signed_as_it_must_be(changes: dict[str, Any], code: str) -> None:
    how = {name: changes[name] for name in ("key", "age") if name in changes}
    what = {name: changes[name] for name in ("payload", "timestamp") if name in changes}
    with pytest.raises(BadSignature) as refusal:
        read(envelope(arguments('{"reference": "A"}', **how) | what), CORNER, NOW)
    assert refusal.value.errors[0].code == code


def test_takes_what_has_lain_there_for_days_or_was_signed_by_a_clock_a_little_ahead() -> None:
    for age in (timedelta(days=6), timedelta(minutes=-4)):
        assert read(envelope(arguments('{"reference": "A"}', age=age)), CORNER, NOW)


def test_refuses_every_signature_where_the_shop_has_no_key() -> None:
    with pytest.raises(BadSignature):
        read(envelope(arguments('{"reference": "A"}')), Sender(7, ()), NOW)


@pytest.mark.parametrize(
    "message",
    [
        envelope({}, headers={"task": "validate"}),
        envelope({}, headers={"task": ["submit"]}),
        envelope({}, headers={"compression": "application/x-gzip"}),
        envelope({}),
        envelope([1]),
        envelope({}, 5),
        envelope(arguments("{}") | {"more": 1}),
        envelope(arguments("{}") | {"timestamp": True}),
        envelope(arguments("{}") | {"timestamp": "1"}),
        envelope(arguments("{}") | {"timestamp": 10**400}),
        envelope(arguments("{}") | {"payload": {}}),
        envelope(arguments("{}") | {"signature": "ü" * 64}),
        envelope(arguments("{}") | {"a\0b": 1}),
        Envelope({"task": "submit"}, b"\x80\x04K\x01.", "application/x-python-serialize"),
        Envelope({"task": "submit"}, b"{}", "application/json"),
        Envelope({"task": "submit"}, b"[" * 200_000, "application/json"),
        Envelope({}, b"", ""),
    ],
)
def test_says_what_keeps_a_message_from_being_read(message: Envelope) -> None:
    with pytest.raises(Unreadable) as refusal:
        read(message, CORNER, NOW)
    assert refusal.value.errors[0].detail
    assert "\0" not in str(refusal.value.errors)


def test_opens_an_entry_as_celery_writes_it() -> None:
    assert len(read(from_list(json.dumps(entry()).encode()), CORNER, NOW)) == 1


GARBAGE = [
    b"", b"\xff\xfe\x00", b"not json", b"[1]", b"7", b"null", b"{}", b"[" * 200_000, b'{"a":' * 100_000, b"1" * 10_000,
    *(json.dumps(entry(**change)).encode() for change in (
        {"properties": None}, {"headers": None}, {"headers": 5}, {"body": 5}, {"body": "no base64!"}, {"body": None}, {"body": "ü"},
    )),
]


@pytest.mark.parametrize("raw", GARBAGE, ids=lambda raw: raw[:20].decode("ascii", "replace"))
def test_refuses_an_entry_that_is_no_message(raw: bytes) -> None:
    with pytest.raises(Unreadable):
        from_list(raw)


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda some: st.lists(some, max_size=4) | st.dictionaries(st.text(max_size=9), some, max_size=4), max_leaves=12,
)


@given(st.binary(max_size=200) | st.fixed_dictionaries({}, optional={
    "body": ANY | st.builds(lambda body: base64.b64encode(json.dumps(body).encode()).decode(), ANY), "content-type": ANY,
    "headers": st.fixed_dictionaries({}, optional={"task": st.just("submit") | ANY, "id": ANY}) | ANY,
    "properties": st.fixed_dictionaries({}, optional={"body_encoding": st.just("base64") | ANY}) | ANY,
}).map(lambda some: json.dumps(some).encode()))
def test_nothing_breaks_the_reader(raw: bytes) -> None:
    with pytest.raises(Malformed):
        read(from_list(raw), CORNER, NOW)


@pytest.mark.parametrize("given", [None, 5, "", "a/b", "a\0b", "x" * 101])
def test_an_id_that_is_none_is_replaced(given: Any) -> None:
    assert envelope({}, headers={"id": given}).task_id.startswith("sha256-")
