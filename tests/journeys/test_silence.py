"""
A question that nobody answers, from the first letter to the end that was announced; with everything that goes out as it is read.
"""

import re
from dataclasses import dataclass
from datetime import datetime

import pytest

from orderpipe.channels import letters
from orderpipe.domain.ladder import OnSilence, QueryPolicy
from orderpipe.domain.notices import Sent
from orderpipe.domain.orders import Contact
from orderpipe.domain.queries import Answer
from orderpipe.sideflows import queries
from orderpipe.sideflows.queries import How
from orderpipe.store import notifications, query_policies
from tests import builders
from tests.floor import OFFICE, Floor

ANN = Contact("Ann Ok", "ann@customers.example", "07911 123456")


@dataclass(frozen=True)
class Came:
    """What somebody received: when, by what, and its words."""

    at: str
    channel: str
    to: str
    text: str


class Post:
    """Carries everything out at once."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor

    def carry(self) -> list[Came]:
        came = []
        with self._floor.engine.begin() as tx:
            for channel in ("email", "sms"):
                leased = notifications.lease(tx, channel, limit=100, now=self._floor.now, lease_seconds=60)
                orders = notifications.context_of(tx, leased)
                for one in leased:
                    order = orders[one.order_id or 0]
                    text = letters.render_mail(one, order).text if channel == "email" else letters.render_sms(one, order)
                    came.append(Came(f"{self._floor.now:%a %H:%M}", channel, one.recipient, text))
                notifications.record(tx, [Sent(one, "ok", b"") for one in leased], self._floor.now)
        return came

    def until_the_next(self, order: int) -> Came:
        """Time passes until something more comes about the order."""
        for _ in range(20):
            self._floor.now = self._floor.row(order)["next_at"]
            self._floor.pass_time()
            if came := self.carry():
                return came[0]
        raise AssertionError("Nothing came any more.")


@pytest.fixture
def post(floor: Floor) -> Post:
    with floor.engine.begin() as tx:
        policy = QueryPolicy(silence_after=480, on_silence=OnSilence.CANCEL)
        query_policies.keep(tx, builders.shop(tx), query_policies.EVERY_TYPE, policy)
    return Post(floor)


def begun(floor: Floor, post: Post, **draft: object) -> int:
    order = floor.order(**({"customer": ANN, "payment_method": ""} | draft))  # type: ignore[arg-type]
    floor.receive(order)
    first = post.carry()[-1]
    assert (first.channel, first.to) == ("email", ANN.email)
    assert "How would you like to pay?" in first.text
    return order


def test_asked_reminded_by_mail_and_by_sms_called_and_canceled_with_notice(floor: Floor, post: Post) -> None:
    order = begun(floor, post)
    reminder = post.until_the_next(order)
    assert (reminder.at, reminder.channel, reminder.to) == ("Tue 16:00", "email", ANN.email)
    day = re.search(r"Please answer by ([^.]*\d{4}[^.]*)\. If we have not heard from you by then, we will cancel the order", reminder.text)
    assert day, reminder.text
    message = post.until_the_next(order)
    assert (message.at, message.channel, message.to) == ("Wed 12:00", "sms", ANN.phone)
    assert "is canceled without your answer by" in message.text
    call = post.until_the_next(order)
    assert (call.at, call.to) == ("Wed 16:00", OFFICE)
    assert "Ann Ok, 07911 123456, ann@customers.example" in call.text
    assert re.search(r"orderpipe order answer \d+-\d --set /payment_method=…", call.text)
    assert "the order is canceled by itself" in " ".join(call.text.split()).lower()
    end = post.until_the_next(order)
    assert (end.at, end.channel, end.to) == ("Thu 16:00", "email", ANN.email)
    assert "We asked you about it and had no answer." in end.text
    assert floor.state(order) == ("canceled", None)
    assert "5 November 2026" in day[1]
    assert "16:00" in day[1]
    floor.check()


def test_answered_by_the_link_in_the_text_message_and_never_asked_again(floor: Floor, post: Post) -> None:
    floor.stock()
    order = begun(floor, post)
    post.until_the_next(order)
    message = post.until_the_next(order)
    token = message.text.rpartition("/")[2]
    with floor.engine.begin() as tx:
        floor.give(queries.answer(tx, token, Answer({"/payment_method": "card"}), by="customer", how=How.PAGE, now=floor.now).hints)
    floor.work()
    assert floor.state(order) == ("promised", "fulfillments")
    floor.pass_time(days=5)
    assert not [one for one in post.carry() if "/q/" in one.text or (one.to == OFFICE and "call" in one.text)]
    floor.check()


def test_keeps_waiting_for_the_office_where_silence_means_nothing(floor: Floor, post: Post) -> None:
    with floor.engine.begin() as tx:
        query_policies.keep(tx, builders.shop(tx), query_policies.EVERY_TYPE, QueryPolicy())
    order = begun(floor, post)
    came = [post.until_the_next(order) for _ in range(6)]
    assert "After that we will try to call you." in " ".join(came[0].text.split())
    assert [(one.at, one.channel) for one in came[2:]] == [
        ("Wed 16:00", "email"), ("Thu 16:00", "email"), ("Fri 16:00", "email"), ("Mon 09:00", "email"),
    ]
    assert {one.to for one in came[2:]} == {OFFICE}
    assert datetime.fromisoformat(floor.told(order, "question-reminder")[0]["answer_until"]) == datetime.fromisoformat("2026-11-04T16:00Z")
