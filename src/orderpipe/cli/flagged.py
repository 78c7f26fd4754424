"""
`orderpipe mail flagged`: addresses that nothing arrives at, and writing to one of them again.
"""

from typing import Annotated

import typer

from orderpipe.cli import mail
from orderpipe.cli.place import Data, enter
from orderpipe.cli.refusals import Refusal
from orderpipe.cli.terminal import AsJson, print_json, print_table, say
from orderpipe.store import bounced


class NotFlagged(Refusal):
    """The address is not flagged."""


@mail.commands.command("flagged")
def flagged(
    clear: Annotated[str, typer.Option(metavar="ADDRESS", help="Write to this address again, whatever shop found it dead.")] = "",
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """List the addresses that letters came back from, the newest first; later letters avoid them."""
    parts = enter(data)
    with parts.engine.begin() as tx:
        if clear:
            if not bounced.clear_everywhere(tx, clear, parts.clock()):
                raise NotFlagged(f"{clear} is not flagged.")
            say(f"Letters go to {clear} again.")
            return
        found = bounced.flagged(tx)
    if as_json:
        print_json(found)
    else:
        rows = ([one.shop, one.channel, one.address, one.since, one.reason] for one in found)
        print_table(("shop", "by", "address", "since", "reason"), rows)
