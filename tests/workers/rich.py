"""
A shop in which every automatic step has something to do at one and the same instant.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import text as sql

from orderpipe.domain.cases import Kind, Pieces
from orderpipe.domain.handling import Phase
from orderpipe.domain.orders import Contact
from orderpipe.settings import settings
from orderpipe.sideflows import cases, returns
from orderpipe.store.case_opening import Opening
from tests import builders
from tests.bounces import MESSAGE_ID, report
from tests.floor import Floor
from tests.late import letters_go_out, promised, set_lead, waiting
from tests.mailed import keep, mail, named
from workers import webhooks

TELEPHONE = Contact("Tim Tel", "", "+447400123456")
BOTH = Contact("Bo Th", "bo@customers.example", "+447400123457")


def fill(floor: Floor, receiver_url: str) -> None:
    """Everything that may be due is due; two of each, so that a step has a batch."""
    _endpoint(floor, receiver_url)
    _delays(floor)
    _questions(floor)
    _after_sales(floor)
    _forgotten(floor)
    _mail(floor)
    webhooks.collect(floor.run)
    floor.losing = True  # from here on nothing goes on by itself
    _at_each_stage(floor)
    _others(floor)
    floor.forget_hints()


def _execute(floor: Floor, *statements: str, **given: Any) -> None:
    with floor.engine.begin() as tx:
        for statement in statements:
            tx.execute(sql(statement), {"now": floor.now} | given)


def _endpoint(floor: Floor, url: str) -> None:
    _execute(floor, """INSERT INTO webhook_endpoint (shop_id, url, events, description, enabled, secret, created_at, active_since, failures)
        SELECT id, :url, '["*"]', '', true, 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', :now, :now, 0 FROM shop""", url=url)


def _delays(floor: Floor) -> None:
    """Late ones to be told, told ones that were not answered, and dates that are at risk."""
    told = [waiting(floor) for _ in range(2)]
    set_lead(floor, 60)
    floor.pass_time(hours=2).project()
    assert floor.value("SELECT count(*) FROM delay WHERE state = 'told'") == len(told)
    letters_go_out(floor)
    with floor.engine.begin() as tx:
        for sku in ("SKU-4", "SKU-5"):
            builders.product(tx, sku, lead_days=5, price=10)
    late = [floor.order({sku: 1}) for sku in ("SKU-4", "SKU-5")]
    floor.receive(*late)
    set_lead(floor, 90)


def _questions(floor: Floor) -> None:
    """Asked yesterday and reminded: a call is due. Asked this noon: a reminder is due. Not asked yet."""
    yesterday = [floor.order(payment_method="", customer=BOTH) for _ in range(2)]
    floor.now = floor.now.replace(hour=12)
    floor.receive(*yesterday)
    floor.pass_time(hours=4)
    floor.pass_time(hours=20)
    floor.receive(*(floor.order(payment_method="", customer=BOTH) for _ in range(2)))
    office = [floor.order(customer=Contact("Ann Ok")) for _ in range(2)]
    floor.receive(*office)
    floor.now += timedelta(hours=4)
    _execute(floor, "UPDATE orders SET next_at = :now WHERE waiting_for = 'office'",
             "UPDATE hold SET deadline = :now WHERE kind = 'office' AND closed_at IS NULL")


def _after_sales(floor: Floor) -> None:
    """Cases that nobody took up, an answered one to close, a return that never came, ratings that were not given."""
    for place in range(2):
        order_id = floor.delivered({"SKU-2": 2})
        with floor.engine.begin() as tx:
            cases.open_case(tx, Opening(order_id, Kind.COMPLAINT, "Broken.", f"case {place}"), now=floor.now)
            returns.send_back(tx, Opening(order_id, Kind.RETURN, "", f"back {place}", lines=(Pieces(1, 1),)), now=floor.now)
            answered = cases.open_case(tx, Opening(order_id, Kind.ENQUIRY, "When?", f"ask {place}"), now=floor.now).case_id
            cases.respond(tx, answered, "Soon.", (), by="Olga", now=floor.now)
    floor.work()
    _execute(
        floor, "UPDATE case_file SET next_at = :now, acknowledge_warn_at = :now WHERE state = 'received'",
        "UPDATE case_file SET next_at = :now, responded_at = :now - interval '60 days' WHERE state = 'responded'",
        "UPDATE return_authorisation SET expires_at = :now", "UPDATE feedback SET next_at = :now",
    )


def _forgotten(floor: Floor) -> None:
    """A customer who asked to be forgotten, and needs no letter any more."""
    _execute(
        floor, "UPDATE notification SET state = 'sent', next_at = NULL, attempts = 1, sent_at = :now WHERE order_id = :id",
        "INSERT INTO erasure (order_id, asked_at) VALUES (:id, :now)", id=floor.delivered({"SKU-2": 1}),
    )


def _mail(floor: Floor) -> None:
    """A clear answer, an unclear one, a question, a bounce, and a letter that bounced before."""
    clear, unclear, bounced, before = (floor.order(payment_method="", customer=BOTH) for _ in range(4))
    floor.receive(clear, unclear, bounced, before)
    sender = str(BOTH.email)
    keep(floor, mail("invoice", sender=sender, answers=named(floor, clear, "question")))
    keep(floor, mail("what?", sender=sender, answers=named(floor, unclear, "question")))
    keep(floor, mail("Hello?", sender=sender, subject="Anybody there?"))
    keep(floor, report().replace(MESSAGE_ID.encode(), named(floor, bounced, "question").encode()))
    _execute(floor, """UPDATE notification SET state = 'sent', next_at = NULL, attempts = 1, sent_at = :now, bounced_at = :now,
        bounce = '5.1.1' WHERE order_id = :id AND kind = 'question'""", id=before)


def _at_each_stage(floor: Floor) -> None:
    floor.stock("SKU-3", 1_000)
    orders = [floor.order({"SKU-3": 1}) for _ in range(20)]
    _intakes(floor)
    standing, steps = orders, ("validate", "allocate", "promise")
    for name in steps:
        standing = standing[2:]  # two stay behind at each stage
        floor.stage(name, standing)
    units = [one["id"] for order_id in standing for one in floor.fulfillments(order_id)]
    for name, phase in (("release", None), ("pick", Phase.PICK), ("pack", Phase.PACK), ("ship", None), ("deliver", None)):
        for unit in units:
            if phase:
                floor.scan(unit, phase)
            if name == "deliver":
                floor.carrier(unit, "delivered")
        units = units[2:]
        floor.stage(name, units)


def _intakes(floor: Floor) -> None:
    """Kept as they came, and not yet looked at."""
    for place in range(2):
        raw = f'{{"reference": "KEPT-{place}", "lines": [{{"sku": "SKU-3", "quantity": 1}}]}}'
        _execute(floor, """INSERT INTO intake
                (shop_id, channel, source_id, sender, parser, raw, state, received_at, next_at, attempts, crashes)
            SELECT id, 'http', :reference, 'shop', 'json-order', convert_to(:raw, 'utf8'), 'pending', :now, :now, 0, 0 FROM shop""",
            reference=f"kept {place}", raw=raw)


def _others(floor: Floor) -> None:
    """Stock for those who wait, questions to ask, missed targets, text messages, keys to forget, a promise to look at."""
    short = [floor.order({"SKU-6": 1}) for _ in range(2)]
    floor.losing = False
    floor.receive(*short)
    floor.receive(*(floor.order({"SKU-3": 1}, customer=TELEPHONE) for _ in range(2)))
    risky = promised(floor)
    floor.losing = True
    floor.stage("validate", [floor.order(payment_method="") for _ in range(2)])
    floor.stock("SKU-6", 5)
    floor.now += timedelta(minutes=20)
    _execute(
        floor, "UPDATE orders SET due_at = :now - interval '1 minute' WHERE state = 'promised' AND due_at IS NOT NULL",
        "UPDATE outlook SET look_at = :now", "UPDATE delay SET next_at = :now, remind_at = :now WHERE state = 'told'",
        "UPDATE promise SET until_at = :now + interval '1 hour' WHERE fulfillment_id = :risky * 1000 + 1",
        "INSERT INTO idempotency (shop_id, key, request_hash, status, answer, at)"
        " SELECT id, 'old', '', 200, '{}', :now - interval '30 days' FROM shop",
        risky=risky,
    )
    chat = settings().sms_url.format(to="%2B447400123456")
    _execute(floor, """UPDATE notification SET channel = 'chat', recipient = :chat WHERE id =
        (SELECT min(id) FROM notification WHERE audience = 'office' AND state = 'pending')""", chat=chat)
