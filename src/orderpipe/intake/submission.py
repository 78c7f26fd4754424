"""
Orders that a shop puts on the broker: who signed them, whether the signature holds, and each order of the message for itself.

The signature is the shop's word for exactly these bytes; without it nothing is read, however much it looks like an order.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from orderpipe.domain.orders import OrderDraft
from orderpipe.intake import json_order
from orderpipe.intake.envelope import Call, Envelope, call_in
from orderpipe.intake.outcomes import Received
from orderpipe.intake.refusals import FieldError, Malformed
from orderpipe.store.intakes import MOST_PARTS

_SPACE = re.compile(r"[ \t\r\n]*")  # what JSON calls white space
CHANNEL = "broker"
MOST_ORDERS = MOST_PARTS
"""Orders that one message carries at most."""
OLDEST = timedelta(days=7)
"""So long a message may lie on the broker; who sends it again within that time sends the same order."""
CLOCKS_DIFFER = timedelta(minutes=5)
"""So far the sender's clock may be ahead."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A live key of a shop as it stands in the books: the last four characters, and the SHA-256 that both sides sign with."""

    hint: str
    secret: bytes


@dataclass(frozen=True, slots=True)
class Sender:
    """The shop that a queue belongs to, and its live keys."""

    shop_id: int
    keys: tuple[SigningKey, ...]


class BadSignature(Malformed):
    """The message is not signed, as it must be, with a live key of the shop whose queue it came through."""

    code = "bad-signature"

    def __init__(self, detail: str, code: str, pointer: str) -> None:
        super().__init__([FieldError(pointer, detail, code)])


class NoOrders(Malformed):
    """The payload is neither an order nor a list of orders."""

    code = "no-orders"

    def __init__(self, detail: str, code: str) -> None:
        super().__init__([FieldError("", detail, code)])


def sign(key: str, payload: str, timestamp: int) -> str:
    """The signature of a payload: HMAC-SHA256 in hex over `timestamp.payload`, with the SHA-256 of the shop's key."""
    return _signature(hashlib.sha256(key.encode()).digest(), payload, timestamp)


def _signature(secret: bytes, payload: str, timestamp: int) -> str:
    return hmac.new(secret, f"{timestamp}.{payload}".encode(), "sha256").hexdigest()


def read(envelope: Envelope, sender: Sender, now: datetime) -> list[Received]:
    """The orders in a message, each as its parser understands it. Raises Unreadable, BadSignature."""
    call = call_in(envelope)
    key = _signer(call, sender)
    _check_age(call, now)
    by = f"shop key …{key.hint}"
    try:
        orders = orders_in(call.payload)
    except NoOrders as reason:
        return [_received(sender, f"{envelope.task_id}/0", call.payload, reason, by)]
    return [
        _received(sender, f"{envelope.task_id}/{place}", order, _understood(order), by) for place, order in enumerate(orders, 1)
    ]


def _signer(call: Call, sender: Sender) -> SigningKey:
    for key in sender.keys:
        if hmac.compare_digest(_signature(key.secret, call.payload, call.timestamp), call.signature):
            return key
    detail = "It belongs to none of the shop's live keys; sign `timestamp.payload` with the SHA-256 of the key."
    raise BadSignature(detail, "signature", "/signature")


def _check_age(call: Call, now: datetime) -> None:
    age = now.timestamp() - call.timestamp
    if age < -CLOCKS_DIFFER.total_seconds():
        raise BadSignature("This lies in the future: set the clock right, and count in seconds.", "future", "/timestamp")
    if age > OLDEST.total_seconds():
        raise BadSignature(f"The signature is older than {OLDEST.days} days; sign again.", "too-old", "/timestamp")


def _understood(order: str) -> OrderDraft | Malformed:
    try:
        return json_order.parse(order.encode())
    except Malformed as reason:
        return reason


def _received(sender: Sender, source_id: str, order: str, content: OrderDraft | Malformed, by: str) -> Received:
    return Received(sender.shop_id, order.encode(), content, CHANNEL, by, source_id=source_id)


def unsigned(sender: Sender, task_id: str, raw: bytes, reason: Malformed) -> Received:
    """What is kept of a message that nobody has signed: the shop whose queue it came through may look at it."""
    return Received(sender.shop_id, raw, reason, CHANNEL, "nobody known", source_id=f"{task_id}/0")


def orders_in(payload: str) -> Sequence[str]:
    """The text of each order, as it was signed. Raises NoOrders when it is neither an object nor a list of 1 to MOST_ORDERS."""
    if payload[_after_space(payload, 0) :][:1] != "[":
        return [payload]
    try:
        orders = list(islice(_elements(payload), MOST_ORDERS + 1))
    except (ValueError, RecursionError) as error:
        raise NoOrders(f"The list is not JSON: {str(error)[:200]}.", "json-invalid") from None
    if not 1 <= len(orders) <= MOST_ORDERS:
        raise NoOrders(f"Send 1 to {MOST_ORDERS} orders in a message.", "too-many" if orders else "empty")
    return orders


def _elements(text: str) -> Iterator[str]:
    """The elements of a JSON list as they are written, so that what is kept is what was sent. Raises ValueError."""
    decoder, place = json.JSONDecoder(), _after_space(text, text.index("[") + 1)
    while text[place : place + 1] != "]":
        _, end = decoder.raw_decode(text, place)
        yield text[place:end]
        place = _after_space(text, end)
        if text[place : place + 1] == ",":
            place = _after_space(text, place + 1)
            if text[place : place + 1] == "]":
                raise ValueError("a comma before the end of the list")
        elif text[place : place + 1] != "]":
            raise ValueError(f"a comma or the end of the list is missing at character {place}")
    if _after_space(text, place + 1) != len(text):
        raise ValueError("something follows the list")


def _after_space(text: str, place: int) -> int:
    found = _SPACE.match(text, place)
    return found.end() if found else place

