"""
The codes that an order may carry: countries, currencies and languages, as the standards list them.
"""

import re
from functools import cache

from babel import Locale
from babel.core import get_global
from babel.numbers import get_territory_currencies

_NOT_COUNTRIES = frozenset(["AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"])
"""In Unicode's list of territories, but no countries of ISO 3166-1."""

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}")


@cache
def countries() -> frozenset[str]:
    """ISO 3166-1 alpha-2 codes, and XK for Kosovo."""
    territories = {str(code) for code in Locale("en").territories}
    return frozenset(code for code in territories if len(code) == 2 and code.isalpha()) - _NOT_COUNTRIES


@cache
def currencies() -> frozenset[str]:
    """ISO 4217 codes of the money that is legal tender somewhere today."""
    return frozenset(code for place in get_global("territory_currencies") for code in get_territory_currencies(place))


def country_of(name: str) -> str:
    """The code of the country that is called so in English, or by its code; "" for what is none."""
    return name.upper() if name.upper() in countries() else _by_name().get(name.casefold(), "")


@cache
def _by_name() -> dict[str, str]:
    names = {str(name).casefold(): str(code) for code, name in Locale("en").territories.items() if code in countries()}
    return names | {"czech republic": "CZ", "hong kong": "HK", "turkey": "TR", "macau": "MO"}  # as they were called before


def is_language(tag: str) -> bool:
    """Whether this has the form of a language tag (BCP 47), such as `en` or `zh-Hans-CN`."""
    return _LANGUAGE.fullmatch(tag) is not None
