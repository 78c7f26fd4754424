"""
The sender of the peer written with the ORM: one letter a message, rendered and handed over as all the others' letters are.
"""

from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import contains_eager, selectinload

from benchmarks.peers import orm
from benchmarks.peers.letters import outlet
from benchmarks.peers.mapped import Notification, Order
from orderpipe.channels.keeping import keep
from orderpipe.channels.outlets import Accepted
from orderpipe.domain import notices
from orderpipe.domain.orders import number_of


def send(letter_id: int) -> None:
    """Write the letter, hand it over, record it; the row stays locked meanwhile, so that nobody else sends it."""
    wanted = (
        select(Notification, Order).join(Order, Order.id == Notification.order_id).join(Order.shop)
        .where(Notification.id == letter_id, Notification.state == "pending")
        .options(contains_eager(Order.shop), selectinload(Order.lines)).with_for_update(of=Notification, key_share=True, skip_locked=True)
    )
    with orm.session() as tx, tx.begin():
        row = tx.execute(wanted).one_or_none()
        if row is None:
            return
        letter, order = row.tuple()
        parcel = outlet().write(_notice(letter), _told(order))
        outcome = outlet().deliver(parcel)
        assert isinstance(outcome, Accepted)
        letter.state, letter.next_at, letter.attempts = "sent", None, letter.attempts + 1
        letter.provider_id, letter.sent, letter.sent_at = outcome.reply, keep(parcel.content, letter.language), datetime.now(UTC)


def _notice(one: Notification) -> notices.Leased:
    return notices.Leased(
        one.id, one.order_id, one.audience, one.channel, one.recipient, one.kind, one.language, one.facts, one.dedupe_key,
        one.attempts + 1, one.created_at,
    )


def _told(order: Order) -> notices.Order:
    lines = tuple(
        notices.OrderedLine(one.number, one.sku, one.kind, one.description, one.quantity, one.unit_price) for one in order.lines
    )
    shop = order.shop
    return notices.Order(
        number_of(order.id), lines, order.reference, order.received_at, order.customer, order.ship_to, order.payment_method,
        order.currency, order.total, shop.name, shop.mail_from, shop.time_zone, shop.country,
    )
