"""
`orderpipe target`: alarms about missed time targets, and who looks after them.
"""

from typing import Annotated

import typer

from orderpipe.cli.app import app
from orderpipe.cli.order import who
from orderpipe.cli.place import Data, enter
from orderpipe.cli.terminal import AsJson, print_json, print_table, say
from orderpipe.domain.orders import number_of
from orderpipe.sideflows import targets
from orderpipe.sideflows.targets import UnknownAlarm, alarm_id_of, alarm_number
from orderpipe.store import alarms, shops
from orderpipe.store.alarms import Alarm

commands = typer.Typer(no_args_is_help=True, help="Alarms about time targets.")
app.add_typer(commands, name="target")

Number = Annotated[str, typer.Argument(metavar="ALARM", help="The alarm's number, such as A-12.")]


@commands.command("list")
def list_alarms(
    limit: Annotated[int, typer.Option(help="At most so many.", min=1, max=10_000)] = 50, as_json: AsJson = False, data: Data = None
) -> None:
    """List the alarms that nobody has taken and are not over, the newest first."""
    with enter(data).engine.begin() as tx:
        found = alarms.not_taken(tx, limit=limit)
        codes = {one.id: one.code for one in shops.list_shops(tx)}
    if as_json:
        print_json([_document(one, codes) for one in found])
        return
    print_table(("alarm", "shop", "kind", "stage", "at", "orders", "since", "told", "next"), [
        (alarm_number(one.id), codes.get(one.shop_id), one.kind.value, one.stage, one.location, one.open, one.opened_at, one.level,
         one.next_at)
        for one in found
    ])


@commands.command("show")
def show(number: Number, as_json: AsJson = False, data: Data = None) -> None:
    """Show an alarm, and the orders of it that still stand where they stood."""
    with enter(data).engine.begin() as tx:
        one = alarms.find(tx, alarm_id_of(number))
        if one is None:
            raise UnknownAlarm(f"There is no alarm {number}.")
        late = alarms.late(tx, [one.id], most=1_000)[one.id]
        codes = {shop.id: shop.code for shop in shops.list_shops(tx)}
    if as_json:
        print_json(_document(one, codes) | {"late": [{"order": number_of(each.order_id), "due_at": each.due_at} for each in late]})
        return
    taken = f"looked after by {one.acknowledged_by} since {one.acknowledged_at:%Y-%m-%d %H:%M} UTC" if one.acknowledged_at else "not taken"
    say(f"{alarm_number(one.id)}: {one.open} of {one.count} still in {one.stage}, {taken}.")
    print_table(("order", "in it since", "due"), [(number_of(each.order_id), each.since, each.due_at) for each in late])


@commands.command("ack")
def acknowledge(number: Number, as_json: AsJson = False, data: Data = None) -> None:
    """Say that you look after an alarm: nobody else is told of it."""
    parts = enter(data)
    with parts.engine.begin() as tx:
        done = targets.acknowledge(tx, alarm_id_of(number), by=who(), now=parts.clock())
        codes = {shop.id: shop.code for shop in shops.list_shops(tx)}
    if as_json:
        print_json(_document(done, codes))
    else:
        say(f"{alarm_number(done.id)} is yours; nobody else is told of it.")


def _document(one: Alarm, codes: dict[int, str]) -> dict[str, object]:
    return {
        "alarm": alarm_number(one.id), "shop": codes.get(one.shop_id), "kind": one.kind.value, "stage": one.stage, "location": one.location,
        "orders": one.count, "open": one.open, "opened_at": one.opened_at, "told": one.level, "next_at": one.next_at,
        "acknowledged_at": one.acknowledged_at, "acknowledged_by": one.acknowledged_by, "closed_at": one.closed_at,
    }
