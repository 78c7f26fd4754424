"""
Letters that do not arrive: the address is flagged, the other way is tried once, and else the office is told.
"""

import pytest

from orderpipe.domain.notices import Dead, Fault
from orderpipe.domain.orders import Contact
from orderpipe.sideflows import fallbacks
from orderpipe.store import checks, notifications
from orderpipe.store.bounced import address_flag
from orderpipe.store.notifications import notification
from orderpipe.store.outbox import resend
from tests.bounces import MESSAGE_ID, PERMANENT, TEMPORARY, report
from tests.builders import rows_of
from tests.floor import OFFICE, Floor
from tests.mailed import ANN, mail, mails, named, receive

MOBILE = "+447400123456"
REACHABLE = Contact("Ann Ok", ANN, MOBILE)


def bounced(floor: Floor, order: int, raw: bytes, kind: str = "acknowledgement") -> dict[str, object]:
    """This report comes in about the order's letter."""
    return receive(floor, raw.replace(MESSAGE_ID.encode(), named(floor, order, kind).encode()))


def outbox(floor: Floor, order: int) -> list[tuple[str, str, str]]:
    with floor.engine.begin() as tx:
        return [(row["kind"], row["channel"], row["recipient"]) for row in rows_of(tx, notification, order_id=order)]


def flags(floor: Floor) -> list[tuple[str, bool]]:
    with floor.engine.begin() as tx:
        return [(row["address"], row["cleared_at"] is None) for row in rows_of(tx, address_flag)]


def send_dead(floor: Floor, fault: Fault, channel: str = "email") -> None:
    """What is due on this channel is refused when it is sent."""
    with floor.engine.begin() as tx:
        leased = notifications.lease(tx, channel, limit=10, now=floor.now, lease_seconds=60)
        notifications.record(tx, [Dead(one, "550 5.1.1 no such user", fault) for one in leased], floor.now)


def fall_back(floor: Floor) -> int:
    with floor.engine.begin() as tx:
        return fallbacks.fall_back(tx, office=OFFICE, now=floor.now)


@pytest.mark.parametrize("server", PERMANENT)
def test_a_letter_that_came_back_goes_as_a_text_message(floor: Floor, server: str) -> None:
    order = floor.order(customer=REACHABLE)
    came = bounced(floor, order, PERMANENT[server])
    assert (came["kind"], came["state"], came["order_id"]) == ("bounce", "done", order)
    assert outbox(floor, order) == [("acknowledgement", "email", ANN), ("acknowledgement", "sms", MOBILE)]
    assert flags(floor) == [(ANN, True)]
    assert floor.journal(order)[-1]["note"]["then"] == "sms"


@pytest.mark.parametrize("kind", TEMPORARY)
def test_a_letter_that_is_late_is_only_noted(floor: Floor, kind: str) -> None:
    order = floor.order(customer=REACHABLE)
    came = bounced(floor, order, TEMPORARY[kind])
    assert (came["kind"], came["state"], came["order_id"]) == ("delayed", "done", order)
    assert (len(outbox(floor, order)), flags(floor)) == (1, [])


def test_a_server_that_was_away_too_long_condemns_no_address(floor: Floor) -> None:
    order = floor.order(customer=REACHABLE)
    bounced(floor, order, report(status="4.4.7"))
    assert (len(outbox(floor, order)), flags(floor)) == (2, [])


def test_later_letters_avoid_the_address(floor: Floor) -> None:
    order = floor.order(customer=REACHABLE)
    bounced(floor, order, report())
    floor.stock()
    floor.receive(order)
    assert ("delivery-date", "sms", MOBILE) in outbox(floor, order)
    other = floor.order(customer=Contact("Ann", ANN.upper(), MOBILE))
    assert outbox(floor, other) == [("acknowledgement", "sms", MOBILE)]
    elsewhere = floor.order(customer=REACHABLE, shop="other")
    assert outbox(floor, elsewhere) == [("acknowledgement", "email", ANN)]


def test_a_customer_who_writes_from_the_address_is_there_after_all(floor: Floor) -> None:
    order = floor.order(customer=REACHABLE)
    bounced(floor, order, report())
    receive(floor, mail("Hello?", answers=named(floor, order, "acknowledgement")))
    assert flags(floor) == [(ANN, False)]
    assert outbox(floor, floor.order(customer=REACHABLE)) == [("acknowledgement", "email", ANN)]
    bounced(floor, order, report(diagnostic="smtp; 550 gone again"), kind="acknowledgement")
    assert flags(floor) == [(ANN, True)]


def test_an_address_that_the_customer_gives_anew_is_tried_again(floor: Floor) -> None:
    order = floor.order(customer=REACHABLE)
    bounced(floor, order, report())
    nowhere = floor.order(customer=Contact("Ann Ok", "ann@", ""))
    with floor.engine.begin() as tx:
        doubts = [{"rule": "contact-missing", "field": "/customer"}]
        checks.open_queries(tx, {nowhere: doubts}, floor.now)
    floor.answer(nowhere, {"/customer/email": ANN})
    assert flags(floor) == [(ANN, False)]


@pytest.mark.parametrize("phone", ["", "+44 20 7946 0123"])
def test_the_office_is_told_of_a_customer_whom_nothing_reaches(floor: Floor, phone: str) -> None:
    """A landline takes no text messages."""
    order = floor.order(customer=Contact("Ann Ok", ANN, phone))
    bounced(floor, order, report())
    assert outbox(floor, order)[1:] == [("office-unreachable", "email", OFFICE)]
    (facts,) = floor.told(order, "office-unreachable")
    assert (facts["recipient"], facts["kind"], "User unknown" in facts["bounce_error"]) == (ANN, "acknowledgement", True)


def test_nothing_is_done_twice(floor: Floor) -> None:
    order = floor.order(customer=REACHABLE)
    for _ in range(2):
        bounced(floor, order, report())
        bounced(floor, order, report(diagnostic="smtp; 550 and once more"))
    assert fall_back(floor) == 0
    assert len(outbox(floor, order)) == 2


def test_a_letter_refused_when_it_is_sent_takes_the_other_way_too(floor: Floor) -> None:
    order = floor.order(customer=REACHABLE)
    send_dead(floor, Fault.ADDRESS)
    assert fall_back(floor) == 1
    assert outbox(floor, order)[1:] == [("acknowledgement", "sms", MOBILE)]
    assert flags(floor) == [(ANN, True)]


def test_a_letter_refused_for_what_it_says_condemns_no_address(floor: Floor) -> None:
    order = floor.order(customer=REACHABLE)
    send_dead(floor, Fault.LETTER)
    fall_back(floor)
    assert (len(outbox(floor, order)), flags(floor)) == (2, [])


def test_a_letter_that_failed_through_our_own_fault_waits_for_us(floor: Floor) -> None:
    order = floor.order(customer=REACHABLE)
    send_dead(floor, Fault.OURS)
    assert (fall_back(floor), len(outbox(floor, order)), flags(floor)) == (0, 1, [])


def test_a_text_message_instead_is_the_last_try(floor: Floor) -> None:
    order = floor.order(customer=REACHABLE)
    send_dead(floor, Fault.ADDRESS)
    fall_back(floor)
    send_dead(floor, Fault.LETTER, "sms")
    fall_back(floor)
    assert [kind for kind, _, _ in outbox(floor, order)] == ["acknowledgement", "acknowledgement", "office-unreachable"]


def test_a_text_message_that_is_not_taken_becomes_a_letter(floor: Floor) -> None:
    order = floor.order(customer=REACHABLE)
    with floor.engine.begin() as tx:
        tx.exec_driver_sql("UPDATE notification SET channel = 'sms', recipient = '+447400123456'")
    send_dead(floor, Fault.ADDRESS, "sms")
    fall_back(floor)
    assert outbox(floor, order)[1:] == [("acknowledgement", "email", ANN)]


def test_a_report_that_names_no_letter_of_ours_is_left_to_a_person(floor: Floor) -> None:
    came = receive(floor, report())
    assert (came["kind"], came["state"], flags(floor)) == ("bounce", "open", [])
    assert len(mails(floor)) == 1


def test_a_letter_sent_again_by_hand_may_come_back_again(floor: Floor) -> None:
    order = floor.order(customer=REACHABLE)
    send_dead(floor, Fault.LETTER)
    fall_back(floor)
    with floor.engine.begin() as tx:
        (first, _) = rows_of(tx, notification, order_id=order)
        assert resend(tx, first["id"], floor.now) == first["id"]
        assert rows_of(tx, notification, id=first["id"])[0]["bounced_at"] is None
