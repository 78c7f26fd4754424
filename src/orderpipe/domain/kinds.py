"""
Every kind of letter and what holds for it: whether customers may do without it, which letters become one, how long its news lasts.

What a customer must know (what was ordered, what it costs, what goes wrong, what is wanted of them) cannot be turned off; what is only
news of the way can. A kind that is not here is necessary and stands alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from orderpipe.domain.decisions import Audience

ALL_OPTIONAL = "*"
"""Among the kinds that a customer does without: all that are optional, those of later releases too."""


@dataclass(frozen=True, slots=True)
class Kind:
    """
    What holds for letters of one kind.

    `optional`: the customer may turn it off. `urgent`: somebody waits for it, so it goes before news. `bundle`: letters of one bundle
    about one order to one recipient that come within the shop's pause become one; with `keeps` the newest also tells what the others told
    (as `facts.earlier`), else it replaces them. `of_parcels`: it is about one part of the order, so it waits for others only where there
    are others; what is about the whole order (`facts.lines` is null) waits for none. `outdates`: text messages that are no news any more
    once this is told. `lasts`: after this long it is no news itself.
    """

    optional: bool = False
    urgent: bool = False
    bundle: str = ""
    keeps: bool = True
    of_parcels: bool = False
    outdates: tuple[str, ...] = ()
    lasts: timedelta | None = None


_ON_THE_WAY = ("shipped", "out-for-delivery")

KINDS: Mapping[str, Kind] = {
    "acknowledgement": Kind(urgent=True),
    "question": Kind(urgent=True),
    "question-reminder": Kind(urgent=True),
    "delivery-date": Kind(),
    "backorder": Kind(bundle="backorder"),
    "amended": Kind(bundle="amended"),
    "kept-apart": Kind(),
    "delayed": Kind(urgent=True),
    "delay-reminder": Kind(urgent=True),
    "delay-answer": Kind(urgent=True),
    "payment-needed": Kind(urgent=True),
    "payment-received": Kind(),
    "shipped": Kind(optional=True, bundle="shipped", of_parcels=True),
    "out-for-delivery": Kind(optional=True, bundle="out-for-delivery", of_parcels=True, lasts=timedelta(hours=12)),
    "part-delivered": Kind(optional=True, bundle="part-delivered", of_parcels=True),
    "sent-again": Kind(bundle="sent-again", outdates=_ON_THE_WAY),
    "not-delivered": Kind(bundle="not-delivered", outdates=_ON_THE_WAY),
    "canceled": Kind(bundle="canceled"),
    "withdrawal-received": Kind(urgent=True),
    "rejected": Kind(),
    "thank-you": Kind(optional=True, outdates=(*_ON_THE_WAY, "part-delivered")),
    "case-received": Kind(urgent=True),
    "case-progress": Kind(),
    "case-response": Kind(),
    "case-closed": Kind(),
    "return-authorised": Kind(urgent=True),
    "return-progress": Kind(),
    "refund-paid": Kind(),
    "credit-given": Kind(),
    "rating-reminder": Kind(optional=True),
    "office-at-risk": Kind(),
    "office-case": Kind(),
    "office-case-due": Kind(),
    "office-customer-wrote": Kind(),
    "office-delay-call": Kind(),
    "office-improvement": Kind(),
    "office-low-score": Kind(),
    "office-mail": Kind(),
    "office-no-date": Kind(),
    "office-own-words-fail": Kind(),
    "office-parcel-lost": Kind(),
    "office-parked": Kind(),
    "office-question-unanswered": Kind(),
    "office-refund": Kind(),
    "office-remedy": Kind(),
    "office-reminder": Kind(),
    "office-target-breached": Kind(),
    "office-target-soon": Kind(),
    "office-unclear-reply": Kind(),
    "office-unconfirmed": Kind(),
    "office-unreachable": Kind(),
    "office-webhook-disabled": Kind(),
    "office-withdrawal": Kind(),
}
"""By the name of their template; the order is the one in which customers are shown what they may turn off."""

_UNKNOWN = Kind()
_OFFICE = "office-"


def kind_of(name: str) -> Kind:
    """What holds for letters of this kind."""
    return KINDS.get(name, _UNKNOWN)


def audience_of(name: str) -> Audience:
    """Whom letters of this kind are written for."""
    return Audience.OFFICE if name.startswith(_OFFICE) else Audience.CUSTOMER


OPTIONAL = tuple(name for name, kind in KINDS.items() if kind.optional)
"""The kinds that customers may turn off."""

NECESSARY = tuple(name for name, kind in KINDS.items() if not kind.optional and audience_of(name) == Audience.CUSTOMER)
"""The kinds that always come."""

URGENT = tuple(name for name, kind in KINDS.items() if kind.urgent)
BUNDLED = {name: kind.bundle for name, kind in KINDS.items() if kind.bundle}
OUTDATED = tuple((newer, older) for newer, kind in KINDS.items() for older in kind.outdates)
"""Pairs of a kind and one whose text messages it makes old."""
