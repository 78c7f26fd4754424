"""
`orderpipe webhook`: endpoints are registered, listed, switched and rotated, and events sent again, from the terminal.
"""

from datetime import timedelta

import pytest

from orderpipe.settings import settings
from orderpipe.store.shops import NewShop, add_shop
from orderpipe.store.webhooks import webhook_delivery, webhook_endpoint
from tests import builders
from tests.cli.conftest import Terminal
from tests.floor import Floor

URL = "http://127.0.0.1:9/hooks"


@pytest.fixture
def endpoint(orderpipe: Terminal, floor: Floor, monkeypatch: pytest.MonkeyPatch) -> str:
    """An endpoint of the shop demo, registered from the terminal."""
    monkeypatch.setenv("ORDERPIPE_WEBHOOK_ALLOW", "127.0.0.0/8")
    settings.cache_clear()
    floor.order()
    answer = orderpipe("webhook", "add", "demo", URL, "--event", "order.*", "--json")
    assert answer.exit_code == 0, answer.err
    assert answer.json["secret"].startswith("whsec_")
    return str(answer.json["id"])


def test_lists_endpoints_without_their_secrets(orderpipe: Terminal, endpoint: str) -> None:
    (shown,) = orderpipe("webhook", "list", "--json").json
    assert (shown["id"], shown["url"], shown["events"], "secret" in shown) == (endpoint, URL, ["order.*"], False)
    assert endpoint in orderpipe("webhook", "list", "--shop", "demo").out


def test_refuses_where_webhooks_may_not_go(orderpipe: Terminal, floor: Floor) -> None:
    with floor.engine.begin() as tx:
        add_shop(tx, NewShop("corner", "The Corner Shop"))
    answer = orderpipe("webhook", "add", "corner", "https://10.0.0.1/hooks")
    assert (answer.exit_code, "no public address" in answer.err) == (1, True)


def test_switches_an_endpoint_off_and_on_again_with_what_happened_meanwhile(orderpipe: Terminal, floor: Floor, endpoint: str) -> None:
    assert "nothing any more" in orderpipe("webhook", "disable", endpoint).out
    before = (floor.now - timedelta(minutes=1)).isoformat()
    floor.order()
    answer = orderpipe("webhook", "enable", endpoint, "--since", before)
    assert "2 events since" in answer.out, answer.err
    assert ("notify.webhook", [], "notify") in floor.sent
    with floor.engine.begin() as tx:
        assert builders.rows_of(tx, webhook_endpoint)[0]["enabled"]


def test_sends_again(orderpipe: Terminal, floor: Floor, endpoint: str) -> None:
    answer = orderpipe("webhook", "replay", endpoint, "--since", (floor.now - timedelta(minutes=1)).isoformat())
    assert "1 events go out" in answer.out, answer.err
    (delivery,) = orderpipe("webhook", "deliveries", endpoint, "--json").json
    assert (delivery["type"], delivery["state"]) == ("order.received", "pending")
    assert "whd_000000000001" in orderpipe("webhook", "deliveries", endpoint).out
    with floor.engine.begin() as tx:
        tx.execute(webhook_delivery.update().values(state="dead", next_at=None))
    assert orderpipe("webhook", "replay", "whd_000000000001").exit_code == 0
    with floor.engine.begin() as tx:
        assert builders.rows_of(tx, webhook_delivery)[0]["state"] == "pending"
    assert orderpipe("webhook", "replay", endpoint).exit_code == 2
    assert orderpipe("webhook", "replay", "whe_000000000999", "--since", "2026-01-01").exit_code == 1
    assert orderpipe("webhook", "replay", endpoint, "--since", "yesterday").exit_code == 2


def test_rotates_the_secret(orderpipe: Terminal, endpoint: str) -> None:
    answer = orderpipe("webhook", "rotate", endpoint)
    assert (answer.exit_code, "whsec_" in answer.out) == (0, True)
