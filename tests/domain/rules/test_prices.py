"""
Prices: compared with the catalogue, with what this customer agreed to, and with what others paid.
"""

from decimal import Decimal
from typing import Any

import pytest

from orderpipe.domain.rules import Memory, Norm, Own
from tests.domain.rules.orders import SHOP, found, line, order


def priced(price: str, **known: Any) -> Any:
    return order(line(unit_price=Decimal(price), catalogue_price=None, **known))


@pytest.mark.parametrize(("price", "asked"), [("12.50", False), ("37.50", False), ("37.51", True), ("4.17", False), ("4.16", True)])
def test_asks_about_three_times_the_catalogue_s_price_or_a_third(price: str, asked: bool) -> None:
    assert bool(found("price-differs", order(line(unit_price=Decimal(price))))) == asked


def test_shows_what_is_usual_and_proposes_what_was_last_agreed() -> None:
    finding, = found("price-differs", order(line(unit_price=Decimal("649.50"), own=Own(3, 1, 20, Decimal("10.95")))))
    assert (finding.have, finding.proposals) == ("649.50", ("10.95",))
    assert (finding.evidence["usual_from"], finding.evidence["usual_to"]) == ("10.95", "12.50")


def test_takes_a_price_that_others_paid_as_possible() -> None:
    paid = Norm(200, 1, 1, Decimal("0.39"), Decimal("8.29"))
    assert not found("price-differs", priced("0.39", own=Own(3, 1, 20, Decimal("2.95")), article=paid))
    assert found("price-differs", priced("0.38", own=Own(3, 1, 20, Decimal("2.95")), article=paid))
    assert found("price-differs", priced("0.03", article=paid))
    assert not found("price-differs", priced("0.04", article=paid))
    assert not found("price-differs", priced("0.03", article=Norm(9, 1, 1, Decimal("0.39"), Decimal("8.29"))))


def test_compares_nothing_across_currencies() -> None:
    assert not found("price-differs", order(line(unit_price=Decimal(1_500)), currency="JPY"))


def test_compares_no_fees() -> None:
    assert not found("price-differs", order(line(description="Postage", unit_price=Decimal(350))))


@pytest.mark.parametrize("price", ["0", "0.00", "-11062.06"])
def test_leaves_what_is_given_away_to_the_office(price: str) -> None:
    finding, = found("price-not-positive", order(line(unit_price=Decimal(price))))
    assert (finding.severity, finding.override, finding.proposals) == ("review", "office", ("12.50",))
    assert not found("price-differs", order(line(unit_price=Decimal(price))))


def test_wonders_at_a_currency_that_neither_shop_nor_customer_uses() -> None:
    assert found("currency-unusual", order(currency="USD"))
    assert not found("currency-unusual", order(currency="USD"), currencies="EUR, USD")
    assert not found("currency-unusual", order(currency="USD", memory=Memory(shop=SHOP, last_currency="USD")))
