"""
Countries, which the door and the rules must see alike: what the door lets in, no rule may call unknown.
"""

from orderpipe.domain.countries import has_cities, has_postal_codes, is_country
from orderpipe.intake.codes import countries


def test_knows_the_countries_that_the_door_knows() -> None:
    letters = [chr(letter) for letter in range(ord("A"), ord("Z") + 1)]
    assert {first + second for first in letters for second in letters if is_country(first + second)} == countries()


def test_knows_no_country_by_another_spelling() -> None:
    assert not any(is_country(text) for text in ("", "gb", "GBR", "UK", "England", "001"))


def test_needs_a_postal_code_and_a_city_but_where_there_are_none() -> None:
    assert has_postal_codes("GB")
    assert has_postal_codes("")
    assert not has_postal_codes("HK")
    assert has_cities("HK") is False
    assert has_cities("AE")
