"""
The sender: each notification once, each failure to its own account, and nothing lost with a sender that dies.
"""

import multiprocessing
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text

from orderpipe.channels.email import MailOutlet, write_mail
from orderpipe.channels.keeping import read_back
from orderpipe.channels.mime import parse
from orderpipe.channels.opening import open_outlet
from orderpipe.channels.outlets import Accepted, Outcome, Outlet, Parcel, Sink
from orderpipe.channels.sms import write_sms
from orderpipe.channels.smtp import MailServer
from orderpipe.domain.decisions import Audience, Tell
from orderpipe.domain.links import Purpose, page_link
from orderpipe.domain.notices import ATTEMPTS, STALE_NEWS
from orderpipe.domain.orders import number_of
from orderpipe.domain.quiet_hours import NIGHT
from orderpipe.local.caught_letters import letters_in
from orderpipe.local.mail_catcher import MailCatcher
from orderpipe.local.ports import free_port
from orderpipe.local.sms_catcher import SmsCatcher, messages_in
from orderpipe.settings import settings
from orderpipe.store import letter_rules, link_keys, migrations_runner, notifications, outbox, shop_templates
from orderpipe.store.database import connect
from orderpipe.store.notifications import Notification
from orderpipe.store.outbox import Search
from orderpipe.store.shop_templates import OwnWords
from tests.outbox import MARIA, NOON, add_order, add_shop, shipped, tell
from tests.servers import PostgresServer
from workers import send

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # Apprise asks for it while it loads


class Clock:
    """An instant that moves when told to."""

    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = create_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def catcher(tmp_path: Path) -> Iterator[MailCatcher]:
    with MailCatcher(tmp_path) as catcher:
        yield catcher


@pytest.fixture
def outlet(catcher: MailCatcher) -> Iterator[Outlet]:
    outlet = MailOutlet(MailServer.at(catcher.smtp_url), "orders@orderpipe.example")
    yield outlet
    outlet.close()


@pytest.fixture
def order_for(engine: Engine) -> Callable[..., int]:
    """Makes orders of one shop, each for another recipient, with the news that they are shipped."""
    with engine.begin() as tx:
        shop_id = add_shop(tx)

    def make(*recipients: str, news: bool = True, **customer: str) -> int:
        order_id = 0
        with engine.begin() as tx:
            for place, recipient in enumerate(recipients):
                reference = f"{time.monotonic_ns()}-{place}"
                order_id = add_order(tx, shop_id, customer={**MARIA, "email": recipient, **customer}, reference=reference)
                if news:
                    tell(tx, shipped(order_id))
        return order_id

    return make


def rows(engine: Engine) -> list[Notification]:
    with engine.begin() as tx:
        order_ids = tx.execute(text("SELECT id FROM orders ORDER BY id")).scalars().all()
        return [row for order_id in order_ids for row in notifications.of_order(tx, order_id)]


def test_sends_what_is_due_and_keeps_it_as_sent(
    engine: Engine, clock: Clock, outlet: Outlet, order_for: Callable[..., int], tmp_path: Path
) -> None:
    order_id = order_for("maria@x.example", name="María\r\nBcc: all@x.example")
    report = send.send_batch(engine, "email", now=clock, outlet=outlet)
    assert (report.leased, report.sent, str(report)) == (1, 1, "1 sent, 0 postponed, 0 dead, 0 waiting")
    (letter,), (row,) = letters_in(tmp_path), rows(engine)
    assert (letter["to"], row.state, row.provider_id) == (["maria@x.example"], "sent", "250 2.0.0 OK: kept as 1")
    with engine.begin() as tx:
        kept = tx.execute(text("SELECT sent FROM notification WHERE id = :id"), {"id": row.id}).scalar()
    assert kept is not None
    assert str(parse(read_back(kept))["Message-ID"]) == letter["message_id"]
    assert parse(read_back(kept))["Bcc"] is None
    with engine.begin() as tx:
        tell(tx, shipped(order_id))  # redelivered
    assert send.drain(engine, "email", now=clock, outlet=outlet).leased == 0


def test_tells_each_failure_apart(engine: Engine, clock: Clock, outlet: Outlet, order_for: Callable[..., int]) -> None:
    order_for("a@x.example", "reply-450@x.example", "reply-550@x.example", "not an @ddress.example", "b@x.example")
    with engine.begin() as tx:
        tell(tx, (order_for("c@x.example", news=False), Tell("love", {}, "love")))
        tell(tx, (order_for("c@x.example", news=False), Tell("question", {"doubts": []}, "question")))
    report = send.send_batch(engine, "email", now=clock, outlet=outlet)
    assert (report.sent, report.postponed, report.dead, report.trouble) == (2, 1, 4, "")
    by_recipient = {f"{row.recipient} {row.kind}": row for row in rows(engine)}
    later = by_recipient["reply-450@x.example shipped"]
    assert (later.state, later.attempts) == ("pending", 1)
    assert later.next_at is not None
    assert timedelta(seconds=40) < later.next_at - NOON < timedelta(seconds=80)
    assert "450" in (later.last_error or "")
    assert "refuses it, reply-550@x.example: 550" in (by_recipient["reply-550@x.example shipped"].last_error or "")
    assert "This is no e-mail address" in (by_recipient["not an @ddress.example shipped"].last_error or "")
    assert "There is no letter of the kind 'love'." in (by_recipient["c@x.example love"].last_error or "")
    assert "needs the fact 'answer_until'" in (by_recipient["c@x.example question"].last_error or "")
    with engine.begin() as tx:
        assert len(notifications.dead_letters(tx)) == 4


def test_gives_up_after_two_days_of_failures(engine: Engine, clock: Clock, outlet: Outlet, order_for: Callable[..., int]) -> None:
    order_for("reply-450@x.example")
    for _ in range(ATTEMPTS):
        assert send.send_batch(engine, "email", now=clock, outlet=outlet).leased == 1
        clock.at = rows(engine)[0].next_at or clock.at
    (row,) = rows(engine)
    assert (row.state, row.attempts) == ("dead", ATTEMPTS)
    assert "Given up after 19 attempts. The mail server cannot take letters" in (row.last_error or "")
    assert timedelta(hours=36) < clock.at - NOON < timedelta(hours=60)


def test_holds_an_absent_server_against_no_letter(engine: Engine, clock: Clock, order_for: Callable[..., int]) -> None:
    order_for(*(f"{number}@x.example" for number in range(send.BATCH + 10)))
    outlet = MailOutlet(MailServer("127.0.0.1", free_port()), "a@b.example")
    report = send.drain(engine, "email", now=clock, outlet=outlet)
    assert (report.leased, report.waiting, report.dead) == (send.BATCH, send.BATCH, 0)
    assert "cannot be reached" in report.trouble
    assert {row.attempts for row in rows(engine)} == {0}
    clock.at += timedelta(days=6)
    assert send.send_batch(engine, "email", now=clock, outlet=outlet).waiting == send.BATCH
    clock.at += timedelta(days=2)
    assert send.send_batch(engine, "email", now=clock, outlet=outlet).dead == send.BATCH  # old news confuses more than none


def test_holds_a_refused_sender_against_its_own_letters_only(
    engine: Engine, clock: Clock, outlet: Outlet, order_for: Callable[..., int]
) -> None:
    order_for("a@x.example")
    with engine.begin() as tx:
        other = add_shop(tx, code="other")
        tx.execute(text("UPDATE shop SET mail_from = 'reply-550@other.example' WHERE id = :id"), {"id": other})
        tell(tx, *(shipped(add_order(tx, other, reference=f"{number}")) for number in range(3)))
    order_for("b@x.example")
    report = send.send_batch(engine, "email", now=clock, outlet=outlet)
    assert (report.sent, report.waiting, report.trouble) == (2, 3, "")
    with engine.begin() as tx:
        (waits,) = outbox.backlog(tx)
    assert (waits.count, "takes no letters from reply-550@other.example" in waits.reason) == (3, True)


def test_waits_and_says_why_when_nothing_is_set_up(engine: Engine, clock: Clock, order_for: Callable[..., int]) -> None:
    order_for("a@x.example")
    settings.cache_clear()
    report = send.drain(engine, "email", now=clock)
    (row,) = rows(engine)
    assert report.trouble == row.last_error == "No mail server is set up: ORDERPIPE_SMTP_URL is empty."
    assert row.next_at == NOON + timedelta(minutes=10)


def test_sends_text_messages(engine: Engine, clock: Clock, order_for: Callable[..., int], tmp_path: Path) -> None:
    order_for("", phone="020 7946 0123")
    order_for("", phone="+491701234560503")
    with SmsCatcher(tmp_path) as catcher:
        outlet = open_outlet("sms", smtp_url="", mail_from="", sms_url=catcher.sms_url)
        with engine.begin() as tx:
            tx.execute(text("UPDATE shop SET country = 'GB'"))
        report = send.drain(engine, "sms", now=clock, outlet=outlet)
    assert (report.sent, report.postponed) == (1, 1)
    (message,) = messages_in(tmp_path)
    assert message["to"] == "+442079460123"
    assert "is on its way with DHL" in message["text"]


def test_writes_to_the_office(engine: Engine, clock: Clock, outlet: Outlet, order_for: Callable[..., int], tmp_path: Path) -> None:
    order_id = order_for("a@x.example", news=False)
    with engine.begin() as tx:
        tell(tx, (order_id, Tell("office-parcel-lost", {"tracking_number": "JD014600"}, "lost", Audience.OFFICE)))
    send.drain(engine, "email", now=clock, outlet=outlet)
    (letter,) = letters_in(tmp_path)
    assert letter["to"] == ["office@tea.example"]
    assert letter["subject"].startswith("Parcel lost: order ")


class SlowSink(Sink):
    """A sink that takes its time, which it tells a clock."""

    def __init__(self, pass_time: Callable[[], None]) -> None:
        super().__init__(lambda notice, order: write_mail(notice, order, default_from="a@b.example"))
        self._pass_time = pass_time

    def deliver(self, parcel: Parcel) -> Outcome:
        self._pass_time()
        return super().deliver(parcel)


def test_gives_back_what_it_cannot_begin_in_time(
    engine: Engine, clock: Clock, order_for: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send, "WORK_SECONDS", 0.05)
    order_for(*(f"{number}@x.example" for number in range(5)))
    report = send.send_batch(engine, "email", now=clock, outlet=SlowSink(lambda: time.sleep(0.06)))
    assert (report.sent, report.waiting) == (1, 4)
    assert [row.attempts for row in rows(engine)] == [1, 0, 0, 0, 0]
    assert send.send_batch(engine, "email", now=clock, outlet=SlowSink(lambda: None)).sent == 4


def test_sends_each_letter_once_with_several_senders_at_work(engine: Engine, clock: Clock, order_for: Callable[..., int]) -> None:
    order_for(*(f"{number}@x.example" for number in range(2 * send.BATCH + 20)))
    sink = SlowSink(lambda: None)

    def steal() -> None:
        other.append(send.send_batch(engine, "email", now=clock, outlet=sink))

    other: list[send.SendReport] = []
    first = SlowSink(lambda: steal() if not other else None)
    report = send.send_batch(engine, "email", now=clock, outlet=first)
    assert (report.sent, other[0].sent) == (send.BATCH, send.BATCH)
    assert send.drain(engine, "email", now=clock, outlet=sink).sent == 20


def test_repeats_nothing_when_the_database_restarts_meanwhile(
    private_postgres: Callable[..., PostgresServer], clock: Clock, catcher: MailCatcher, outlet: Outlet, tmp_path: Path
) -> None:
    server = private_postgres(durable=True)
    migrations_runner.upgrade(server.url())
    engine = connect(server.url())
    with engine.begin() as tx:
        tell(tx, shipped(add_order(tx, add_shop(tx))))

    class Unlucky(SlowSink):
        def deliver(self, parcel: Parcel) -> Outcome:
            server.kill()
            restart.start()
            return outlet.deliver(parcel)

    over = threading.Event()

    def start_and_stay() -> None:  # a server ends with the thread that started it
        time.sleep(1)
        server.start()
        over.wait(60)

    restart = threading.Thread(target=start_and_stay)

    assert send.send_batch(engine, "email", now=clock, outlet=Unlucky(lambda: None)).sent == 1
    clock.at += timedelta(days=1)
    assert send.send_batch(engine, "email", now=clock, outlet=outlet).leased == 0
    assert len(letters_in(tmp_path)) == 1
    engine.dispose()
    over.set()
    restart.join()


def _die_before_the_record(url: str, smtp_url: str, after: int) -> None:
    engine = create_engine(url)
    real = MailOutlet(MailServer.at(smtp_url), "a@b.example")

    class Deadly:
        taken = 0

        def write(self, notice: object, order: object) -> Parcel:
            return real.write(notice, order)  # type: ignore[arg-type]

        def deliver(self, parcel: Parcel) -> Outcome:
            outcome = real.deliver(parcel)
            assert isinstance(outcome, Accepted)
            self.taken += 1
            if self.taken == after:
                os._exit(9)
            return outcome

        def close(self) -> None:
            """Dies before."""

    send.send_batch(engine, "email", now=lambda: NOON, outlet=Deadly())


def test_repeats_at_most_a_group_with_the_same_message_ids_after_a_crash(
    engine: Engine, database_url: str, clock: Clock, catcher: MailCatcher, outlet: Outlet, order_for: Callable[..., int], tmp_path: Path
) -> None:
    order_for(*(f"{number}@x.example" for number in range(60)))
    process = multiprocessing.get_context("spawn").Process(target=_die_before_the_record, args=(database_url, catcher.smtp_url, 40))
    process.start()
    process.join(60)
    assert process.exitcode == 9
    assert send.drain(engine, "email", now=clock, outlet=outlet).leased == 0  # the lease still stands
    clock.at += timedelta(seconds=send.LEASE_SECONDS + 1)
    recorded = [row for row in rows(engine) if row.state == "sent"]
    assert 40 - send.GROUP <= len(recorded) < 40
    send.drain(engine, "email", now=clock, outlet=outlet)
    message_ids = [letter["message_id"] for letter in letters_in(tmp_path, limit=1000)]
    assert len(set(message_ids)) == 60
    assert len(message_ids) == 60 + 40 - len(recorded)
    assert {row.state for row in rows(engine)} == {"sent"}


def test_ends_what_no_sender_survives(engine: Engine, clock: Clock, outlet: Outlet, order_for: Callable[..., int]) -> None:
    order_for("a@x.example")
    with engine.begin() as tx:
        tx.execute(text("UPDATE notification SET attempts = :attempts"), {"attempts": ATTEMPTS})
    send.send_batch(engine, "email", now=clock, outlet=outlet)
    assert "never came to an end" in (rows(engine)[0].last_error or "")


def test_says_in_a_sentence_what_became_of_the_letters() -> None:
    report = send.SendReport(3, 1, 1, 1, 0) + send.SendReport(2, 0, 0, 0, 2, "The mail server is away.")
    assert str(report) == "1 sent, 1 postponed, 1 dead, 2 waiting. The mail server is away."
    assert replace(report, trouble="") + report == replace(report, leased=10, sent=2, postponed=2, dead=2, waiting=4)


def test_shows_customers_the_way_to_their_order_and_the_same_when_it_is_sent_again(
    engine: Engine, clock: Clock, outlet: Outlet, order_for: Callable[..., int], tmp_path: Path
) -> None:
    order_id = order_for("maria@x.example")
    with engine.begin() as tx:
        notifications.enqueue(
            tx, [(order_id, Tell("office-no-date", {"reason": "None."}, "office", Audience.OFFICE))], NOON, office_default="o@x.example"
        )
        signer = link_keys.signer(tx, NOON)
        link = page_link(signer, settings().public_url, order_id, NOON)
    send.send_batch(engine, "email", now=clock, outlet=outlet)
    with engine.begin() as tx:
        tx.execute(text("UPDATE notification SET state = 'pending', next_at = :now WHERE audience = 'customer'"), {"now": NOON})
    clock.at += timedelta(days=3)
    send.send_batch(engine, "email", now=clock, outlet=outlet)
    hers = [one for one in letters_in(tmp_path) if one["to"] == ["maria@x.example"]]
    assert [link in one["text"] and link in one["html"] for one in hers] == [True, True]
    assert len({one["text"] for one in hers}) == 1
    assert [link in one["text"] for one in letters_in(tmp_path) if one not in hers] == [False]


def by_night(engine: Engine, clock: Clock, *, hour: int = 22) -> None:
    """It is so late in London, in winter."""
    clock.at = datetime(2026, 11, 3, hour, tzinfo=UTC)
    with engine.begin() as tx:
        tx.execute(text("UPDATE notification SET next_at = :now, created_at = :now"), {"now": clock.at})


def test_lets_text_messages_wait_for_the_recipients_morning(engine: Engine, clock: Clock, order_for: Callable[..., int]) -> None:
    order_for("", phone="+44 7700 900123")
    order_for("", phone="+1 212 555 0123")
    order_for("a@x.example")
    by_night(engine, clock)
    sink = Sink(write_sms)
    report = send.drain(engine, "sms", now=clock, outlet=sink)
    assert (report.sent, report.waiting) == (1, 1)  # in New York it is afternoon
    london = next(row for row in rows(engine) if row.recipient == "+44 7700 900123")
    assert (london.state, london.attempts, london.next_at) == ("pending", 0, datetime(2026, 11, 4, 8, tzinfo=UTC))
    assert london.last_error == NIGHT
    clock.at = london.next_at or clock.at
    assert send.drain(engine, "sms", now=clock, outlet=sink).sent == 1
    assert send.drain(engine, "email", now=clock, outlet=SlowSink(lambda: None)).sent == 1  # a letter wakes nobody


def test_wakes_people_only_for_what_the_shop_says(engine: Engine, clock: Clock, order_for: Callable[..., int]) -> None:
    order_for("", phone="+44 7700 900123")
    by_night(engine, clock)
    with engine.begin() as tx:
        shop_id = tx.execute(text("SELECT id FROM shop")).scalar_one()
        known = letter_rules.rules_of(tx, [shop_id])[shop_id]
        letter_rules.change(tx, shop_id, replace(known, wakes=("shipped",)))
    assert send.drain(engine, "sms", now=clock, outlet=Sink(write_sms)).sent == 1


def test_drops_a_text_message_that_would_be_no_news_in_the_morning(
    engine: Engine, clock: Clock, order_for: Callable[..., int]
) -> None:
    order_id = order_for("", phone="+1 212 555 0123", news=False)
    with engine.begin() as tx:
        tell(tx, (order_id, Tell("out-for-delivery", {"tracking_number": "JD014600"}, "out")))
    by_night(engine, clock, hour=2)
    with engine.begin() as tx:
        tx.execute(text("UPDATE notification SET created_at = created_at - interval '4 hours'"))
    send.drain(engine, "sms", now=clock, outlet=Sink(write_sms))
    (row,) = rows(engine)
    assert (row.state, row.next_at, row.last_error) == ("withdrawn", None, STALE_NEWS)


def test_tells_nobody_the_day_after_that_a_parcel_arrives_today(
    engine: Engine, clock: Clock, outlet: Outlet, order_for: Callable[..., int]
) -> None:
    order_id = order_for("a@x.example")
    with engine.begin() as tx:
        tell(tx, (order_id, Tell("out-for-delivery", {"tracking_number": "JD014600"}, "out")))
    clock.at += timedelta(days=1)  # so long no mail server was there
    send.drain(engine, "email", now=clock, outlet=outlet)
    assert {row.kind: row.state for row in rows(engine)} == {"shipped": "sent", "out-for-delivery": "withdrawn"}


def test_shows_the_way_to_turn_off_what_is_optional(
    engine: Engine, clock: Clock, outlet: Outlet, order_for: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERPIPE_PUBLIC_URL", "https://orders.example")
    settings.cache_clear()
    order_id = order_for("a@x.example")
    with engine.begin() as tx:
        tell(tx, (order_id, Tell("payment-received", {"amount": "1"}, "paid")))
    send.drain(engine, "email", now=clock, outlet=outlet)
    settings.cache_clear()
    with engine.begin() as tx:
        found = {one.notification.kind: one for one in outbox.find(tx, Search(), 10)}
    optional, necessary = (parse(read_back(found[kind].sent or b"")) for kind in ("shipped", "payment-received"))
    link = re.fullmatch(r"<(https://orders\.example/u/[\w-]{35})>", str(optional["List-Unsubscribe"]).replace("\n", ""))
    assert link
    assert optional["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    for part in optional.iter_parts():
        assert link[1] in part.get_content()
    assert necessary["List-Unsubscribe"] is None
    assert "/u/" not in necessary.as_string()
    with engine.begin() as tx:
        token = link[1].rpartition("/")[2]
        assert link_keys.signer(tx, NOON).read(token, Purpose.UNSUBSCRIBE, NOON) == found["shipped"].notification.id


def test_texts_a_short_way_to_turn_off_what_is_optional(engine: Engine, clock: Clock, order_for: Callable[..., int]) -> None:
    order_id = order_for("", phone="+44 7700 900123")
    with engine.begin() as tx:
        tell(tx, (order_id, Tell("payment-received", {"amount": "1"}, "paid")))
    send.drain(engine, "sms", now=clock, outlet=Sink(write_sms))
    with engine.begin() as tx:
        found = {one.notification.kind: one for one in outbox.find(tx, Search(), 10)}
        link = re.search(r" Stop: \S+/u/([\w-]{12,15})$", read_back(found["shipped"].sent or b"").decode())
        assert link
        assert link_keys.signer(tx, NOON).read_brief(link[1], Purpose.UNSUBSCRIBE) == found["shipped"].notification.id
    assert b"/u/" not in read_back(found["payment-received"].sent or b"")


def test_writes_in_the_shops_own_words_and_in_ours_where_these_fail(
    engine: Engine, clock: Clock, outlet: Outlet, order_for: Callable[..., int], tmp_path: Path
) -> None:
    good = '{% block subject %}Off it goes, {{ order.number }}{% endblock %}{% block title %}Off{% endblock %}' \
        '{% block body %}{% filter para %}Off it goes.{% endfilter %}{% endblock %}{% block sms %}Off{% endblock %}'
    order_id = order_for("a@x.example")
    with engine.begin() as tx:
        shop_id = tx.execute(text("SELECT id FROM shop")).scalar_one()
        for kind, source in (("shipped", good), ("payment-received", good.replace("order.number", "facts.nothing"))):
            shop_templates.put(tx, OwnWords(shop_id, kind, "en", source, NOON, "office Olga"))
        tell(tx, *((order_id, Tell("payment-received", {"amount": "1"}, f"paid {number}")) for number in range(2)))
    assert send.drain(engine, "email", now=clock, outlet=outlet).sent == 3
    send.drain(engine, "email", now=clock, outlet=outlet)
    subjects = sorted(str(letter["subject"]) for letter in letters_in(tmp_path))
    number = number_of(order_id)
    assert subjects == sorted([
        f"Off it goes, {number}", *[f"Your payment for order {number} has arrived"] * 2,
        f"Your template for payment-received (en) fails, order {number}",
    ])
