"""
The body of a webhook: what happened, and the order it happened to, whole, as it stands when the message leaves.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from orderpipe.api.order_documents import OrderTold, told
from orderpipe.domain.orders import public_id
from orderpipe.domain.webhooks import Delivery
from orderpipe.store import order_views, payments, webhook_deliveries
from orderpipe.store.metadata import Tx
from orderpipe.store.webhook_deliveries import Told


def write(tx: Tx, deliveries: Sequence[Delivery]) -> dict[int, bytes]:
    """The bodies of these deliveries, by their id; the same number of queries however many they are."""
    order_ids = {one.order_id for one in deliveries if one.order_id is not None}
    orders, entries = documents(tx, sorted(order_ids)), webhook_deliveries.told_by(tx, deliveries)
    return {one.id: _body(one, orders, entries) for one in deliveries}


def documents(tx: Tx, order_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Orders as `GET /v1/orders/{order}` tells them, by id, with the number of their last journal entry as `as_of`."""
    lines, parts = order_views.lines_of(tx, order_ids), order_views.parts_of(tx, order_ids)
    questions, accounts = order_views.open_questions_of(tx, order_ids), payments.accounts(tx, order_ids)
    return {
        one.id: OrderTold.model_validate(
            told(one, lines[one.id], parts[one.id], questions[one.id], accounts[one.id])
        ).model_dump(mode="json") | {"as_of": one.seq}
        for one in order_views.heads(tx, order_ids)
    }


def _body(one: Delivery, orders: Mapping[int, dict[str, Any]], entries: Mapping[tuple[int, int], Told]) -> bytes:
    order = orders.get(one.order_id or 0, {})
    data = {"sequence": one.seq, "event": _event(entries.get((one.order_id or 0, one.seq))), **order} if order else {}
    content = {"type": one.type, "timestamp": one.at.isoformat().replace("+00:00", "Z"), "data": data}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _event(entry: Told | None) -> dict[str, Any] | None:
    if entry is None:
        return None
    fulfillment = None if entry.fulfillment_id is None else public_id("fulfillment", entry.fulfillment_id)
    return {"actor": entry.actor, "fulfillment": fulfillment, "before": entry.before, "after": entry.after, "note": entry.note}
