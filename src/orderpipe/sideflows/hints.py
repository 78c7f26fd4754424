"""
What to hint after the commit of a side flow: a stage for some units of a lane, or a job that now has something to do.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hint:
    """These units of one lane may be taken by this stage."""

    step: str
    lane: str
    ids: Sequence[int]
