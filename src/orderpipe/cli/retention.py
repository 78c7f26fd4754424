"""
`orderpipe shop retention`: how long a shop keeps its customers' data and letters after an order's end.
"""

from typing import Annotated

import typer

from orderpipe.cli.place import Data, enter
from orderpipe.cli.shop import Code, commands, of_code
from orderpipe.cli.terminal import AsJson, print_json, say
from orderpipe.store import erasure
from orderpipe.store.erasure import Kept

_DAYS = "Days after an order's end; 0: for good."


@commands.command("retention")
def retention(
    code: Code,
    personal_days: Annotated[int | None, typer.Option(help=f"How long who ordered is known. {_DAYS}", min=0, max=36_500)] = None,
    letters_days: Annotated[int | None, typer.Option(help=f"How long letters are kept. {_DAYS}", min=0, max=36_500)] = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Show or set how long a shop keeps its customers' data; what is older is erased once a day, for good."""
    with enter(data).engine.begin() as tx:
        shop = of_code(tx, code)
        kept = next((one for one in erasure.kept_by(tx) if one.shop_id == shop.id), Kept(shop.id, None, None))
        if personal_days is not None or letters_days is not None:
            kept = Kept(shop.id, _chosen(personal_days, kept.personal_days), _chosen(letters_days, kept.letters_days))
            erasure.keep_for(tx, kept)
    if as_json:
        print_json({"shop": code, "personal_days": kept.personal_days, "letters_days": kept.letters_days})
    else:
        say(f"{code} keeps customers' data {_told(kept.personal_days)}, letters {_told(kept.letters_days)}.")


def _chosen(given: int | None, before: int | None) -> int | None:
    return before if given is None else given or None


def _told(days: int | None) -> str:
    return "for good" if days is None else f"for {days} days after an order's end"
