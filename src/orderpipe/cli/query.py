"""
`orderpipe query`: how a shop follows its questions to customers up, and what silence means.
"""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Annotated

import typer

from orderpipe.cli.app import app
from orderpipe.cli.place import Data, enter
from orderpipe.cli.refusals import Misused, Refusal
from orderpipe.cli.shop import of_code
from orderpipe.cli.terminal import AsJson, print_json, print_table
from orderpipe.domain.ladder import BadPolicy, OnSilence, QueryPolicy
from orderpipe.domain.targets import EVERYBODY
from orderpipe.store import policies, query_policies
from orderpipe.store.metadata import Tx
from orderpipe.store.query_policies import COLUMNS, EVERY_TYPE

commands = typer.Typer(no_args_is_help=True, help="Questions to customers.")
app.add_typer(commands, name="query")

Minutes = Annotated[int | None, typer.Option(min=0, help="Working minutes after the step before.")]


class UnknownType(Refusal):
    """There is no such order type."""


@commands.command("policy")
def policy(
    shop: Annotated[str, typer.Option(help="The shop's code.")],
    order_type: Annotated[str, typer.Option("--type", help="For orders of this type alone; without it for every type.")] = EVERY_TYPE,
    remind_after: Minutes = None,
    other_channel_after: Annotated[int | None, typer.Option(min=0, help="Likewise, for a reminder by SMS or e-mail; 0: none.")] = None,
    call_after: Minutes = None,
    silence_after: Annotated[int | None, typer.Option(min=0, help="Likewise, from the call until silence counts.")] = None,
    on_silence: Annotated[OnSilence | None, typer.Option(help="What silence means: cancel, proceed as ordered, or wait.")] = None,
    link_days: Annotated[int | None, typer.Option(min=1, help="Days for which the link in a letter opens the question.")] = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Show how questions are followed up, or set it: when the customer is reminded, when the office calls, and what silence means."""
    given = {
        "remind_after": remind_after, "other_channel_after": other_channel_after, "call_after": call_after,
        "silence_after": silence_after, "on_silence": on_silence, "link_days": link_days,
    }
    changes = {name: value for name, value in given.items() if value is not None}
    with enter(data).engine.begin() as tx:
        shop_id = of_code(tx, shop).id
        known = _types(tx, shop_id)
        if order_type not in known:
            raise UnknownType(f"There is no order type {order_type!r}; there is {', '.join(sorted(known - {EVERY_TYPE}))}.")
        if changes:
            query_policies.keep(tx, shop_id, order_type, _changed(query_policies.effective(tx, shop_id, order_type), changes))
        found = {one: query_policies.effective(tx, shop_id, one) for one in sorted(known)}
    _print(found, as_json=as_json)


def _types(tx: Tx, shop_id: int) -> set[str]:
    return {code for owner, code in policies.read_policies(tx).order_types if owner in (EVERYBODY, shop_id)} | {EVERY_TYPE}


def _changed(before: QueryPolicy, changes: Mapping[str, object]) -> QueryPolicy:
    try:
        return replace(before, **changes)  # type: ignore[arg-type]  # each came in by the option of its type
    except BadPolicy as reason:
        raise Misused(str(reason)) from None


def _print(found: dict[str, QueryPolicy], *, as_json: bool) -> None:
    if as_json:
        print_json({one or "every type": asdict(policy) for one, policy in found.items()})
        return
    rows = ([one or "every type", *(getattr(policy, name) for name in COLUMNS)] for one, policy in found.items())
    print_table(("order type", *(name.replace("_", " ") for name in COLUMNS)), rows)
