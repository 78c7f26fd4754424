"""
Duplicates: the same again within minutes, and a purchase-order number that was used before.
"""

from datetime import date

import pytest

from orderpipe.domain.rules import Earlier, Memory, Twin
from tests.domain.rules.orders import found, order


@pytest.mark.parametrize(("twin", "asked"), [
    (Twin("100041-8", 3, 1.0), True), (Twin("100041-8", 60, 0.5), True), (Twin("100041-8", 61, 1.0), False),
    (Twin("100041-8", 3, 0.4), False),
])  # fmt: skip
def test_asks_about_much_the_same_within_the_hour(twin: Twin, asked: bool) -> None:
    assert bool(found("duplicate-order", order(memory=Memory(twins=(twin,))))) == asked


def test_names_the_order_that_is_most_alike() -> None:
    finding, = found("duplicate-order", order(memory=Memory(twins=(Twin("100041-8", 3, 0.6), Twin("100042-6", 9, 1.0)))))
    assert (finding.have, finding.evidence["minutes"], finding.evidence["alike"]) == ("100042-6", 9, "100%")
    assert (finding.field, finding.override) == ("/reference", "customer")


def test_asks_about_a_purchase_order_number_that_comes_again() -> None:
    before = Memory(same_purchase_order=Earlier("100041-8", date(2026, 10, 1)))
    finding, = found("purchase-order-again", order(purchase_order="PO-7", memory=before))
    assert (finding.have, finding.evidence["order"], finding.evidence["on"]) == ("PO-7", "100041-8", "2026-10-01")
    assert not found("purchase-order-again", order(purchase_order="PO-7"))
