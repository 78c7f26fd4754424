"""
Desks: who does the work of which stages, when, and who hears of it, one after the other, when the work is late.
"""

from dataclasses import dataclass

OWNER = "owner"
"""The level of whoever's work it is."""


@dataclass(frozen=True, slots=True)
class Level:
    """
    One rung of an escalation: `after` so many working minutes since the alarm without anybody saying that they look after it.

    `to` are e-mail addresses or Apprise URLs; without any it is the office.
    """

    name: str
    after: float
    to: tuple[str, ...] = ()


OFFICE_ONLY = (Level(OWNER, 0),)
"""What holds where nothing else is said: the office hears of it at once, and nobody else."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Who does the work of `stages` (`whole` for orders as such). `calendar` "": that of the order's type."""

    code: str
    calendar: str
    stages: frozenset[str]
    ladder: tuple[Level, ...] = OFFICE_ONLY
