"""
What was received, and what became of it: the same words for every door, whatever it then makes of them.

An answer is built here once, so that the door, the stream and the stored answer to an idempotency key always say the same.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from orderpipe.domain.orders import OrderDraft, number_of, public_id
from orderpipe.intake.refusals import FieldError, Malformed


@dataclass(frozen=True, slots=True)
class Received:
    """
    One message as it came in at a door: the bytes, and what its parser made of them.

    `source_id` is the sender's own id of the message; without one the bytes' SHA-256 stands in. `key` is an Idempotency-Key.
    """

    shop_id: int
    raw: bytes
    content: OrderDraft | Malformed
    channel: str = "http"
    sender: str = ""
    parser: str = "json-order"
    source_id: str = ""
    key: str | None = None

    @property
    def by_staff(self) -> bool:
        """Whether the office itself sent it."""
        return self.sender.startswith("office")

    @property
    def request_hash(self) -> bytes:
        """The SHA-256 of the bytes."""
        return hashlib.sha256(self.raw).digest()


@dataclass(frozen=True, slots=True)
class Recorded:
    """The order stands in the books; `new` says whether since now or from an earlier message with the same content."""

    order_id: int
    reference: str
    state: str
    lane: str
    received_at: datetime
    targets: Sequence[Mapping[str, str]]
    new: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """Not taken: malformed, or at odds with an order of the same reference."""

    status: int
    code: str
    detail: str
    errors: tuple[FieldError, ...] = ()
    order_id: int | None = None
    state: str | None = None


@dataclass(frozen=True, slots=True)
class Replayed:
    """The answer that was given to the same Idempotency-Key before."""

    status: int
    answer: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kept:
    """The bytes are safe and will be looked at in a while; nothing more is known yet."""

    intake_id: int


Outcome = Recorded | Refused | Replayed | Kept


def malformed(reason: Malformed) -> Refused:
    """What has no form."""
    return Refused(422, reason.code, str(reason), reason.errors)


def answer_to(outcome: Outcome) -> tuple[int, Mapping[str, Any]]:
    """The HTTP status and the document that tell the outcome."""
    match outcome:
        case Recorded():
            return (201 if outcome.new else 200), _receipt(outcome)
        case Refused():
            return outcome.status, _problem(outcome)
        case Replayed():
            return outcome.status, outcome.answer
        case Kept():
            return 202, {"intake": public_id("intake", outcome.intake_id), "state": "pending"}


def _receipt(order: Recorded) -> dict[str, Any]:
    return {
        "id": public_id("order", order.order_id), "number": number_of(order.order_id), "reference": order.reference,
        "state": order.state, "received_at": instant(order.received_at), "targets": list(order.targets),
    }


def _problem(refused: Refused) -> dict[str, Any]:
    problem: dict[str, Any] = {
        "title": HTTPStatus(refused.status).phrase, "status": refused.status, "code": refused.code, "detail": refused.detail,
    }
    if refused.errors:
        problem["errors"] = [asdict(error) for error in refused.errors]
    if refused.order_id is not None:
        problem |= {"order": public_id("order", refused.order_id), "state": refused.state}
    return problem


def instant(moment: datetime) -> str:
    """An instant as RFC 3339 in UTC, such as `2026-11-24T10:00:00Z`."""
    return moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds").replace("+00:00", "Z")
