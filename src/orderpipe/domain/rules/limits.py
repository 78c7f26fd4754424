"""
Limits: the numbers and words of a rule that a shop may set for itself, each with the default it has without that.
"""

from collections.abc import Mapping
from functools import lru_cache

Limit = float | int | str
Limits = Mapping[str, Limit]


class UnknownLimit(ValueError):
    """The rule has no limit of this name, or it is of another kind."""


def number(limits: Limits, name: str) -> float:
    """The limit of this name as a number."""
    return float(limits[name])


def words(limits: Limits, name: str) -> frozenset[str]:
    """The limit of this name as words, set apart by commas and folded for comparison."""
    return _words(str(limits[name]))


def merged(rule: str, defaults: Limits, given: Limits) -> Limits:
    """The defaults with those that a shop has set. Raises UnknownLimit."""
    for name, value in given.items():
        if name not in defaults:
            known = ", ".join(sorted(defaults)) or "none"
            raise UnknownLimit(f"{rule} has no limit {name!r}; it has {known}.")
        if isinstance(defaults[name], str) != isinstance(value, str):
            kind = "words" if isinstance(defaults[name], str) else "a number"
            raise UnknownLimit(f"The limit {name} of {rule} is {kind}, so {value!r} cannot be it.")
    return {**defaults, **given}


@lru_cache(maxsize=256)
def _words(text: str) -> frozenset[str]:
    return frozenset(word.strip().casefold() for word in text.split(",") if word.strip())
