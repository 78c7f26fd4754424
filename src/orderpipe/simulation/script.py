"""
The exceptions that the demo plays, each with the end it must come to; afterwards every one is held against what the API says.

An actor that sees one of the things that must be seen on the way, such as a refusal, writes it down as a witness.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

CANCELED, COMPLETED, RECEIVED, REJECTED = "canceled", "completed", "received", "rejected"


@dataclass(frozen=True, slots=True)
class Scripted:
    """
    One exception: its story in a sentence, the state its order must end in ("" where there is no order), what it then waits for,
    how its fulfillments must have ended, what must have been witnessed, and from what size of sample on it is played.
    """

    name: str
    story: str
    end: str = COMPLETED
    waits_for: str | None = None
    fulfillments: tuple[str, ...] = ("delivered",)
    witnessed: frozenset[str] = frozenset()
    from_size: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What really became of it; `last_error` is the sentence with which a unit of it is parked."""

    state: str = ""
    waiting_for: str | None = None
    fulfillments: tuple[str, ...] = ()
    witnessed: frozenset[str] = field(default_factory=frozenset)
    last_error: str | None = None


def _seen(*what: str) -> frozenset[str]:
    return frozenset(what)


SCRIPT: tuple[Scripted, ...] = (
    Scripted("split", "two articles lie at two places: two parcels", fulfillments=("delivered", "delivered")),
    Scripted(
        "backorder", "three ordered, one in stock: one now, two when they come", fulfillments=("delivered", "delivered"),
        witnessed=_seen("restocked"),
    ),
    Scripted("all-at-once", "four ordered, one in stock: everything waits and leaves together", witnessed=_seen("restocked")),
    Scripted("no-name", "the name is missing: the customer gives it (in Chinese)", witnessed=_seen("answered")),
    Scripted(
        "wrong-article", "an unknown article: the customer mistypes again, is asked again, and gets it right",
        witnessed=_seen("answered", "answered again"),
    ),
    Scripted("wrong-total", "the lines do not add up to the total: the customer puts it right", witnessed=_seen("answered")),
    Scripted("no-address", "goods without an address: the customer gives it", witnessed=_seen("answered")),
    Scripted("by-phone-only", "no e-mail address: question and answer by text message", witnessed=_seen("answered", "asked by SMS")),
    Scripted("no-answer", "a question that the customer has not answered: it waits, with a next time", RECEIVED, "query", ()),
    Scripted(
        "wrong-scan", "the scanner refuses a wrong article, an unknown bar code and a surplus",
        witnessed=_seen("wrong-item", "unknown-barcode", "surplus"),
    ),
    Scripted(
        "short-pick", "one of two is not on the shelf: it follows in a parcel of its own", fulfillments=("delivered", "delivered"),
        witnessed=_seen("short", "restocked"),
    ),
    Scripted(
        "canceled-in-time", "the customer cancels before paying: the stock goes back", CANCELED, fulfillments=("canceled",),
        witnessed=_seen("canceled"),
    ),
    Scripted("canceled-too-late", "the customer cancels when it has left: refused, and it arrives", witnessed=_seen("cancel refused")),
    Scripted(
        "rest-canceled", "the rest will not come any more: the customer cancels it, the order is done",
        fulfillments=("canceled", "delivered"), witnessed=_seen("canceled"),
    ),
    Scripted(
        "lost-parcel", "the carrier loses it: the office sends it again", fulfillments=("delivered", "lost"),
        witnessed=_seen("lost", "resend"),
    ),
    Scripted(
        "returned-parcel", "one of two parcels comes back: the office settles it and closes", fulfillments=("delivered", "returned"),
        witnessed=_seen("returned", "close"),
    ),
    Scripted("paid-late", "prepaid: nothing leaves before the payment has come", witnessed=_seen("unpaid", "paid")),
    Scripted(
        "sent-twice", "the shop repeats a request and gets the same answer; its reference for another order is refused",
        witnessed=_seen("replayed", "reference-taken"),
    ),
    Scripted("service", "a service, ordered by telephone: an appointment, done on the performer's word", witnessed=_seen("performed")),
    Scripted(
        "malformed", "broken JSON, money as a number, an unknown field: refused with the reason", end="", fulfillments=(),
        witnessed=_seen("broken JSON refused", "number as money refused", "unknown field refused"),
    ),
    Scripted("nothing", "an order for nothing is rejected", REJECTED, fulfillments=(), from_size=40),
    Scripted(
        "unreachable", "doubtful, and nobody can be asked: the office cancels", CANCELED, fulfillments=(),
        witnessed=_seen("cancel"), from_size=40,
    ),
)


def script_for(size: int) -> tuple[Scripted, ...]:
    """What is played with a sample of so many orders."""
    return tuple(one for one in SCRIPT if one.from_size <= size)


LEAST = sum(1 for one in script_for(0) if one.end)
"""The orders that the script needs."""


def differences(scripted: Scripted, outcome: Outcome) -> list[str]:
    """What did not come as written, as sentences; nothing when all is well."""
    return list(_differences(scripted, outcome))


def _differences(scripted: Scripted, outcome: Outcome) -> Iterator[str]:
    if outcome.last_error:
        yield f"it is parked with an error: {outcome.last_error}"
    if outcome.state != scripted.end:
        waits = f" and waits for {outcome.waiting_for}" if outcome.waiting_for else ""
        yield f"the order is {outcome.state or 'not there'}{waits}, not {scripted.end}"
    elif scripted.waits_for and outcome.waiting_for != scripted.waits_for:
        yield f"it waits for {outcome.waiting_for or 'nothing'}, not for {scripted.waits_for}"
    if sorted(outcome.fulfillments) != sorted(scripted.fulfillments):
        yield f"its parts are {_listed(outcome.fulfillments)}, not {_listed(scripted.fulfillments)}"
    if missing := sorted(scripted.witnessed - outcome.witnessed):
        yield f"nobody saw: {_listed(missing)}"


def _listed(words: tuple[str, ...] | list[str]) -> str:
    return ", ".join(sorted(words)) or "none"
