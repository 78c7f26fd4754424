"""
`orderpipe delay`: what is late, what its customer chose by telephone, and what a shop lets silence mean.
"""

from typing import Annotated

import typer

from orderpipe.cli.app import app
from orderpipe.cli.order import who
from orderpipe.cli.place import Data, enter, send_hints
from orderpipe.cli.refusals import Refusal
from orderpipe.cli.shop import of_code
from orderpipe.cli.terminal import AsJson, print_json, print_table, say
from orderpipe.cli.why import Called
from orderpipe.domain.delay_terms import Choice, Policy
from orderpipe.domain.orders import number_of
from orderpipe.sideflows import delay_choices
from orderpipe.sideflows.queries import How
from orderpipe.store import delays, shops, standing, substitutes

commands = typer.Typer(no_args_is_help=True, help="What is late, and what becomes of it.")
app.add_typer(commands, name="delay")

ShopCode = Annotated[str, typer.Option("--shop", help="The shop's code.")]


class NoSuchArticle(Refusal):
    """The shop does not sell both articles, or they are the same."""


@commands.command("list")
def show_all(
    limit: Annotated[int, typer.Option(help="At most so many.", min=1, max=10_000)] = 50, as_json: AsJson = False, data: Data = None
) -> None:
    """List what is late or at risk, the most urgent first."""
    with enter(data).engine.begin() as tx:
        found = delays.open_all(tx, limit=limit)
        codes = {one.id: one.code for one in shops.list_shops(tx)}
    rows = [
        (number_of(one.order_id), codes[one.shop_id], one.state, one.cause.value, one.original_until, one.revised_until,
         one.chosen.value if one.chosen else None, one.answer_until)
        for one in found
    ]
    names = ("order", "shop", "state", "cause", "promised", "new date", "chosen", "answer until")
    if as_json:
        print_json([dict(zip((name.replace(" ", "_") for name in names), row, strict=True)) for row in rows])
    else:
        print_table(names, rows)


@commands.command("choose")
def choose(
    called: Called,
    choice: Annotated[Choice, typer.Argument(help="What the customer wants.")],
    how: Annotated[How, typer.Option(help="By which way the customer said so.")] = How.PHONE,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Enter what a customer chose about what is late."""
    parts = enter(data)
    with parts.engine.begin() as tx:
        order_id = standing.find(tx, called)
        done = delay_choices.choose(tx, order_id, choice, by=who(), how=how, now=parts.clock())
    send_hints(done.hints, restock=done.stock_freed)
    if as_json:
        print_json({"order": number_of(order_id), "choice": done.choice})
    else:
        say(f"Order {number_of(order_id)}: {done.choice}. `orderpipe why {number_of(order_id)}` tells how it goes on.")


@commands.command("policy")
def policy(
    shop: ShopCode,
    policy: Annotated[Policy | None, typer.Argument(help="What silence is to mean; left out: show what holds.")] = None,
    order_type: Annotated[str, typer.Option("--type", help="Only for this type of order.")] = "",
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Say what it means when a customer who was told of a delay does not answer."""
    with enter(data).engine.begin() as tx:
        shop_id = of_code(tx, shop).id
        if policy is not None:
            delays.set_policy(tx, shop_id, order_type, policy)
        found = delays.policies_of(tx, [shop_id])
    held = {"": Policy.US_MAIL_ORDER, **{of_type: one for (_, of_type), one in found.items()}}
    if as_json:
        print_json([{"shop": shop, "type": of_type or None, "policy": one} for of_type, one in sorted(held.items())])
    else:
        print_table(("type of order", "policy"), [(of_type or "all others", one.value) for of_type, one in sorted(held.items())])


@commands.command("substitute")
def substitute(
    sku: Annotated[str, typer.Argument(help="The article that may not come.")],
    instead: Annotated[str, typer.Argument(help="What may be sent in its place; left out: nothing any more.")] = "",
    shop: ShopCode = "",
    data: Data = None,
) -> None:
    """Say what customers may have instead of an article that is late, at the price they ordered at."""
    with enter(data).engine.begin() as tx:
        if not substitutes.set_substitute(tx, of_code(tx, shop).id, sku, instead or None):
            raise NoSuchArticle(f"The shop {shop} does not sell both {sku} and {instead or 'it'} as goods, or they are the same.")
    say(f"Where {sku} is late, {f'{instead} is offered' if instead else 'nothing is offered'} instead.")
