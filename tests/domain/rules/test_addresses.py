"""
Addresses: plausible for their country, however people write their postal codes.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderpipe.domain.countries import is_country
from orderpipe.domain.rules.addresses import example, fits
from tests.domain.rules.orders import HOME, found, line, order

COUNTRIES = [f"{one}{other}" for one in map(chr, range(65, 91)) for other in map(chr, range(65, 91)) if is_country(f"{one}{other}")]


@pytest.mark.parametrize(("country", "region", "code"), [
    ("GB", "", "N1 1AA"), ("GB", "", "n11aa"), ("US", "CA", "94105"), ("US", "California", "94105-1234"), ("CN", "浙江省", "310006"),
    ("SE", "", "SE-111 22"), ("NL", "", "1234ab"), ("PT", "", "1000001"), ("PL", "", "00950"), ("JP", "", "１５４－００２３"),
    ("IE", "", "d02x285"), ("AE", "", "anything"), ("US", "nowhere", "94105"),
])  # fmt: skip
def test_takes_a_postal_code_as_people_write_it(country: str, region: str, code: str) -> None:
    assert fits(country, region, code)


@pytest.mark.parametrize(("country", "region", "code"), [
    ("GB", "", "90210"), ("US", "", "N1 1AA"), ("US", "CA", "10001"), ("DE", "", "1234"), ("FR", "", "7500"),
])  # fmt: skip
def test_doubts_a_postal_code_that_cannot_be_there(country: str, region: str, code: str) -> None:
    assert not fits(country, region, code)


@pytest.mark.parametrize("country", COUNTRIES)
def test_takes_the_example_of_every_country(country: str) -> None:
    assert not example(country) or fits(country, "", example(country))


@given(st.sampled_from(COUNTRIES), st.text(max_size=12), st.text(max_size=20))
def test_falls_over_nothing(country: str, region: str, code: str) -> None:
    assert fits(country, region, code) in (True, False)


def test_asks_with_an_example() -> None:
    finding, = found("address-implausible", order(ship_to=HOME | {"postal_code": "90210"}))
    assert (finding.field, finding.have, finding.evidence["country"]) == ("/ship_to/postal_code", "90210", "GB")
    assert fits("GB", "", str(finding.evidence["example"]))


@pytest.mark.parametrize("city", ["04482255", "someone@mail.example"])
def test_doubts_a_city_that_is_none(city: str) -> None:
    assert [one.field for one in found("address-implausible", order(ship_to=HOME | {"city": city}))] == ["/ship_to/city"]


def test_does_not_mind_the_address_of_a_service() -> None:
    assert not found("address-implausible", order(line(kind="service"), ship_to=HOME | {"postal_code": "90210"}))
