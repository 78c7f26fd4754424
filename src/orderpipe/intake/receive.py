"""
Receive: what was kept as it came is read by its parser and taken down like everything else.

What no parser can read is refused, with the reason beside the bytes; the sender finds it under the intake's id.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from orderpipe.domain.orders import OrderDraft
from orderpipe.flow import IntakeState
from orderpipe.intake import evidence, json_order
from orderpipe.intake.outcomes import Outcome, Received, Recorded, Refused, answer_to
from orderpipe.intake.record import take_down
from orderpipe.intake.refusals import FieldError, Malformed
from orderpipe.store import intakes
from orderpipe.store.intakes import Pending
from orderpipe.store.metadata import Tx

Parser = Callable[[bytes], OrderDraft]

PARSERS: Mapping[str, Parser] = {json_order.PARSER: json_order.parse, **evidence.PARSERS}
"""The parsers by the name under which intakes are kept; each raises Malformed."""

TAKEN_UP = timedelta(seconds=30)
"""When the clock takes pending bytes up whose message was lost."""


def keep_pending(tx: Tx, one: Received, now: datetime, *, error: str = "") -> int:
    """Keep the bytes to be received later, with the error that prevented it now; returns the intake's id."""
    return intakes.keep_pending(tx, {
        "shop_id": one.shop_id, "channel": one.channel, "source_id": one.source_id or one.request_hash.hex(), "sender": one.sender,
        "parser": one.parser, "raw": one.raw, "state": IntakeState.PENDING.value, "received_at": now, "next_at": now + TAKEN_UP,
        "last_error": error[:2000] or None,
    })


def receive_pending(tx: Tx, intake_ids: Collection[int], now: datetime) -> list[int]:
    """Take down what still waits of these; returns the ids of the orders that came of it, those that stood already included."""
    waiting = intakes.claim_pending(tx, intake_ids)
    outcomes = take_down(tx, [_read(one) for one in waiting], now)
    intakes.settle(tx, [(one.id, *_result(outcome)) for one, outcome in zip(waiting, outcomes, strict=True)])
    return [outcome.order_id for outcome in outcomes if isinstance(outcome, Recorded)]


def note_failure(tx: Tx, intake_id: int, error: BaseException, now: datetime) -> None:
    """Keep beside the bytes what went wrong on our side; they stay pending, and the clock brings them up again, ever more seldom."""
    intakes.note_error(tx, intake_id, f"{type(error).__name__}: {error}", now + TAKEN_UP)


def _read(one: Pending) -> Received:
    content: OrderDraft | Malformed
    try:
        content = PARSERS[one.parser](one.raw)
    except Malformed as reason:
        content = reason
    except KeyError:
        content = Malformed([FieldError("", f"There is no parser {one.parser!r} here.", "unknown-parser")])
    return Received(one.shop_id, one.raw, content, one.channel, one.sender, one.parser, one.source_id)


def _result(outcome: Outcome) -> tuple[str, int | None, Mapping[str, Any] | None]:
    if isinstance(outcome, Refused):
        return IntakeState.REFUSED.value, outcome.order_id, answer_to(outcome)[1]
    return IntakeState.RECORDED.value, outcome.order_id if isinstance(outcome, Recorded) else None, None
