"""
An order as `orderpipe order show` tells it: the same document as over HTTP, with its letters and what happened to it.
"""

from collections.abc import Mapping
from typing import Any

from orderpipe.api import order_documents
from orderpipe.cli.terminal import local_time, print_table, say
from orderpipe.domain.orders import fulfillment_number_of
from orderpipe.store import holds, notifications, order_views, payments, shops, standing
from orderpipe.store.holds import Found
from orderpipe.store.metadata import Tx
from orderpipe.store.standing import UnknownOrder


def document_of(tx: Tx, order_id: int) -> dict[str, Any]:
    """The order whole, with its shop's code, its letters and its journal. Raises UnknownOrder."""
    shop = shops.by_ids(tx, [standing.shop_of(tx, order_id)])
    head = order_views.head(tx, next(iter(shop)), order_id)
    if head is None:
        raise UnknownOrder(f"There is no order with the id {order_id}.")
    document = order_documents.told(
        head, order_views.lines(tx, order_id), order_views.parts(tx, order_id), order_views.open_questions(tx, order_id),
        payments.accounts(tx, [order_id])[order_id],
    )
    return document | {
        "shop": next(iter(shop.values())).code,
        "findings": holds.found_in(tx, order_id),
        "letters": notifications.of_order(tx, order_id),
        "journal": order_views.timeline(tx, order_id, after=0, limit=10_000),
    }


def print_order(order: Mapping[str, Any]) -> None:
    """The order for people."""
    say(f"Order {order['number']} ({order['id']}), {order['shop']} {order['reference']}: {order['state']} ({order['status']})")
    for line in _head(order):
        say(f"  {line}")
    say("")
    print_table(("line", "sku", "description", "ordered", "canceled", "price"), (
        [one["number"], one["sku"], one["description"], one["quantity"], one["canceled"] or None, one["unit_price"]]
        for one in order["lines"]
    ))
    if order["fulfillments"]:
        say("")
        named = ("fulfillment", "state", "waits for", "from", "pieces", "promised until", "tracking")
        print_table(named, (_fulfillment(one) for one in order["fulfillments"]))
    if order["findings"]:
        say("")
        print_table(("found", "leads to", "at", "evidence", "cleared"), (_finding(one) for one in order["findings"]))
    say("")
    print_table(("at", "what", "by"), ([one.at, _happened(one), one.actor] for one in order["journal"]))
    say("")
    letters = ("letter", "kind", "by", "to", "state", "sent")
    print_table(letters, ([one.id, one.kind, one.channel, one.recipient, one.state, one.sent_at] for one in order["letters"]))


def _head(order: Mapping[str, Any]) -> list[str]:
    customer = order["customer"]
    told = ", ".join(customer[name] for name in ("name", "company", "email", "phone") if customer.get(name))
    promise = order["promise"]
    waits = [f"{wait['unit']} waits for {wait['sentence']}" for wait in order["waits"] if wait["waiting_for"]]
    return [
        f"customer: {told or 'unknown'}",
        f"received {local_time(order['received_at'])} by {order['channel']}, {order['type']} order in the {order['lane']} lane",
        f"to pay: {order['total']} {order['currency']} by {order['payment_method'] or '?'}, {order['payment_status']}",
        f"promised until {local_time(promise['until_at'])}" if promise else "not promised yet",
        *waits,
    ]


def _fulfillment(one: Mapping[str, Any]) -> list[Any]:
    pieces = ", ".join(f"{line['quantity']} × {line['sku']}" for line in one["lines"])
    tracking = ", ".join(f"{parcel['tracking_number']} {parcel['status']}" for parcel in one["parcels"])
    until = one["promise"]["until_at"] if one["promise"] else None
    return [one["number"], one["state"], one["waiting_for"], one["location"], pieces, until, tracking]


def _finding(one: Found) -> list[Any]:
    return [one.rule, one.severity, one.field, _note(one.evidence), one.cleared_how]


def _happened(one: order_views.Happened) -> str:
    about = f" {fulfillment_number_of(one.fulfillment_id)}" if one.fulfillment_id else ""
    note = f" {_note(one.note)}" if one.note else ""
    return f"{one.what}{about}{note}"


def _note(note: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in note.items() if value not in (None, "", []))
