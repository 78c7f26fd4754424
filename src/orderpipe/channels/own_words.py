"""
Letters in a shop's own words: templates of theirs, shut into a sandbox in which nothing but the letter's own facts can be reached.

They are checked when they are kept (`proofreading`); here is what holds when they are used.
"""

import time
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from functools import lru_cache
from math import inf
from typing import Any

from jinja2 import Environment, StrictUndefined, Template
from jinja2.exceptions import TemplateRuntimeError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from orderpipe.channels.parts import Parts
from orderpipe.channels.wording import LANGUAGES, phrases_of

PARTS = ("bullets", "pairs", "items", "button")
LONGEST = 500_000
"""Characters that one block of a shop's template may come to."""


SECONDS = 1.0
"""The longest that one block of a shop's template may take."""


class TooLong(TemplateRuntimeError):
    """The template writes more than a letter can hold, or takes too long over it."""


def furnish(environment: Environment, language: str) -> None:
    """Give an environment what every letter is made of."""
    parts = Parts(phrases_of(language)["words"])
    environment.globals |= {name: getattr(parts, name) for name in PARTS}
    environment.filters |= {"brief": _brief, "para": parts.para, "strong": parts.strong}


def _brief(text: str, length: int = 20) -> str:
    """Cut to a length without leaving the letters of a plain text message, which an ellipsis would."""
    return text if len(text) <= length else f"{text[: length - 2].rstrip()}.."


class _Watched(ImmutableSandboxedEnvironment):
    """A sandbox that looks at the clock with every value that is asked for: without one no loop has anything to do."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """As the sandbox's. Raises TooLong."""
        _hurry()
        return super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """As the sandbox's. Raises TooLong."""
        _hurry()
        return super().getitem(obj, argument)


_deadline: ContextVar[float] = ContextVar("deadline", default=inf)


def _hurry() -> None:
    if time.monotonic() > _deadline.get():
        raise TooLong(TooLong.__doc__)


@lru_cache(maxsize=500)
def template(source: str, language: str) -> Template:
    """A shop's template. Raises jinja2's TemplateSyntaxError."""
    return sandbox(language).from_string(source)


@lru_cache(maxsize=len(LANGUAGES))
def sandbox(language: str) -> Environment:
    """Where shops' templates live: no loader, so nothing can be included, and no functions but the parts of a letter."""
    environment = _Watched(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=True, auto_reload=False
    )
    environment.globals.clear()
    furnish(environment, language)
    return environment


def bounded(pieces: Iterable[str]) -> Iterator[str]:
    """The pieces of a block as they come. Raises TooLong."""
    length, before = 0, _deadline.set(time.monotonic() + SECONDS)
    try:
        for piece in pieces:
            length += len(piece)
            if length > LONGEST:
                raise TooLong(TooLong.__doc__)
            yield piece
    finally:
        _deadline.reset(before)
