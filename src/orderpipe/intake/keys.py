"""
Idempotency keys at the doors: who repeats a request gets the first answer again, who uses a key for something else is refused.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from orderpipe.intake.outcomes import Outcome, Received, Refused, Replayed, answer_to
from orderpipe.intake.refusals import Malformed
from orderpipe.store import idempotency
from orderpipe.store.idempotency import ShopKey
from orderpipe.store.metadata import Tx


@dataclass(slots=True)
class Claims:
    """
    Of a group, by place: what is settled by its key already, which repeat another one of the group, and what is to be done.
    """

    outcomes: dict[int, Outcome] = field(default_factory=dict)
    repeats: dict[int, int] = field(default_factory=dict)
    todo: list[int] = field(default_factory=list)


def claim(tx: Tx, received: Sequence[Received], now: datetime) -> Claims:
    """Claim the group's keys; what is malformed claims none, so that it can be put right under the same key."""
    claims = Claims()
    first: dict[ShopKey, int] = {}
    for place, one in enumerate(received):
        if one.key is None or isinstance(one.content, Malformed):
            claims.todo.append(place)
        elif (earlier := first.setdefault((one.shop_id, one.key), place)) == place:
            continue
        elif received[earlier].request_hash == one.request_hash:
            claims.repeats[place] = earlier
        else:
            claims.outcomes[place] = _used_otherwise()
    answered = idempotency.claim(tx, {key: received[place].request_hash for key, place in first.items()}, now) if first else {}
    for key, place in first.items():
        if key not in answered:
            claims.todo.append(place)
        elif answered[key].request_hash == received[place].request_hash:
            claims.outcomes[place] = Replayed(answered[key].status, answered[key].answer)
        else:
            claims.outcomes[place] = _used_otherwise()
    claims.todo.sort()
    return claims


def keep_answers(tx: Tx, fresh: Iterable[tuple[Received, Outcome]]) -> None:
    """Keep the answers to the keys that were claimed."""
    idempotency.answer(tx, {
        (one.shop_id, one.key): answer_to(outcome)
        for one, outcome in fresh if one.key is not None and not isinstance(one.content, Malformed)
    })


def again(outcome: Outcome) -> Outcome:
    """What a repetition of the request in the same group gets."""
    return outcome if isinstance(outcome, Replayed) else Replayed(*answer_to(outcome))


def _used_otherwise() -> Refused:
    return Refused(422, "key-reused", "This Idempotency-Key was used for another request; use a new one for each request.")
