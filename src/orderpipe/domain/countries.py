"""
Countries: which there are, and what an address in each must have.
"""

import phonenumbers

_WITHOUT_A_NUMBERING_PLAN = frozenset({"AQ", "BV", "GS", "HM", "PN", "TF", "UM"})
_COUNTRIES = (frozenset(phonenumbers.SUPPORTED_REGIONS) | _WITHOUT_A_NUMBERING_PLAN) - {"AC", "TA"}

# have none, or do without them more often than not
_WITHOUT_POSTAL_CODES = frozenset({
    "AE", "AG", "AN", "AO", "AW", "BF", "BI", "BJ", "BO", "BQ", "BS", "BW", "BZ", "CD", "CF", "CG", "CI", "CK", "CM", "CW", "DJ",
    "DM", "ER", "FJ", "GA", "GD", "GH", "GM", "GN", "GQ", "GY", "HK", "IE", "JM", "KI", "KM", "KN", "KP", "LC", "LY", "ML", "MO",
    "MR", "MW", "NR", "NU", "PA", "QA", "RW", "SB", "SC", "SL", "SR", "ST", "SX", "SY", "TD", "TF", "TG", "TK", "TL", "TO", "TT",
    "TV", "UG", "VU", "WS", "YE", "ZW",
})  # fmt: skip
_CITY_STATES = frozenset({"GI", "HK", "MC", "MO", "SG", "VA"})


def is_country(code: str) -> bool:
    """Whether this is a country's ISO 3166-1 alpha-2 code, in capitals."""
    return code in _COUNTRIES


def has_postal_codes(country: str) -> bool:
    """Whether an address there needs a postal code; so it does where the country is not known."""
    return country not in _WITHOUT_POSTAL_CODES


def has_cities(country: str) -> bool:
    """Whether an address there names a city besides the country."""
    return country not in _CITY_STATES
