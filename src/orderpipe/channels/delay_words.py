"""
What may be chosen about something late, in words: as letters offer it, and as replies to them repeat it.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from orderpipe.channels.wording import Wording
from orderpipe.domain.delay_terms import Choice


def words_of_choices(facts: Mapping[str, Any], wording: Wording) -> dict[Choice, str]:
    """Each choice that a letter with these facts offers, in its order and its words."""
    said: Mapping[str, str] = wording.phrases["words"]["late_choices"]
    names = substitutes_named(facts.get("substitutes") or (), wording)
    return {Choice(option): said[option].format(names=names) for option in facts["options"]}


def substitutes_named(some: Iterable[Mapping[str, Any]], wording: Wording) -> str:
    """What can be sent instead, in one line, with the price of a piece where it is a lower one."""
    words = wording.phrases["words"]
    return str(words["comma"]).join(
        words["late_choices"]["priced"].format(name=one["name"], price=wording.money(one["price"])) if one.get("price") else one["name"]
        for one in some
    )
