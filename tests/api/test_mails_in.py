"""
What a shop's programs are told of mails about an order.
"""

from fastapi.testclient import TestClient

from orderpipe.domain.orders import internal_id, public_id
from orderpipe.store import mail_in
from orderpipe.store.database import Database
from orderpipe.store.mail_in import Arrived, Letterhead, Settled
from tests.api.conftest import Clock
from tests.api.test_orders_out import post


def test_lists_the_mails_about_an_order(http: TestClient, database: Database, clock: Clock) -> None:
    order = post(http)
    assert http.get(f"/v1/orders/{order}/mails").json() == {"data": []}
    with database.begin() as tx:
        mail_in.keep(tx, [Arrived("box", 1, 1, 3, b"3\xff\0", b"digest")], clock())
        settled = Settled("about-order", "The office has been told.", internal_id("order", order), 7)
        mail_in.settle(tx, 1, settled, Letterhead("<1@c.example>", "ann@customers.example", "Ann", "<b>Where?</b>"), clock())
    (mail,) = http.get(f"/v1/orders/{order}/mails").json()["data"]
    assert (mail["sender"], mail["subject"], mail["kind"]) == ("ann@customers.example", "<b>Where?</b>", "about-order")
    assert mail["notification"] == public_id("notification", 7)
