"""
What has no form is refused, with everything that is wrong with it, so that one look is enough to put it right.

A refusal is an answer, not an accident: it is kept beside the bytes it refuses.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with one field: its JSON pointer (RFC 6901), a sentence, and a code for programs."""

    pointer: str
    detail: str
    code: str


class Malformed(Exception):
    """What was sent does not have the form of an order."""

    code = "malformed"

    def __init__(self, errors: Iterable[FieldError]) -> None:
        """`errors` say where and why; what in general, the docstring of the class."""
        super().__init__(self.__doc__)
        self.errors = tuple(errors)
