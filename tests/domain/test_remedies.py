"""
Remedies give no more than there is.
"""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderpipe.domain.cases import Pieces
from orderpipe.domain.remedies import Means, Remedy, RemedyKind, RemedyRefused, check

MEANS = Means({1: 2, 2: 1}, Decimal("10.00"), "GBP")
amounts = st.decimals("-5", "20", places=2)


@given(st.lists(amounts, max_size=5))
def test_refunds_never_add_up_to_more_than_was_paid(asked: list[Decimal]) -> None:
    try:
        check([Remedy(RemedyKind.REFUND, amount) for amount in asked], MEANS)
    except RemedyRefused:
        assert min(asked) <= 0 or sum(asked) > 10
    else:
        assert all(amount > 0 for amount in asked)
        assert sum(asked) <= 10


@pytest.mark.parametrize("remedy", [
    Remedy(RemedyKind.REFUND), Remedy(RemedyKind.CREDIT), Remedy(RemedyKind.APOLOGY, Decimal(1)), Remedy(RemedyKind.CREDIT, Decimal(0)),
    Remedy(RemedyKind.APOLOGY, lines=(Pieces(1, 1),)), Remedy(RemedyKind.REPLACEMENT, lines=(Pieces(1, 3),)),
    Remedy(RemedyKind.REPLACEMENT, lines=(Pieces(3, 1),)), Remedy(RemedyKind.REPLACEMENT, lines=(Pieces(1, 1), Pieces(1, 1))),
    Remedy(RemedyKind.REPLACEMENT, lines=(Pieces(1, 0),)),
])
def test_refuses_what_does_not_fit_and_says_which(remedy: Remedy) -> None:
    with pytest.raises(RemedyRefused) as refused:
        check([Remedy(RemedyKind.APOLOGY), remedy], MEANS)
    assert refused.value.place == 1
