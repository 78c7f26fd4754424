"""
What an invariant is made of, for the modules that list them.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of the books: its name, the sentence that must be true, and a statement for (order_id, detail) of what breaks it."""

    name: str
    sentence: str
    statement: str
