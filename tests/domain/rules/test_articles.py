"""
Articles and quantities: what is far more than usual, whose usual that is, and what is no product at all.
"""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderpipe.domain.rules import Memory, Norm, Own
from tests.domain.rules.orders import SHOP, found, line, order

FIVE_TO_TWENTY = Own(6, 5, 20)


def test_asks_about_far_more_than_the_customer_ever_took_and_shows_both() -> None:
    finding, = found("quantity-unusual", order(line(quantity=2_000, own=FIVE_TO_TWENTY)))
    assert (finding.field, finding.have, finding.proposals) == ("/lines/0/quantity", 2_000, (20,))
    assert (finding.evidence["usual_from"], finding.evidence["usual_to"], finding.evidence["whose"]) == (5, 20, "customer")


@pytest.mark.parametrize(("quantity", "asked"), [(200, False), (201, True)])
def test_lets_ten_times_the_most_pass(quantity: int, asked: bool) -> None:
    assert bool(found("quantity-unusual", order(line(quantity=quantity, own=FIVE_TO_TWENTY)))) == asked
    assert not found("quantity-unusual", order(line(quantity=quantity, own=FIVE_TO_TWENTY)), times=11)


def test_goes_by_what_others_take_of_it_until_the_customer_is_known() -> None:
    kettles = Norm(400, math.log(2), 0.4)
    finding, = found("quantity-unusual", order(line(quantity=150, article=kettles)))
    assert (finding.evidence["whose"], finding.evidence["usual_from"], finding.evidence["usual_to"]) == ("article", 1, 3)
    assert not found("quantity-unusual", order(line(quantity=60, article=kettles, own=Own(1, 20, 20))))


def test_goes_by_the_whole_shop_for_an_article_that_nobody_took_before() -> None:
    finding, = found("quantity-unusual", order(line(quantity=74_215)))
    assert (finding.evidence["whose"], finding.evidence["times"]) == ("shop", 5_000)
    assert not found("quantity-unusual", order(line(quantity=200)))


def test_knows_nothing_in_a_new_shop() -> None:
    assert not found("quantity-unusual", order(line(quantity=74_215), memory=Memory(shop=Norm(99, 1.6, 1.2))))
    assert not found("quantity-unusual", order(line(quantity=74_215), memory=Memory()))


def test_is_not_surprised_by_a_customer_who_always_takes_much() -> None:
    wholesaler = Memory(shop=SHOP, customer=Norm(30, math.log(900), 0.6))
    assert not found("quantity-unusual", order(line(quantity=2_000), memory=wholesaler))


def test_trusts_an_article_more_the_more_of_it_was_ordered() -> None:
    new, known = (Norm(times, math.log(100), 0.3) for times in (2, 2_000))
    assert new.among(SHOP, 20).reach(3.5, at_least=1.0) < known.among(SHOP, 20).reach(3.5, at_least=1.0)
    assert known.among(SHOP, 20).log_mean == pytest.approx(known.log_mean, abs=0.05)


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.integers(1, 1_000))
def test_asks_about_less_only_if_it_asks_about_more(less: int, more: int, most: int) -> None:
    less, more = sorted((less, more))
    asked = [bool(found("quantity-unusual", order(line(quantity=one, own=Own(3, 1, most))))) for one in (less, more)]
    assert asked != [True, False]


@given(st.integers(1, 10**6), st.integers(1, 1_000))
def test_proposes_only_what_is_usual_and_could_have_been_meant(quantity: int, most: int) -> None:
    for finding in found("quantity-unusual", order(line(quantity=quantity, own=Own(3, 1, most)))):
        assert all(isinstance(one, int) and 1 <= one <= most and str(quantity).rstrip("0").startswith(str(one).rstrip("0"))
                   for one in finding.proposals)


@pytest.mark.parametrize("description", ["POSTAGE", "DOTCOM POSTAGE", "Bank Charges", "AMAZON FEE", "Discount", "运费", "顺丰运费"])
def test_knows_a_fee_by_its_words(description: str) -> None:
    assert found("fee-line", order(line(description=description)))
    assert found("fee-unknown", order(line(description=description, known=False)))
    assert not found("product-unknown", order(line(description=description, known=False)))


@pytest.mark.parametrize("description", ["VINTAGE POST OFFICE LETTER RACK", "Set of manual wooden coffee mills", "Kettle", "铁壶"])
def test_takes_no_product_for_a_fee(description: str) -> None:
    assert not found("fee-line", order(line(description=description)))
    assert found("product-unknown", order(line(description=description, known=False)))


def test_takes_no_service_for_a_fee() -> None:
    assert not found("fee-line", order(line(description="Delivery", kind="service")))


def test_learns_further_words_for_fees_from_the_shop() -> None:
    assert found("fee-line", order(line(description="Tollgeld")), words="Tollgeld, Umlage")


def test_leaves_an_order_of_fees_alone_to_the_office() -> None:
    finding, = found("fees-alone", order(line(sku="POST", description="Postage")))
    assert (finding.severity, finding.have) == ("review", ["POST"])
    assert not found("fees-alone", order(line(), line(sku="POST", description="Postage")))


@pytest.mark.parametrize("description", ["?", "???", " - ", "…"])
def test_wants_words_in_a_description(description: str) -> None:
    assert found("description-missing", order(line(description=description)))
