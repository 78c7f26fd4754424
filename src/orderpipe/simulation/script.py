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

    `letters` are kinds that the customer must have been sent, `declined` kinds that the customer did without, `cases` what became of
    its cases as `kind state`. The warehouse picks it only after it has witnessed `picked_after`, and the supplier brings what is missing
    only after `restocked_after`, so that everybody has time for their parts. `score` is the rating that must be in the report.
    """

    name: str
    story: str
    end: str = COMPLETED
    waits_for: str | None = None
    fulfillments: tuple[str, ...] = ("delivered",)
    witnessed: frozenset[str] = frozenset()
    from_size: int = 0
    letters: frozenset[str] = frozenset()
    declined: frozenset[str] = frozenset()
    cases: tuple[str, ...] = ()
    picked_after: str = ""
    restocked_after: str = ""
    score: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What really became of it; `last_error` is the sentence with which a unit of it is parked."""

    state: str = ""
    waiting_for: str | None = None
    fulfillments: tuple[str, ...] = ()
    witnessed: frozenset[str] = field(default_factory=frozenset)
    last_error: str | None = None
    letters: frozenset[str] = frozenset()
    declined: frozenset[str] = frozenset()
    cases: tuple[str, ...] = ()


def _seen(*what: str) -> frozenset[str]:
    return frozenset(what)


_CASE = _seen("case-received", "case-progress", "case-response", "case-closed")
_BACK = _seen("return-progress", "case-response", "refund-paid", "case-closed")

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
        "short-pick", "one of two is not on the shelf: the customer is told of the delay, says nothing, and it comes after all",
        fulfillments=("delivered", "delivered"), witnessed=_seen("short", "told", "restocked"), letters=_seen("backorder", "delayed"),
        restocked_after="told",
    ),
    Scripted(
        "waits", "one is late: the customer chooses to wait for it", fulfillments=("delivered", "delivered"),
        witnessed=_seen("short", "wait", "restocked"), letters=_seen("delayed"), restocked_after="wait",
    ),
    Scripted(
        "part-now", "two are late, then one of them comes: the customer takes it now, the other follows",
        fulfillments=("delivered", "delivered", "delivered"), witnessed=_seen("short", "part", "restocked"), letters=_seen("delayed"),
        restocked_after="part",
    ),
    Scripted(
        "gives-up", "paid, and one is late: the customer cancels it and gets the money back", fulfillments=("delivered", "canceled"),
        witnessed=_seen("short", "cancel", "refunded"), letters=_seen("delayed", "canceled"),
    ),
    Scripted(
        "slow-carrier", "the carrier names a later day: the customer is told", witnessed=_seen("told"), letters=_seen("delayed"),
    ),
    Scripted(
        "canceled-in-time", "the customer cancels on the page before paying, and reads when that arrived; the stock goes back", CANCELED,
        fulfillments=("canceled",), witnessed=_seen("asked once more", "canceled", "confirmed with the time"), letters=_seen("canceled"),
    ),
    Scripted(
        "new-address", "the customer gives another address on the page before it is packed", witnessed=_seen("asked once more", "changed"),
        letters=_seen("amended"), picked_after="changed",
    ),
    Scripted(
        "one-fewer", "the customer takes one piece fewer (in Chinese)", witnessed=_seen("asked once more", "changed"),
        letters=_seen("amended"), picked_after="changed",
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
        "damaged", "one piece came broken: the customer complains on the page, a new one is sent, the case is closed",
        witnessed=_seen("complained", "replaced"), letters=_CASE, cases=("claim closed",),
    ),
    Scripted(
        "missing", "did everything arrive? No (in Chinese): a claim, an answer, the case is closed", witnessed=_seen("complained"),
        letters=_CASE, cases=("claim closed",),
    ),
    Scripted(
        "sent-back", "a return with its label: scanned in, inspected, back in stock, the money given back",
        witnessed=_seen("return declared", "label", "inspected", "refunded"), letters=_BACK | _seen("return-authorised"),
        cases=("return closed",),
    ),
    Scripted(
        "withdrawn", "the customer withdraws from half of the contract after the delivery",
        witnessed=_seen("withdrawn", "label", "inspected", "refunded"), letters=_BACK | _seen("withdrawal-received"),
        cases=("withdrawal closed",),
    ),
    Scripted("rated-well", "the customer gives five of five (in Chinese)", witnessed=_seen("rated"), score=5),
    Scripted(
        "rated-low", "the customer gives one of five: a case, and the office is to call", witnessed=_seen("rated", "asked to call"),
        letters=_CASE, cases=("complaint closed",), score=1,
    ),
    Scripted(
        "unsubscribed", "the customer wants no news of the way: of a change we still write, of parcels and thanks we do not",
        witnessed=_seen("unsubscribed", "changed"), letters=_seen("amended"), declined=_seen("shipped", "out-for-delivery", "thank-you"),
        picked_after="changed",
    ),
    Scripted(
        "webhooks", "the shop's own system is told of its orders, and knows by the signature by whom", end="", fulfillments=(),
        witnessed=_seen("received", "completed", "signed"),
    ),
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
_BY_NAME = {one.name: one for one in SCRIPT}


def scripted(name: str) -> Scripted | None:
    """The exception of this name; None for an ordinary order's ""."""
    return _BY_NAME.get(name)


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
    if missing := sorted(scripted.letters - outcome.letters):
        yield f"the customer was not sent: {_listed(missing)}"
    if missing := sorted(scripted.declined - outcome.declined):
        yield f"the customer did not do without: {_listed(missing)}"
    if sorted(outcome.cases) != sorted(scripted.cases) and scripted.cases:
        yield f"its cases are {_listed(outcome.cases)}, not {_listed(scripted.cases)}"


def _listed(words: tuple[str, ...] | list[str]) -> str:
    return ", ".join(sorted(words)) or "none"
