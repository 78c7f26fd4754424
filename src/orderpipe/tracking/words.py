"""
What the customers' pages say, one file per language beside this one.
"""

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

from orderpipe.channels.wording import FALLBACK, LANGUAGES, language_of

Words = Mapping[str, Any]


@lru_cache(maxsize=len(LANGUAGES))
def words_of(language: str) -> Words:
    """The words of one of our languages."""
    return tomllib.loads((files(__package__) / "phrases" / f"{language}.toml").read_text("utf-8"))


def language_wanted(accepted: str) -> str:
    """The first of our languages that a browser asks for (Accept-Language), for pages that belong to no order."""
    tags = [part.partition(";")[0].strip() for part in accepted.split(",")]
    ours = (language_of(tag) for tag in tags if tag.partition("-")[0].lower() in LANGUAGES)
    return next(ours, FALLBACK)
