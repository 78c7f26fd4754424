"""
Mail that fits no order: the office is told of each once, and settles it.
"""

import pytest
from sqlalchemy import text

from orderpipe.channels.email import write_mail
from orderpipe.domain.cases import Kind
from orderpipe.sideflows import stray_mail
from orderpipe.sideflows.stray_mail import KIND, NotOpen, place
from orderpipe.store import cases, notifications, office_letters
from tests.builders import rows_of
from tests.floor import OFFICE, Floor
from tests.mailed import mail, mails, receive
from workers import handing_out, letterbox


def told(floor: Floor) -> list[dict[str, object]]:
    with floor.engine.begin() as tx:
        return [row for row in rows_of(tx, notifications.notification) if row["kind"] == KIND]


def test_the_office_is_told_once_of_each(floor: Floor) -> None:
    floor.order()
    came = receive(floor, mail("Do you sell tea pots?"))
    letterbox.read(floor.run, office=OFFICE)
    (letter,) = told(floor)
    assert (came["state"], came["shop_id"], letter["order_id"], letter["recipient"]) == ("open", 1, None, OFFICE)
    assert letter["facts"]["reply"] == ["Do you sell tea pots?"]  # type: ignore[index]


def test_the_letter_goes_out_though_it_speaks_of_no_order(floor: Floor) -> None:
    floor.order()
    receive(floor, mail("Do you sell tea pots?"))
    with floor.engine.begin() as tx:
        leased = notifications.lease(tx, "email", limit=10, now=floor.now, lease_seconds=60)
        handed = handing_out.hand_out(tx, "email", leased, floor.now)
    (notice,) = [one for one in handed.letters if one.kind == KIND]
    parcel = write_mail(notice, handed.orders[notice.about], default_from="orders@orderpipe.example")
    assert b"Do you sell tea pots?" in parcel.content
    assert b"orderpipe mail in 1 --order NUMBER" in parcel.content


def test_it_is_the_shops_whose_address_it_went_to(floor: Floor) -> None:
    floor.order()
    floor.order(shop="tea")
    with floor.engine.begin() as tx:
        tx.execute(text("UPDATE shop SET mail_from = 'Tea & Sons <orders@tea.example>' WHERE code = 'tea'"))
        tea = tx.execute(text("SELECT id FROM shop WHERE code = 'tea'")).scalar_one()
        assert office_letters.shop_addressed(tx, ["Orders@Tea.example"]) == tea
        assert office_letters.shop_addressed(tx, ["somebody@else.example"]) == 0
    assert receive(floor, mail("Hello?"))["shop_id"] is None
    assert told(floor)[0]["facts"]["shop"] == 0  # type: ignore[index]


def test_what_the_office_writes_itself_leads_to_no_letter(floor: Floor) -> None:
    floor.order()
    receive(floor, mail("Who wrote that?").replace(b"ann@customers.example", OFFICE.encode()))
    assert told(floor) == []
    assert mails(floor)[0]["state"] == "open"


def test_no_more_than_so_many_letters_a_day(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stray_mail, "MOST_A_DAY", 2)
    for number in range(4):
        receive(floor, mail(f"Offer {number}"))
    assert len(told(floor)) == 2
    assert [row["state"] for row in mails(floor)] == ["open"] * 4


def test_the_office_says_what_order_it_is_about(floor: Floor) -> None:
    order_id = floor.order()
    came = receive(floor, mail("Where are my cups?"))
    with floor.engine.begin() as tx:
        placed = place(tx, came["id"], order_id, by="Olga", now=floor.now)
        (case,) = cases.of_orders(tx, [order_id])
        assert (placed.heard.case_id, case.kind) == (case.id, Kind.ENQUIRY)
        assert "Where are my cups?" in cases.messages_of(tx, case.id)[0].body
        with pytest.raises(NotOpen):
            place(tx, came["id"], order_id, by="Olga", now=floor.now)
        with pytest.raises(NotOpen):
            stray_mail.finish(tx, came["id"], floor.now)
    (row,) = mails(floor)
    assert (row["state"], row["order_id"], row["kind"]) == ("done", order_id, "about-order")
