"""
Remedies: what a shop does to put a case right, checked against the order before anything of it is done.

No more pieces are replaced than were ordered, and no more money is given back than was paid.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from orderpipe.domain.cases import Pieces


class RemedyKind(StrEnum):
    """What is done to put it right."""

    REPLACEMENT = "replacement"
    REDELIVERY = "re-delivery"
    REFUND = "refund"
    CREDIT = "credit"
    APOLOGY = "apology"


MONEY = frozenset({RemedyKind.REFUND, RemedyKind.CREDIT})


@dataclass(frozen=True, slots=True)
class Remedy:
    """One remedy: an amount in the order's currency for money, pieces by order line for a replacement (none: what the case is about)."""

    kind: RemedyKind
    amount: Decimal | None = None
    lines: tuple[Pieces, ...] = ()


class RemedyRefused(Exception):
    """This remedy does not fit the order."""

    def __init__(self, sentence: str, place: int, code: str) -> None:
        super().__init__(sentence)
        self.place, self.code = place, code


@dataclass(frozen=True, slots=True)
class Means:
    """What remedies draw on: pieces by order line, and what may still be given back (paid, less what is instructed already)."""

    ordered: Mapping[int, int]
    refundable: Decimal
    currency: str


def check(remedies: Sequence[Remedy], means: Means) -> None:
    """Raise RemedyRefused at the first remedy that asks for more than there is."""
    left = means.refundable
    for place, one in enumerate(remedies):
        if (one.kind in MONEY) != (one.amount is not None):
            wrong = "needs an amount" if one.kind in MONEY else "takes no amount"
            raise RemedyRefused(f"A remedy of the kind {one.kind} {wrong}.", place, "amount")
        if one.amount is not None and one.amount <= 0:
            raise RemedyRefused("The amount must be more than 0.", place, "amount")
        if one.lines and one.kind != RemedyKind.REPLACEMENT:
            raise RemedyRefused(f"A remedy of the kind {one.kind} takes no lines.", place, "lines")
        if one.kind == RemedyKind.REFUND and one.amount is not None:
            if one.amount > left:
                raise RemedyRefused(f"Only {left} {means.currency} can be given back.", place, "more-than-paid")
            left -= one.amount
        if one.kind == RemedyKind.REPLACEMENT:
            check_pieces(one.lines, means.ordered, place)


def check_pieces(lines: Sequence[Pieces], most: Mapping[int, int], place: int = 0) -> None:
    """Raise RemedyRefused unless each line is one of these, named once, with at least one piece and no more than there are."""
    seen: set[int] = set()
    for one in lines:
        there = most.get(one.number, 0)
        if one.number in seen or not 1 <= one.quantity <= there:
            twice = " and is named twice" if one.number in seen else ""
            raise RemedyRefused(f"Line {one.number} has {there} pieces{twice}; {one.quantity} does not fit.", place, "pieces")
        seen.add(one.number)
