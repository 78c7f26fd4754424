"""
`orderpipe shop letters`: how long the first of several letters waits for the others, and when text messages wake nobody.
"""

from dataclasses import replace
from datetime import time
from typing import Annotated

import typer

from orderpipe.cli.place import Data, enter
from orderpipe.cli.refusals import Misused
from orderpipe.cli.shop import Code, commands, of_code
from orderpipe.cli.terminal import AsJson, print_json, say
from orderpipe.domain.kinds import NECESSARY, OPTIONAL
from orderpipe.store import letter_rules


@commands.command("letters")
def letters(
    code: Code,
    quiet: Annotated[str, typer.Option(help="Hours without text messages where the recipient is, as 21:00-08:00; none: 00:00-00:00.")] = "",
    wakes: Annotated[list[str] | None, typer.Option(help="Kinds that go out in these hours too, such as question; none: -.")] = None,
    pause: Annotated[int | None, typer.Option(help="Seconds that a letter waits for others like it.", min=0, max=3600)] = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Show or change how a shop's letters are sent; senders follow within ten seconds."""
    with enter(data).engine.begin() as tx:
        shop_id = of_code(tx, code).id
        known = letter_rules.rules_of(tx, [shop_id])[shop_id]
        rules = known if pause is None else replace(known, pause_seconds=pause)
        if quiet:
            start, end = _hours(quiet)
            rules = replace(rules, quiet_from=start, quiet_until=end)
        if wakes:
            rules = replace(rules, wakes=_kinds(wakes))
        if rules != known:
            letter_rules.change(tx, shop_id, rules)
    if as_json:
        print_json({
            "shop": code, "pause_seconds": rules.pause_seconds, "wakes": list(rules.wakes),
            "quiet_from": f"{rules.quiet_from:%H:%M}", "quiet_until": f"{rules.quiet_until:%H:%M}",
        })
        return
    say(f"Letters that others like them may follow wait {rules.pause_seconds} s for these.")
    woken = f", but for {', '.join(rules.wakes)}" if rules.wakes else ""
    say(f"No text messages from {rules.quiet_from:%H:%M} to {rules.quiet_until:%H:%M} where the recipient is{woken}.")


def _hours(words: str) -> tuple[time, time]:
    try:
        start, end = (time.fromisoformat(part) for part in words.split("-"))
    except ValueError as error:
        raise Misused(f"{words!r} are no hours; write them as 21:00-08:00.") from error
    return start, end


def _kinds(names: list[str]) -> tuple[str, ...]:
    chosen = tuple(sorted(set(names) - {"-"}))
    if unknown := set(chosen) - {*NECESSARY, *OPTIONAL}:
        raise Misused(f"There is no letter to customers of the kind {', '.join(sorted(unknown))}.")
    return chosen
