"""
Webhooks: signed as the reference library has it, retried over days.
"""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from orderpipe.domain.webhooks import (
    PATIENCE,
    PAUSES,
    Attempt,
    Delivery,
    headers,
    is_pattern,
    new_secret,
    pause_after,
    rest_after,
)

NOW = datetime.now(UTC)


@given(st.binary(min_size=24, max_size=64), st.sampled_from([b"{}", b'{"a":1}', '{"name":"李伟"}'.encode()]))
def test_the_reference_library_believes_what_we_sign(chance: bytes, body: bytes) -> None:
    secret = new_secret(chance)
    Webhook(secret).verify(body, dict(headers("evt_1", NOW, body, [secret])))


def test_believes_nothing_else() -> None:
    secret, other = new_secret(b"a" * 32), new_secret(b"b" * 32)
    signed = dict(headers("evt_1", NOW, b"{}", [other, secret]))
    Webhook(secret).verify(b"{}", signed)
    for forged, body in (({"webhook-id": "evt_2"}, b"{}"), ({"webhook-timestamp": "1"}, b"{}"), ({}, b'{"a":1}')):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(body, signed | forged)


def test_tries_for_a_little_over_three_days() -> None:
    assert timedelta(days=3) < PATIENCE < timedelta(days=4)
    assert list(PAUSES) == sorted(PAUSES)


@given(st.integers(1, len(PAUSES)), st.text())
def test_waits_longer_each_time_and_up_to_a_tenth_more(attempts: int, key: str) -> None:
    pause = pause_after(attempts, key)
    assert pause is not None
    assert PAUSES[attempts - 1] <= pause <= 1.1 * PAUSES[attempts - 1]
    assert pause == pause_after(attempts, key)


def test_gives_up_in_the_end() -> None:
    assert pause_after(len(PAUSES) + 1, "evt_1") is None


@given(st.integers(0, 10_000))
def test_leaves_who_does_not_answer_in_peace_but_never_for_long(failures: int) -> None:
    assert timedelta() <= rest_after(failures) <= rest_after(failures + 1) <= timedelta(minutes=5)


@pytest.mark.parametrize("text", ["*", "order.*", "order.validated", "fulfillment.picked-up", "a", "a.b.*"])
def test_knows_patterns(text: str) -> None:
    assert is_pattern(text)


@pytest.mark.parametrize("text", ["", "**", "order.", ".order", "order*", "Order.x", "order_x", "%", "order.%", "*.order", "a" * 101])
def test_knows_what_is_none(text: str) -> None:
    assert not is_pattern(text)


@pytest.mark.parametrize(("status", "arrived", "unwanted"), [
    (200, True, False), (204, True, False), (302, False, False), (410, False, True), (500, False, False), (None, False, False),
])
def test_what_an_answer_means(status: int | None, arrived: bool, unwanted: bool) -> None:
    attempt = Attempt(Delivery(1, 1, 16, 3, "order.validated", NOW, 0), status)
    assert (attempt.arrived, attempt.unwanted) == (arrived, unwanted)
    assert attempt.delivery.event_id == "evt_00000000000G_3"
