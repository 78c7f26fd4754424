"""
One customer from a doubtful order to being forgotten, with everything on the way that can happen, over real HTTP, SMTP and IMAP.

The pages and the door are served by a real server; the stages and the clock run here, by a clock that begins some weeks ago.
"""

import re
import socket
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from sqlalchemy import Engine, text

from orderpipe import broker
from orderpipe.assembly import Assembly
from orderpipe.channels.email import MailOutlet
from orderpipe.channels.smtp import MailServer
from orderpipe.domain.letter_ids import letter_id
from orderpipe.domain.orders import internal_id, public_id
from orderpipe.local.mail_catcher import MailCatcher, letters_in
from orderpipe.settings import settings
from orderpipe.sideflows import audit, sealing
from orderpipe.site import create_site
from orderpipe.store import shops
from orderpipe.store.notifications import notification
from orderpipe.store.seal_file import SealFile
from orderpipe.store.shops import Role
from tests import books, builders
from tests.builders import rows_of
from tests.floor import OFFICE, Floor
from tests.imap import ImapServer
from tests.journeys.test_mail import question_sent, reply_to
from tests.needs import require
from tests.receiver import Receiver
from tests.tracking.forms import Page
from tests.tracking.scenes import path_of
from workers import letterbox, send, webhooks
from workers.run import Run

ZOE = {"name": "Zoë Winterbottom", "email": "zoe@winterbottom.example", "phone": "+44 7400 123456"}
LANE = {"line1": "9 Hidden Lane", "city": "London", "postal_code": "N1 1AA", "country": "GB"}
OF_ZOE = ("winterbottom", "zoë", "7400123456", "7400 123456", "hidden lane")
"""What must stand nowhere when she is forgotten, in lower case."""

ORDER = {
    "reference": "WEB-77", "customer": ZOE, "ship_to": LANE, "currency": "GBP", "total": "40.00", "note": "Please ring twice, Zoë.",
    "lines": [{"sku": "SKU-1", "quantity": 2}, {"sku": "SKU-2", "quantity": 2}],
}


ALL_SENT = "all-sent"
"""Not a stage: a mark among the hints."""


class World:
    """The shop with its doors open, and everybody around it."""

    def __init__(self, floor: Floor, site: FastAPI, address: str, post: tuple[str, Path], mailbox: ImapServer, receiver: Receiver) -> None:
        self.floor, self.site, self.mailbox, self.receiver = floor, site, mailbox, receiver
        smtp_url, self.letters = post
        self._outlet = MailOutlet(MailServer.at(smtp_url), "orders@orderpipe.example", replies="reply@orderpipe.example")
        self.http = httpx.Client(base_url=address, follow_redirects=True)
        with floor.engine.begin() as tx:
            shop_id = builders.shop(tx)
            tx.exec_driver_sql("UPDATE shop SET office_email = 'office@demo.example'")
            self._key = {"Authorization": f"Bearer {shops.create_key(tx, shop_id, Role.OFFICE)}"}
            for sku, days in (("SKU-1", 0), ("SKU-2", 5)):
                builders.product(tx, sku, shop_id, price=10, lead_days=days)
        self.order_id = 0
        self.secret = self.call("/v1/webhook-endpoints", {"url": receiver.url()})["secret"]

    def call(self, path: str, body: object = None) -> Any:
        """What the HTTP door answers; what it hints at has happened by then."""
        answer = self.http.get(path, headers=self._key) if body is None else self.http.post(path, json=body, headers=self._key)
        assert answer.is_success, (path, answer.text)
        if body is not None:
            self._happens()
        return answer.json()

    def page(self, below: str = "") -> Page:
        """The customer's page, or one below it."""
        answer = self.http.get(f"{self.home}{below}")
        assert answer.status_code == 200, answer.text
        return Page(answer.text)

    def fill(self, below: str, **written: str) -> httpx.Response:
        """The form there, filled in and sent; what comes of it has happened."""
        fields = self.page(below).fields | {name.replace("_", "-"): value for name, value in written.items()}
        return self.send(below.partition("?")[0], fields)

    def send(self, below: str, fields: dict[str, str]) -> httpx.Response:
        answer = self.http.post(f"{self.home}{below}", data=fields)
        assert answer.status_code == 200, answer.text
        self._happens()
        return answer

    def _happens(self) -> None:
        """Hints are sent by a thread of the server, one after the other; when this one has come, so have all before it."""
        come = threading.Event()
        self.site.state.hints.give(ALL_SENT, [come.set], "")
        assert come.wait(20)
        self.floor.work()

    def post(self) -> list[dict[str, Any]]:
        """What is written goes out, after the minute in which changes are gathered; all that the mail server ever took."""
        self.floor.now += timedelta(minutes=2)
        report = send.drain(self.floor.engine, "email", now=lambda: self.floor.now, outlet=self._outlet)
        assert (report.dead, report.trouble) == (0, "")
        return letters_in(self.letters, limit=1_000)[::-1]

    def got(self, subject: str) -> dict[str, Any]:
        """The newest letter to Zoë with these words in its subject."""
        return next(one for one in reversed(self.post()) if one["to"] == [ZOE["email"]] and re.search(subject, one["subject"]))

    def reads_mail(self, raw: bytes) -> None:
        """A mail lies in the mailbox, and the clock's job looks there."""
        self.mailbox.drop(raw)
        assert letterbox.fetch(self.floor.run, self.mailbox.url) == letterbox.read(self.floor.run, office=OFFICE).understood == 1
        self.floor.work()

    @property
    def home(self) -> str:
        """The customer's page of the order."""
        return path_of(self.floor, self.order_id)

    @property
    def order_public(self) -> str:
        """The order as the HTTP door calls it."""
        return public_id("order", self.order_id)

    def close(self) -> None:
        self._outlet.close()
        self.http.close()


@pytest.fixture
def floor(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Floor]:
    """So long ago that all of it has happened by now."""
    floor = Floor(engine, monkeypatch, now=datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0) - timedelta(days=80))
    yield floor
    floor.check()


def _send_stage(step: str, ids: Sequence[Any], lane: str) -> None:
    if step == ALL_SENT:
        ids[0]()
    else:
        broker.send_stage(step, ids, lane)


@pytest.fixture
def world(floor: Floor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    mailbox = ImapServer(require("dovecot"))
    monkeypatch.setenv("ORDERPIPE_WEBHOOK_ALLOW", "127.0.0.0/8")
    monkeypatch.setenv("ORDERPIPE_SEALS", str(tmp_path / "seals"))
    settings.cache_clear()
    site = create_site(Assembly(settings(), floor.engine, lambda: floor.now, _send_stage, broker.send_task))
    with Receiver() as receiver, MailCatcher(tmp_path / "letters") as catcher, socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(site, log_level="warning", lifespan="on"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        world = World(floor, site, address, (catcher.smtp_url, tmp_path / "letters"), mailbox, receiver)
        yield world
        world.close()
        server.should_exit = True
        thread.join(10)
    mailbox.close()
    settings.cache_clear()


def test_from_a_doubtful_order_to_being_forgotten(world: World) -> None:
    _asked_and_answered(world)
    _amended(world)
    _late_and_waited_for(world)
    _delivered(world)
    _something_is_missing(world)
    _sent_back_and_refunded(world)
    _rated_low(world)
    world.floor.check()
    _told_as_the_books_say(world)
    _told_to_the_shops_system(world)
    _handed_out_and_forgotten(world)


def _asked_and_answered(world: World) -> None:
    floor = world.floor
    floor.stock("SKU-1", 10)
    order = world.call("/v1/orders", ORDER)
    world.order_id = internal_id("order", order["id"])
    assert floor.state(world.order_id) == ("received", "query")
    assert "How would you like to pay?" in world.got("question")["text"]
    world.reads_mail(reply_to(question_sent(floor, world.order_id), "On account, by invoice\n\nThanks,\nZoë"))
    assert floor.state(world.order_id) == ("promised", "fulfillments")
    assert floor.parts(world.order_id) == {1: ("released", "pick-scans"), 2: ("planned", "stock")}
    assert world.call(f"/v1/orders/{order['id']}")["payment_method"] == "invoice"


def _amended(world: World) -> None:
    world.floor.now += timedelta(hours=1)
    sure = Page(world.send("/change", world.page("/change").fields | {"line-1": "3", "/ship_to/line2": "Flat 4"}).text)
    assert "Flat 4" in sure.text
    world.send("/change", sure.fields)
    assert world.floor.row(world.order_id)["total"] == 50
    assert "changed" in world.got("changed")["subject"]


def _late_and_waited_for(world: World) -> None:
    floor = world.floor
    world.call("/v1/products", {"sku": "SKU-2", "description": "A pot", "price": "10", "lead_days": 30})
    for _ in range(40):
        floor.pass_time(hours=3).project()
        if "delayed" in floor.letters(world.order_id):
            break
    assert f"{world.home}/delay" in world.got("later|late|delay")["text"]
    assert "wait" in world.page("/delay").choices["choice"]
    world.fill("/delay", choice="wait")
    assert floor.value("SELECT chosen FROM delay WHERE order_id = :id", id=world.order_id) == "wait"


def _delivered(world: World) -> None:
    floor = world.floor
    floor.now += timedelta(days=5)
    world.call("/v1/stock/receipts", {"location": "main", "sku": "SKU-2", "quantity": 4, "cause": "DN-1"})
    floor.restock()
    for unit in world.call(f"/v1/orders/{world.order_public}")["fulfillments"]:
        for phase in ("pick", "pack"):
            for line in unit["lines"]:
                world.call("/v1/scans", {
                    "fulfillment": unit["id"], "phase": phase, "barcode": line["sku"], "client_id": f"{phase} {unit['id']} {line['sku']}",
                    "operator": "Kim", "quantity": line["quantity"],
                })
    floor.now += timedelta(hours=6)
    for parcel in world.call("/v1/parcels")["data"]:
        for status in ("out_for_delivery", "delivered"):
            world.call("/v1/tracking-events", {
                "tracking_number": parcel["tracking_number"], "event_id": f"{status} {parcel['tracking_number']}", "status": status,
                "at": floor.now.isoformat(),
            })
    assert floor.state(world.order_id) == ("completed", None)
    assert "/rate" in world.got("[Tt]hank")["text"]
    world.call("/v1/payments", {"order": world.order_public, "reference": "PAY-1", "amount": "50.00", "currency": "GBP", "method": "card"})


def _something_is_missing(world: World) -> None:
    missing = Page(world.fill("/rate", arrived="no").text)
    assert missing.fields["cause"] == "missing-item"
    world.fill("/problem?cause=missing-item", text="One pot is not there. Zoë", pieces_2="1")
    case = _case(world, "claim")
    world.call(f"/v1/cases/{case}/respond", {"text": "We are sorry, Zoë.", "remedies": [{"kind": "refund", "amount": "10.00"}]})
    _refunded(world, "10.00")
    world.call(f"/v1/cases/{case}/close", {"outcome": "resolved"})


def _refunded(world: World, amount: str) -> None:
    """The shop pays back what the office was told to."""
    wanted = next(one for one in reversed(world.floor.told(world.order_id, "office-remedy")) if one["amount"] == amount)
    world.call("/v1/payments", {
        "order": world.order_public, "reference": wanted["reference"], "amount": f"-{amount}", "currency": "GBP", "method": "card",
    })
    assert amount in world.got("on its way to you")["text"]


def _sent_back_and_refunded(world: World) -> None:
    floor, before = world.floor, world.floor.free("SKU-1")
    label = re.search(r'/return/(R-[\d-]+)"', world.fill("/return", cause="changed-mind", pieces_1="2", text="Two are too many.").text)
    assert label
    assert label[1] in world.page(f"/return/{label[1]}").text
    assert label[1] in world.got("send it back")["text"]
    world.call(f"/v1/returns/{label[1]}/scans", {"barcode": "SKU-1", "client_id": "back", "operator": "Kim", "quantity": 2})
    world.call(f"/v1/returns/{label[1]}/inspections", {"lines": [{"number": 1, "restock": 2}]})
    assert floor.free("SKU-1") == (before[0] + 2, before[1])
    case = _case(world, "return")
    world.call(f"/v1/cases/{case}/respond", {"text": "Here it is.", "remedies": [{"kind": "refund", "amount": "20.00"}]})
    _refunded(world, "20.00")
    world.call(f"/v1/cases/{case}/close", {"outcome": "resolved"})


def _rated_low(world: World) -> None:
    world.fill("/rate", score="1", comment="Never again, says Zoë Winterbottom.")
    case = _case(world, "complaint")
    assert [one["to"] for one in world.post() if "Never again" in one["text"]] == [["office@demo.example"]]
    world.call(f"/v1/cases/{case}/messages", {"text": "She is well again.", "note": True})
    world.call(f"/v1/cases/{case}/respond", {"text": "Thank you for the call.", "remedies": [{"kind": "apology"}]})
    world.floor.now += timedelta(days=20)
    assert world.floor.look_at_cases() >= 1  # nothing more was said
    assert {one["state"] for one in world.call(f"/v1/cases?order={world.order_public}")["data"]} == {"closed"}


def _case(world: World, kind: str) -> str:
    (found,) = world.call(f"/v1/cases?order={world.order_public}&kind={kind}")["data"]
    return str(found["id"])


def _told_as_the_books_say(world: World) -> None:
    """Who was told what, and when, is what the mail server took."""
    caught = {one["message_id"]: one for one in world.post()}
    told = {one["id"]: one for one in world.call(f"/v1/orders/{world.order_public}/notifications")["data"] if one["channel"] == "email"}
    with world.floor.engine.begin() as tx:
        kept = {f"<{letter_id(row['id'], row['dedupe_key'], row['facts'])}": row for row in rows_of(tx, notification)}
    by_id = {internal_id("notification", one): told[one] for one in told}
    assert {one["state"] for one in told.values()} <= {"sent", "withdrawn", "superseded"}
    sent = {row["id"]: caught_one for caught_one in caught.values() for row in [kept[caught_one["message_id"].partition("@")[0]]]}
    assert set(sent) == {number for number, one in by_id.items() if one["state"] == "sent"}
    for number, letter in sent.items():
        assert letter["to"] == [by_id[number]["recipient"]]
        assert by_id[number]["sent_at"] is not None
    kinds = [one["kind"] for one in told.values() if one["audience"] == "customer" and one["state"] == "sent"]
    for kind in ("acknowledgement", "question", "delivery-date", "amended", "delayed", "shipped", "thank-you", "case-received",
                 "case-response", "return-authorised", "return-progress", "refund-paid", "case-closed"):
        assert kind in kinds, kind


def _told_to_the_shops_system(world: World) -> None:
    """Each entry of the journal, signed, once, in its order."""
    in_peace = Run(world.floor.engine, lambda: datetime.now(UTC), "task-1")
    for _ in range(3):
        webhooks.collect(in_peace)
        webhooks.send(in_peace)
    told = [one.verify(world.secret)["data"] for one in world.receiver.messages]
    numbers = [one["sequence"] for one in told if one.get("number")]
    assert sorted(numbers) == [one["seq"] for one in world.floor.journal(world.order_id)]
    assert len({one.id for one in world.receiver.messages}) == len(world.receiver.messages)
    assert told[-1]["customer"]["name"] == ZOE["name"]


def _handed_out_and_forgotten(world: World) -> None:
    floor, file = world.floor, SealFile(settings().seals_folder)
    floor.now = datetime.now(UTC)
    with floor.engine.begin() as tx:
        assert sealing.seal_next(tx, file, floor.now)
    held = world.call("/v1/customers/export", {"customer": ZOE["email"]})["held"]
    for table, words in (
        ("orders", "WEB-77"), ("case_message", "One pot is not there. Zoë"), ("feedback", "Never again"), ("mail_in", ZOE["email"]),
        ("notification", "We are sorry, Zoë."), ("intake", "Please ring twice"), ("payment", "PAY-1"),
    ):
        assert words in str(held[table]), table
    assert set(_tell_of_zoe(floor)) >= {"orders", "intake", "mail_in", "case_message", "feedback", "notification"}
    assert world.call("/v1/customers/erase", {"customer": ZOE["email"]})["orders"] == [world.order_public]
    with floor.engine.begin() as tx:
        found = audit.read(tx, file)
        changed = [one for seal in found.believed() if (one := audit.recount(tx, seal, found.kept.get(seal.number)))]
        kept = tx.execute(text("SELECT count(*) FROM notification WHERE order_id IS NOT NULL AND sent IS NOT NULL")).scalar_one()
    assert (_tell_of_zoe(floor), kept, found.differences, changed) == ({}, 0, (), [])
    assert "Winterbottom" not in world.http.get(world.home).text


def _tell_of_zoe(floor: Floor) -> dict[str, list[str]]:
    """The tables in which something of hers can be read, and what."""
    with floor.engine.begin() as tx:
        said = books.words(tx)
    return {table: found for table, words in said.items() if (found := [one for one in OF_ZOE if one in words])}
