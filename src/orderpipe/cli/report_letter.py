"""
`orderpipe report letter`: the weekly improvement letter of a shop's office, looked at beforehand, or turned off and on.
"""

from datetime import datetime
from typing import Annotated

import typer

from orderpipe.channels.letters import render_mail
from orderpipe.cli.place import Data, enter
from orderpipe.cli.report import commands
from orderpipe.cli.shop import of_code
from orderpipe.cli.terminal import AsJson, local_time, print_json, say
from orderpipe.domain.decisions import Audience, Tell
from orderpipe.domain.improvement import next_letter
from orderpipe.domain.notices import Channel, Leased
from orderpipe.domain.reports import zone_of
from orderpipe.sideflows import improvement
from orderpipe.store import improvement_letters, notifications
from orderpipe.store.metadata import Tx
from orderpipe.store.shops import Shop


@commands.command("letter")
def letter(
    code: Annotated[str, typer.Option("--shop", help="The shop's code.")],
    preview: Annotated[bool, typer.Option("--preview", help="Show the letter about the last week; nothing is sent.")] = False,
    wanted: Annotated[bool | None, typer.Option("--on/--off", help="Whether its office gets the letter from now on.")] = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Show, or change, when the shop's office is written its weekly improvement letter."""
    parts = enter(data)
    now = parts.clock()
    with parts.engine.begin() as tx:
        shop = of_code(tx, code)
        if preview:
            say(_previewed(tx, shop, now))
            return
        if wanted is not None:
            improvement.want(tx, shop, now, wanted=wanted)
        planned, at = improvement_letters.next_of(tx, shop.id)
    at = at if planned else next_letter(now, zone_of(shop.time_zone))
    if as_json:
        print_json({"shop": code, "next_at": at})
    else:
        say(f"The office of {code} gets its next letter {local_time(at)}." if at else f"The office of {code} gets no letter.")


def _previewed(tx: Tx, shop: Shop, now: datetime) -> str:
    made = improvement.letters(tx, [shop], now)
    if not made:
        return f"Nothing went wrong at {shop.code} last week, so there is no letter."
    order_id, tell = made[0]
    written = render_mail(_as_leased(order_id, tell, shop, now), notifications.orders_to_tell_of(tx, [order_id])[order_id])
    return f"Subject: {written.subject}\n\n{written.text}"


def _as_leased(order_id: int, tell: Tell, shop: Shop, now: datetime) -> Leased:
    return Leased(
        0, order_id, Audience.OFFICE, Channel.EMAIL, shop.office_email, tell.kind, shop.language, tell.facts, tell.dedupe,
        0, now,
    )
