"""
`orderpipe order`: look at orders, change them, cancel them, and decide what waits for the office.
"""

import getpass
import secrets
from enum import StrEnum
from typing import Annotated, Any

import typer

from orderpipe.cli.app import app
from orderpipe.cli.changes import changes_of
from orderpipe.cli.order_shown import document_of, print_order
from orderpipe.cli.place import Data, enter, send_hints
from orderpipe.cli.shop import of_code
from orderpipe.cli.terminal import AsJson, local_time, print_json, print_table, say
from orderpipe.cli.why import Called
from orderpipe.domain.orders import fulfillment_number_of, number_of, public_id
from orderpipe.flow import OrderState, WaitingFor
from orderpipe.sideflows import amendments, cancellations, office
from orderpipe.sideflows.amendments import Asked
from orderpipe.sideflows.office import Decision
from orderpipe.store import notifications, order_views, shops, standing
from orderpipe.store.metadata import Tx
from orderpipe.store.notifications import Notification
from orderpipe.store.order_views import Filter, Listed

commands = typer.Typer(no_args_is_help=True, help="Look at orders, change them, cancel them, decide about them.")
app.add_typer(commands, name="order")


class Reason(StrEnum):
    """Why an order is canceled."""

    CUSTOMER = "customer"
    FRAUD = "fraud"
    INVENTORY = "inventory"
    DECLINED = "declined"
    STAFF = "staff"
    OTHER = "other"


def who() -> str:
    """Who acts, for the journal."""
    return f"office {getpass.getuser()}"


@commands.command("show")
def show(called: Called, as_json: AsJson = False, data: Data = None) -> None:
    """Show an order whole: lines, fulfillments, promise, questions, letters, and what happened."""
    with enter(data).engine.begin() as tx:
        document = document_of(tx, standing.find(tx, called))
    if as_json:
        print_json(document)
    else:
        print_order(document)


@commands.command("told")
def told(called: Called, as_json: AsJson = False, data: Data = None) -> None:
    """Show who was told what about an order, when, and what became of it; `mail show ID` shows it as it was sent."""
    with enter(data).engine.begin() as tx:
        found = notifications.of_order(tx, standing.find(tx, called))
    if as_json:
        print_json(found)
        return
    rows = (
        [one.id, one.sent_at or one.created_at, one.kind, one.channel, one.recipient, one.state, _outcome(one)] for one in found
    )
    print_table(("letter", "at", "what", "by", "to", "state", "answer"), rows)


def _outcome(letter: Notification) -> str:
    if letter.superseded_by and letter.state == "superseded":
        return f"told by letter {letter.superseded_by}"
    if letter.next_at and not letter.last_error:
        return f"due {local_time(letter.next_at)}"
    return letter.provider_id or letter.last_error or ""


@commands.command("list")
def show_all(
    state: Annotated[OrderState | None, typer.Option(help="Only orders in this state.")] = None,
    waiting_for: Annotated[WaitingFor | None, typer.Option(help="Only orders of which something waits for this.")] = None,
    shop: Annotated[str, typer.Option(help="Only this shop's (its code).")] = "",
    limit: Annotated[int, typer.Option(help="At most so many.", min=1, max=10_000)] = 50,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """List orders, the newest first."""
    with enter(data).engine.begin() as tx:
        found = _listed(tx, Filter(state, waiting_for), shop, limit)
    if as_json:
        print_json([_document(code, order) for code, order in found])
        return
    rows = (
        [number_of(one.id), code, one.reference, one.state, one.waiting_for, _money(one), one.received_at, one.complete_by]
        for code, one in found
    )
    print_table(("number", "shop", "reference", "state", "waits for", "total", "received", "complete by"), rows)


def _listed(tx: Tx, wanted: Filter, shop: str, limit: int) -> list[tuple[str, Listed]]:
    chosen = [of_code(tx, shop)] if shop else shops.list_shops(tx)
    found = [
        (one.code, order) for one in chosen for order in order_views.listed(tx, one.id, wanted, before=None, limit=limit)
    ]
    return sorted(found, key=lambda pair: -pair[1].id)[:limit]


def _document(shop: str, order: Listed) -> dict[str, Any]:
    named = {name: getattr(order, name) for name in Listed.__dataclass_fields__ if name != "id"}
    return {"id": public_id("order", order.id), "number": number_of(order.id), "shop": shop, **named}


def _money(order: Listed) -> str:
    return "" if order.total is None else f"{order.total} {order.currency}"


@commands.command("cancel")
def cancel(
    called: Called,
    reason: Annotated[Reason, typer.Option(help="Why; the customer is told.")],
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Cancel everything of an order that is not packed yet; its stock goes back at once."""
    parts = enter(data)
    with parts.engine.begin() as tx:
        order_id = standing.find(tx, called)
        done = cancellations.cancel(tx, order_id, reason=reason, by=who(), now=parts.clock())
    send_hints(done.hints, restock=done.stock_freed)
    canceled = [fulfillment_number_of(one) for one in done.fulfillment_ids]
    if as_json:
        print_json({"order": number_of(order_id), "whole": done.whole, "fulfillments": canceled})
    elif done.whole:
        say(f"Order {number_of(order_id)} is canceled.")
    else:
        say(f"Of order {number_of(order_id)} {', '.join(canceled)} is canceled; the rest is packed already and goes on its way.")


@commands.command("amend")
def amend(
    called: Called,
    to: Annotated[list[str], typer.Option("--set", metavar="POINTER=VALUE", help="A new value, such as /ship_to/city=Leeds.")] = [],  # noqa: B006
    add: Annotated[list[str], typer.Option(metavar="SKU=PIECES", help="A further line.")] = [],  # noqa: B006
    remove: Annotated[list[int], typer.Option(metavar="LINE", help="The number of a line that is no longer wanted.")] = [],  # noqa: B006
    reason: Annotated[Reason, typer.Option(help="Why.")] = Reason.CUSTOMER,
    by: Annotated[str, typer.Option(help="For whom, such as staff:KIM; by default you.")] = "",
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Change an order: it is checked again, its plan and promise follow, and the customer is told."""
    parts = enter(data)
    with parts.engine.begin() as tx:
        order_id = standing.find(tx, called)
        places = {line.number: place for place, line in enumerate(order_views.lines(tx, order_id))}
        asked = Asked(changes_of(to, add, remove, places), secrets.token_hex(8), reason.value)
        done = amendments.amend(tx, order_id, asked, by=by or who(), now=parts.clock())
    send_hints(done.hints, restock=done.stock_freed)
    if as_json:
        told = {name: getattr(done, name) for name in ("changed", "total", "until", "question")}
        print_json({"order": number_of(order_id), **told})
        return
    say(f"Order {number_of(order_id)} is changed: {', '.join(done.changed)}.")
    if done.question:
        say("It left a doubt that has to be cleared before it goes on; `orderpipe why` tells which.")


@commands.command("decide")
def decide(
    called: Called,
    decision: Annotated[Decision, typer.Argument(help="resume or cancel; for a lost parcel resend or close; after a reply ask-again.")],
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Decide about an order that waits for the office."""
    parts = enter(data)
    with parts.engine.begin() as tx:
        order_id = standing.find(tx, called)
        done = office.decide(tx, order_id, decision, by=who(), now=parts.clock())
    send_hints(done.hints, restock=decision == Decision.CANCEL)
    if as_json:
        print_json({"order": number_of(order_id), "decision": done.decision})
    else:
        say(f"Order {number_of(order_id)}: {done.decision}. `orderpipe why {number_of(order_id)}` tells how it goes on.")
