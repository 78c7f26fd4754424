"""
Hostile strings on their way out: a shop's own system gets them to the last character, and a mail server sees no header of theirs.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from orderpipe.channels.email import MailOutlet
from orderpipe.channels.smtp import MailServer
from orderpipe.domain.addresses import networks
from orderpipe.domain.orders import Contact, DraftLine
from orderpipe.local.mail_catcher import MailCatcher, letters_in
from orderpipe.settings import settings
from orderpipe.sideflows import webhooks as flow
from tests import builders, hostile
from tests.floor import Floor
from tests.receiver import Receiver
from workers import send
from workers import webhooks as worker


@pytest.fixture(autouse=True)
def _loopback_is_allowed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("ORDERPIPE_WEBHOOK_ALLOW", "127.0.0.0/8")
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture
def floor(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Floor:
    """The reference library wants messages to be young, so the clock begins at the real time."""
    return Floor(engine, monkeypatch, now=datetime.now(UTC).replace(microsecond=0))


def _order(floor: Floor, text: str) -> int:
    place = dict.fromkeys(("name", "line1", "city", "region", "postal_code"), text) | {"country": "GB"}
    lines = [DraftLine(text[:100], 1, text)]
    return floor.order(
        lines, customer=Contact(text, "ann@customers.example", "", text), ship_to=place, note=text, payment_method=text[:100],
    )


@pytest.mark.parametrize("texts", [hostile.few, hostile.naughty])
def test_a_webhook_tells_every_text_exactly(floor: Floor, texts: Callable[[], list[str]]) -> None:
    with Receiver() as receiver:
        with floor.engine.begin() as tx:
            made = flow.add(tx, builders.shop(tx), receiver.url(), allowed=networks("127.0.0.0/8"), now=floor.now)
        written = [one for one in texts() if one.strip()][:: 1 if texts is hostile.few else 5]
        orders = {order_id: one for one in written for order_id in [_order(floor, one)]}
        worker.collect(floor.run)
        worker.send(floor.run)
        told = {one.verify(made.secret)["data"]["number"]: one.content["data"] for one in receiver.messages}
    assert len(told) == len(orders)
    for data in told.values():
        text = data["note"]
        line, = data["lines"]
        assert text in written
        assert [data["customer"]["name"], data["customer"]["company"], data["ship_to"]["line1"], line["description"]] == [text] * 4
        assert (line["sku"], data["payment_method"]) == (text[:100], text[:100])
    assert sorted(data["note"] for data in told.values()) == sorted(written)


def test_a_mail_server_gets_one_letter_for_each_with_its_own_headers_alone(floor: Floor, tmp_path: Path) -> None:
    for text in hostile.few():
        floor.receive(_order(floor, text))
    with MailCatcher(tmp_path) as catcher:
        outlet = MailOutlet(MailServer.at(catcher.smtp_url), "orders@orderpipe.example")
        report = send.drain(floor.engine, "email", now=lambda: floor.now, outlet=outlet)
        outlet.close()
    letters = letters_in(tmp_path, limit=1_000)
    assert (report.dead, report.trouble, len(letters)) == (0, "", report.sent)
    assert report.sent >= len(hostile.STORABLE)
    assert {tuple(one["to"]) for one in letters} == {("ann@customers.example",)}
