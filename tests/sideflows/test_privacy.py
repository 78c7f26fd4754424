"""
An erased customer is gone from every table, letter and raw document; the seals on the journal still hold.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from orderpipe.api import webhook_messages
from orderpipe.channels.email import write_mail
from orderpipe.channels.keeping import read_back
from orderpipe.channels.outlets import Accepted, Outcome, Parcel
from orderpipe.domain.cases import Cause, Channel, Kind
from orderpipe.domain.notices import Leased, Order
from orderpipe.domain.orders import Contact, DraftLine, OrderDraft
from orderpipe.domain.tracking import ParcelStatus, TrackingEvent
from orderpipe.domain.webhooks import Attempt
from orderpipe.flow import Unit
from orderpipe.intake.outcomes import Received, Recorded
from orderpipe.intake.record import record
from orderpipe.intake.refusals import FieldError, Malformed
from orderpipe.settings import settings
from orderpipe.sideflows import audit, performances, privacy, sealing, tracking
from orderpipe.sideflows import webhooks as webhook_flow
from orderpipe.sideflows.privacy import StillUnderWay, UnknownCustomer
from orderpipe.store import bounced, erasure, idempotency, mail_in, memory, shops, webhook_deliveries, webhook_news
from orderpipe.store.bounced import Undelivered
from orderpipe.store.erasure import Kept
from orderpipe.store.mail_in import Arrived, Letterhead, Settled
from orderpipe.store.orders import orders
from orderpipe.store.personal import declared
from orderpipe.store.seal_file import SealFile
from orderpipe.store.shops import Shop
from orderpipe.store.tables import metadata
from tests import builders
from tests.floor import Floor
from workers import retention, run, send

EMAIL, PHONE = "zaphod@heart-of-gold.com", "+44 20 7946 0123"
SENTINELS = ("zaphod", "2079460123", "20 7946 0123")
PLACE = {"line1": "42 Zaphod Lane", "city": "Zaphodville", "postal_code": "N1 1AA", "country": "GB"}
ZAPHOD = Contact("Zaphod Beeblebrox", EMAIL, PHONE, "Zaphod & Co")
OTHER = Contact("Ford Prefect", "ford@betelgeuse.com", "")


@pytest.fixture
def seals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SealFile]:
    monkeypatch.setenv("ORDERPIPE_SEALS", str(tmp_path / "seals"))
    settings.cache_clear()
    yield SealFile(settings().seals_folder)
    settings.cache_clear()


class Post:
    """A mail server that takes everything, and says in its reply whom it was for."""

    def write(self, notice: Leased, order: Order) -> Parcel:
        return write_mail(notice, order, default_from="orders@shop.example")

    def deliver(self, parcel: Parcel) -> Outcome:
        return Accepted(f"250 OK for {parcel.recipient}")

    def close(self) -> None:
        pass


def ordered(floor: Floor, contact: Contact = ZAPHOD, *, raw: bytes = b"", shop: str = "demo", **draft: Any) -> int:
    """An order taken down as it came."""
    with floor.engine.begin() as tx:
        shop_id = builders.shop(tx, shop)
        builders.product(tx, "SKU-1", shop_id, price=10)
        builders.product(tx, "FIT", shop_id, kind="service", price=10)
        usual: dict[str, Any] = {
            "customer": contact, "ship_to": PLACE, "payment_method": "invoice", "currency": "GBP",
            "lines": (DraftLine("SKU-1", 2, "Ring, engraved for Zaphod"),),
        }
        made = OrderDraft(f"{contact.name[:2]}-{floor.value('SELECT count(*) FROM orders')}", **(usual | draft))
        said = raw or json.dumps({"name": contact.name, "email": contact.email.upper(), "phone": contact.phone}).encode()
        (outcome,) = record(tx, [Received(shop_id, said + made.reference.encode(), made, sender=f"letter of {contact.email}")], floor.now)
    assert isinstance(outcome, Recorded), outcome
    return outcome.order_id


def refused(floor: Floor, raw: bytes) -> None:
    """A document that became no order."""
    with floor.engine.begin() as tx:
        record(tx, [Received(builders.shop(tx), raw, Malformed((FieldError("/lines", "This is no list, Zaphod.", "no-list"),)))], floor.now)


def the_shop(floor: Floor) -> Shop:
    with floor.engine.begin() as tx:
        found = shops.shop_by_code(tx, "demo")
    assert found is not None
    return found


def send_letters(floor: Floor) -> None:
    send.drain(floor.engine, "email", now=lambda: floor.now, outlet=Post())


def finish(floor: Floor, order_id: int) -> None:
    """Everything else happens to the order."""
    floor.deliver(*[row["id"] for row in floor.fulfillments(order_id) if row["ended_at"] is None])


def contains(engine: Engine) -> set[tuple[str, str]]:
    """Where in the whole database a sentinel stands, as (table, column); letters are unpacked, bytes read as they are."""
    found = set()
    with engine.begin() as tx:
        names = tx.execute(text("""SELECT table_name, column_name FROM information_schema.columns
            WHERE table_schema = 'public' AND data_type IN ('text', 'jsonb', 'bytea', 'character varying', 'ARRAY')""")).all()
        assert len(names) > 100
        for table, column in names:
            values = tx.execute(text(f'SELECT "{column}" FROM "{table}" WHERE "{column}" IS NOT NULL')).scalars()
            if any(sentinel in _as_text(table, column, value) for value in values for sentinel in SENTINELS):
                found.add((table, column))
    return found


def _as_text(table: str, column: str, value: Any) -> str:
    if isinstance(value, bytes | memoryview):
        content = read_back(bytes(value)) if (table, column) == ("notification", "sent") else bytes(value)
        return content.decode("latin-1").casefold()
    return (value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)).casefold()


@dataclass
class Story:
    """What happened before somebody asked to be forgotten."""

    orders: tuple[int, ...]
    other: int


@pytest.fixture
def story(floor: Floor, seals: SealFile) -> Story:
    """A customer who was asked, answered, paid, got letters, a parcel and a fitter, canceled, and was written about by machines too."""
    floor.stock(on_hand=100)
    with floor.engine.begin() as tx:
        webhook_flow.add(tx, builders.shop(tx), "https://8.8.8.8/hooks", now=floor.now)
    asked = ordered(floor, ship_to=PLACE | {"line1": ""}, note="Leave it with Zaphod's neighbour")
    floor.receive(asked)
    floor.pass_time(hours=5).answer(asked, {"/ship_to/line1": PLACE["line1"]})
    fitted = ordered(floor, lines=(DraftLine("FIT", 1, "Fit the door of Zaphod"),))
    canceled = ordered(floor, lines=(DraftLine("SKU-1", 1),))
    other = ordered(floor, OTHER, lines=(DraftLine("SKU-1", 1),), ship_to={**PLACE, "line1": "1 Ford Street", "city": "Guildford"})
    floor.receive(fitted, canceled, other)
    floor.pay(asked, "20.00")
    finish(floor, other)
    floor.cancel(canceled)
    part = floor.fulfillments(asked)[0]["id"]
    floor.deliver_until_shipped(part)
    with floor.engine.begin() as tx:
        number = tx.execute(text("SELECT tracking_number FROM parcel WHERE fulfillment_id = :id"), {"id": part}).scalar_one()
        word = TrackingEvent(str(number), "w-1", ParcelStatus("in_transit"), floor.now, "left with Zaphod's uncle")
        tracking.record_events(tx, [word], shop_id=builders.shop(tx), by="carrier", now=floor.now)
        done = performances.Performance(floor.fulfillments(fitted)[0]["id"], floor.now, "Jo", "p-1", "Zaphod was not in")
        floor.give(performances.record_performed(tx, [done], shop_id=builders.shop(tx), by="performer", now=floor.now).hints)
        idempotency.claim(tx, {(builders.shop(tx), "key-1"): b"x"}, floor.now)
        idempotency.answer(tx, {(builders.shop(tx), "key-1"): (422, {"detail": f"{EMAIL} is no address."})})
    floor.work().carrier(part, "delivered").pass_time(seconds=61)
    refused(floor, b'{"reference": "Z-9", "customer": {"email": "ZAPHOD@heart-of-gold.com"}, "lines": 42}')
    send_letters(floor)
    with floor.engine.begin() as tx:
        look = webhook_news.next_look(tx, floor.now)
        assert look is not None
        webhook_news.collect(tx, look, now=floor.now, limit=1000)
        waiting = webhook_deliveries.due(tx, [1], now=floor.now, each=1000)
        webhook_flow.settle(tx, [Attempt(one, 200, f"Thank you for {EMAIL}") for one in waiting], office="", now=floor.now)
        tx.execute(text("UPDATE orders SET last_error = 'Zaphod' WHERE id = :id"), {"id": asked})
        tx.execute(text("UPDATE fulfillment SET last_error = 'Zaphod' WHERE id = :id"), {"id": part})
        tx.execute(text("UPDATE hold SET reason = 'Zaphod was in doubt.' WHERE order_id = :id"), {"id": asked})
        tx.execute(text("UPDATE notification SET last_error = 'no Zaphod here' WHERE order_id = :id"), {"id": asked})
        file = tx.execute(text("""INSERT INTO import_file (shop_id, fingerprint, name, carry, started_at, finished_at)
            VALUES (1, '', 'orders.csv', '{"customer": "Zaphod"}', now(), now()) RETURNING id""")).scalar_one()
        tx.execute(text("INSERT INTO import_order VALUES (:id, 1, :file, 7, 'Zaphod-7', now())"), {"id": asked, "file": file})
        tx.execute(text("INSERT INTO import_beside VALUES (:file, 'customers', 'Zaphod-7', 1, '{\"name\": \"Zaphod\"}')"), {"file": file})
        memory.learn_from(tx, [asked])
        case = tx.execute(text("""INSERT INTO case_file (shop_id, order_id, kind, state, cause, channel, opened_by, dedupe_key, opened_at,
                acknowledge_warn_at, acknowledge_by, resolve_warn_at, resolve_by, closed_at)
            SELECT 1, :id, :kind, 'closed', :cause, :channel, 'customer', 'c-1', :now, :now, :now, :now, :now, :now RETURNING id"""), {
            "id": asked, "now": floor.now, "kind": next(iter(Kind)), "cause": next(iter(Cause)),
            "channel": next(iter(Channel)),
        }).scalar_one()
        tx.execute(text("""INSERT INTO case_message (case_id, at, direction, channel, author, body)
            VALUES (:case, :now, 'in', 'mail', :said, :said)"""), {"case": case, "now": floor.now, "said": EMAIL})
        tx.execute(text("""INSERT INTO feedback (order_id, shop_id, asked_at, comment) VALUES (:id, 1, :now, 'Zaphod is glad')
            ON CONFLICT (order_id) DO UPDATE SET comment = excluded.comment"""), {"id": asked, "now": floor.now})
        tx.execute(text("""INSERT INTO delay (order_id, shop_id, fulfillment_ids, state, cause, original_until, promised_until, found_at,
            settled_at, last_error) VALUES (:id, 1, '{}', 'settled', 'stock', :now, :now, :now, :now, 'Zaphod')"""),
            {"id": asked, "now": floor.now})
        tx.execute(text("INSERT INTO contact_preference (shop_id, contact, changed_at, changed_by) VALUES (1, :email, :now, 'page')"),
                   {"email": EMAIL, "now": floor.now})
        tx.execute(text("UPDATE fulfillment SET ship_to = :said WHERE id = :id"), {"id": part, "said": json.dumps(PLACE)})
        letters = tx.execute(text("SELECT id FROM notification WHERE order_id = :id AND channel = 'email'"), {"id": asked}).scalars()
        bounced.note(tx, [Undelivered(one, f"550 {EMAIL} is unknown", True) for one in letters], floor.now)
        mail_in.keep(tx, [
            Arrived("inbox", 1, uid, 99, f"From: {EMAIL} Where is my towel?".encode(), str(uid).encode()) for uid in (1, 2)
        ], floor.now)
        said = Letterhead(f"<1@{EMAIL}>", EMAIL, "Zaphod B.", "Zaphod's towel")
        mail_in.settle(tx, 1, Settled("reply", "Zaphod asks.", asked), said, floor.now)
        mail_in.settle(tx, 2, Settled("other", "Zaphod asks.", open=True), said, floor.now)
        tx.execute(text("UPDATE orders SET purchase_order = 'PO-Zaphod' WHERE id = :id"), {"id": asked})
        tx.execute(text("UPDATE intake SET last_error = 'Zaphod' WHERE order_id = :id"), {"id": asked})
        tx.execute(text("UPDATE query SET answer = :said, doubts = :said WHERE order_id = :id"), {"id": asked, "said": '["Zaphod"]'})
        tx.execute(text("UPDATE finding SET evidence = :said WHERE order_id = :id"), {"id": asked, "said": '["Zaphod"]'})
        tx.execute(text("UPDATE notification SET facts = :said WHERE order_id = :id"), {"id": asked, "said": '{"name": "Zaphod"}'})
    floor.pass_time(hours=2)
    with floor.engine.begin() as tx:
        assert sealing.seal_next(tx, seals, floor.now)
    assert {floor.state(one)[0] for one in (asked, fitted, canceled, other)} == {"completed", "canceled"}
    return Story((asked, fitted, canceled), other)


def tampered(floor: Floor, seals: SealFile) -> list[str]:
    with floor.engine.begin() as tx:
        found = audit.read(tx, seals)
        counted = [audit.recount(tx, one, found.kept.get(one.number)) for one in found.believed()]
    assert found.believed()
    return [one.kind for one in (*found.differences, *counted) if one]


def test_an_erased_customer_is_gone_from_the_whole_database(floor: Floor, story: Story, seals: SealFile) -> None:
    before = contains(floor.engine)
    personal = {(table.name, column) for table, said in declared(metadata).items() for column in said.erased}
    # `query.token` tells nothing but opens a page that does
    assert personal - before == {("query", "token")}, "Each personal column has something to lose, or this proves nothing."
    assert before <= personal
    journal = floor.journal(story.orders[0])
    with floor.engine.begin() as tx:
        done = privacy.erase(tx, the_shop(floor), EMAIL.upper(), now=floor.now)
    assert (done.orders, done.waiting) == (story.orders, ())
    assert contains(floor.engine) == set()
    assert floor.journal(story.orders[0]) == journal
    assert tampered(floor, seals) == []
    assert floor.row(story.orders[0])["customer"] == {}
    with floor.engine.begin() as tx, pytest.raises(UnknownCustomer):
        privacy.find(tx, the_shop(floor), EMAIL)


def test_others_keep_what_is_theirs(floor: Floor, story: Story) -> None:
    with floor.engine.begin() as tx:
        before = erasure.held(tx, erasure.Whose((story.other,), 1, ("ford@betelgeuse.com",)))
        privacy.erase(tx, the_shop(floor), EMAIL, now=floor.now)
        after = erasure.held(tx, erasure.Whose((story.other,), 1, ("ford@betelgeuse.com",)))
    for table in ("orders", "notification", "intake", "customer", "order_line", "journal"):
        assert before[table] == after[table], table
        assert before[table], table


def test_everything_held_is_handed_out(floor: Floor, story: Story) -> None:
    with floor.engine.begin() as tx:
        document = privacy.export(tx, the_shop(floor), EMAIL)
    held = document["held"]
    assert {"orders", "order_line", "intake", "notification", "query", "payment", "parcel", "customer", "journal", "scan"} <= held.keys()
    assert [row["id"] for row in held["orders"]] == list(story.orders)
    letters = [row["sent"] for row in held["notification"] if row["kind"] == "thank-you"]
    assert letters
    assert all("Zaphod" in letter for letter in letters)
    assert any("HEART-OF-GOLD" in row["raw"] for row in held["intake"])
    assert "ford" not in json.dumps(held, default=str)


@pytest.mark.parametrize("given", [PHONE, "020 7946 0123"])
@pytest.mark.parametrize("called", ["+442079460123", "020 7946 0123", "+44 20 7946 0123"])
def test_a_customer_is_found_by_the_number_however_it_is_written(floor: Floor, called: str, given: str) -> None:
    order_id = ordered(floor, Contact("Zaphod", "", given))
    ordered(floor, OTHER)
    with floor.engine.begin() as tx:
        assert privacy.find(tx, the_shop(floor), called).live == (order_id,)


def test_orders_under_way_keep_their_customer_until_they_have_ended(floor: Floor) -> None:
    floor.stock(on_hand=100)
    done, live = ordered(floor, lines=(DraftLine("SKU-1", 1),)), ordered(floor)
    floor.receive(done)
    finish(floor, done)
    floor.pass_time(seconds=61)
    send_letters(floor)
    shop = the_shop(floor)
    with floor.engine.begin() as tx, pytest.raises(StillUnderWay, match="1 orders are still under way"):
        privacy.erase(tx, shop, EMAIL, now=floor.now)
    assert floor.row(done)["customer"]["email"] == EMAIL
    with floor.engine.begin() as tx:
        told = privacy.erase(tx, shop, EMAIL, when_done=True, now=floor.now)
    assert (told.orders, told.waiting) == ((done,), (live,))
    assert floor.row(live)["customer"]["email"] == EMAIL
    assert retention.erase_what_is_due(floor.run) == "0 erased"
    floor.receive(live)
    finish(floor, live)
    floor.pass_time(seconds=61)
    assert retention.erase_what_is_due(floor.run) == "0 erased", "Its letters still have to go out."
    send_letters(floor)
    assert retention.erase_what_is_due(floor.run) == "1 erased"
    assert contains(floor.engine) == set()


def test_letters_not_sent_yet_are_not_sent_to_who_was_erased(floor: Floor) -> None:
    floor.stock(on_hand=100)
    order_id = ordered(floor)
    floor.receive(order_id)
    floor.cancel(order_id)
    with floor.engine.begin() as tx:
        privacy.erase(tx, the_shop(floor), EMAIL, now=floor.now)
    assert contains(floor.engine) == set()
    assert floor.value("SELECT count(*) FROM notification WHERE next_at IS NOT NULL") == 0


def test_a_shop_keeps_nothing_longer_than_it_says(floor: Floor, story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(privacy, "AT_ONCE", 2)
    shop_id, young = the_shop(floor).id, floor.now + timedelta(days=20)
    assert retention.erase_what_is_due(floor.run) == "0 erased", "Everything is kept where nothing is said."
    with floor.engine.begin() as tx:
        erasure.keep_for(tx, Kept(shop_id, 30, 10))
    assert retention.erase_what_is_due(floor.run) == "0 erased"
    floor.now = young
    retention.erase_what_is_due(floor.run)
    assert {column for table, column in contains(floor.engine) if table == "notification"} == set()
    assert ("orders", "customer") in contains(floor.engine)
    late = ordered(floor, Contact("Trillian", "trillian@heart-of-gold.com", ""))
    floor.now += timedelta(days=11)
    assert retention.erase_what_is_due(floor.run) != "0 erased"
    # the answer to a repeated request is forgotten by a job of its own
    left = {place for place in contains(floor.engine) if place[0] != "mail_in"}
    kept = {("contact_preference", "contact")}  # whoever wants no letters is not to get them again
    assert left == kept | {("idempotency", "answer"), ("orders", "ship_to"), ("order_line", "description")}
    with floor.engine.begin() as tx:
        of_order, of_none = builders.rows_of(tx, mail_in.mail_in)
    assert (of_order["raw"], bool(of_none["raw"])) == (b"", True), "A mail that fits no order is no shop's."
    assert floor.row(story.other)["customer"] == {}
    assert floor.row(late)["customer"]["name"] == "Trillian", "It is under way."
    assert retention.erase_what_is_due(floor.run) == "0 erased"
    with floor.engine.begin() as tx:
        assert builders.rows_of(tx, erasure.retention)[0]["personal_after"] == late - 1


def test_an_order_that_broke_leaves_no_customer_in_the_journal(floor: Floor) -> None:
    order_id = ordered(floor)
    run.park(floor.run, Unit.ORDER, order_id, ValueError("Key (email)=(zaphod@heart-of-gold.com) is not unique."))
    assert floor.row(order_id)["last_error"].endswith("is not unique.")
    entry = floor.journal(order_id)[-1]
    assert (entry["what"], entry["note"]) == ("hold.opened", {"kind": "office", "error": "ValueError"})
    assert "zaphod" not in json.dumps(floor.journal(order_id), default=str)


def test_what_was_erased_is_still_shown(floor: Floor, story: Story) -> None:
    with floor.engine.begin() as tx:
        privacy.erase(tx, the_shop(floor), EMAIL, now=floor.now)
        shown = webhook_messages.documents(tx, story.orders)
        assert builders.rows_of(tx, orders, id=story.orders[0])[0]["ship_to"] is None
    assert {one["state"] for one in shown.values()} == {"completed", "canceled"}
    assert shown[story.orders[0]]["lines"][0]["description"] == "Product SKU-1"
