"""
`orderpipe webhook`: where shops' own systems are told what happens to their orders, what went there, and sending it again.
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orderpipe.cli.app import app
from orderpipe.cli.place import Data, enter
from orderpipe.cli.refusals import Misused
from orderpipe.cli.shop import of_code
from orderpipe.cli.terminal import AsJson, print_json, print_table, rfc3339, say
from orderpipe.domain.addresses import networks
from orderpipe.domain.orders import internal_id, number_of, public_id
from orderpipe.flow import Queue
from orderpipe.sideflows import webhooks
from orderpipe.sideflows.webhooks import Made
from orderpipe.store import webhook_deliveries
from orderpipe.store import webhooks as kept
from orderpipe.store.webhook_deliveries import Filter, Kept
from orderpipe.store.webhooks import Registered

if TYPE_CHECKING:
    from orderpipe.assembly import Assembly

commands = typer.Typer(no_args_is_help=True, help="Webhooks to the shops' own systems.")
app.add_typer(commands, name="webhook")

Called = Annotated[str, typer.Argument(metavar="ENDPOINT", help="The endpoint, as whe_000000000001.")]
Since = Annotated[str, typer.Option(help="An instant, as 2026-11-24T09:00:00Z.")]


def _id(called: str) -> int:
    return internal_id("webhook_endpoint", called)


def _instant(since: str) -> datetime:
    try:
        instant = datetime.fromisoformat(since)
    except ValueError:
        raise Misused(f"{since!r} is no instant; write it as 2026-11-24T09:00:00Z.") from None
    return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)


def _wake() -> None:
    from orderpipe import broker  # set up by the settings that were found

    broker.send_task("notify.webhook", queue=Queue.NOTIFY)


@commands.command("add")
def add(
    shop: Annotated[str, typer.Argument(help="The shop's code.")],
    url: Annotated[str, typer.Argument(help="Where to, over https.")],
    event: Annotated[list[str] | None, typer.Option(help="A type, as order.validated or order.*; may be repeated. Default: all.")] = None,
    description: Annotated[str, typer.Option(help="What it is for.")] = "",
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Register an endpoint; its secret is printed once and cannot be seen again."""
    parts = enter(data)
    with parts.engine.begin() as tx:
        made = webhooks.add(
            tx, of_code(tx, shop).id, url, event or ["*"], description=description, allowed=networks(parts.settings.webhook_allow),
            now=parts.clock(),
        )
    _hand_over(made, as_json)


def _hand_over(made: Made, as_json: bool) -> None:
    endpoint = public_id("webhook_endpoint", made.endpoint.id)
    if as_json:
        print_json({**_document(made.endpoint), "secret": made.secret})
    else:
        say(f"Endpoint {endpoint}, {made.endpoint.url}. Its secret, shown this once: {made.secret}")


@commands.command("list")
def show_all(
    shop: Annotated[str, typer.Option(help="Only this shop's (its code).")] = "", as_json: AsJson = False, data: Data = None
) -> None:
    """List the endpoints, and how well they listen."""
    with enter(data).engine.begin() as tx:
        found = kept.listed(tx, of_code(tx, shop).id if shop else None)
    if as_json:
        print_json([_document(one) for one in found])
        return
    print_table(("endpoint", "url", "events", "enabled", "failing since", "why disabled"), (
        [public_id("webhook_endpoint", one.id), one.url, ", ".join(one.events), "yes" if one.enabled else "no", one.failing_since,
         one.disabled_why]
        for one in found
    ))


def _document(one: Registered) -> dict[str, Any]:
    named = {name: getattr(one, name) for name in Registered.__dataclass_fields__ if name not in ("id", "shop_id")}
    return {"id": public_id("webhook_endpoint", one.id), **named}


@commands.command("deliveries")
def deliveries(
    called: Called,
    state: Annotated[str, typer.Option(help="Only pending, sent or dead ones.")] = "",
    limit: Annotated[int, typer.Option(help="At most so many.", min=1, max=10_000)] = 50,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """List what went to an endpoint, the newest first, and what it answered."""
    with enter(data).engine.begin() as tx:
        endpoint = webhooks.get(tx, _id(called), None)
        wanted = Filter(endpoint.id, state=state or None)
        found = webhook_deliveries.listed(tx, endpoint.shop_id, wanted, before=None, limit=limit)
    if as_json:
        print_json(found)
        return
    print_table(("delivery", "type", "order", "sequence", "state", "failed", "answer", "next"), (_row(one) for one in found))


def _row(one: Kept) -> list[Any]:
    order = number_of(one.order_id) if one.order_id is not None else None
    answer = one.status or one.error
    return [public_id("webhook_delivery", one.id), one.type, order, one.seq, one.state, one.attempts, answer, one.next_at]


@commands.command("replay")
def replay(
    called: Annotated[str, typer.Argument(metavar="WHAT", help="An endpoint (whe_…) with --since, or one delivery (whd_…).")],
    since: Since = "",
    data: Data = None,
) -> None:
    """Send again what happened since an instant, or one event; it carries the id it had."""
    parts = enter(data)
    if called.startswith("whd_"):
        with parts.engine.begin() as tx:
            if webhook_deliveries.again(tx, internal_id("webhook_delivery", called), None, parts.clock()) is None:
                raise webhooks.NoSuchEndpoint(f"There is no delivery {called}.")
        said = f"{called} goes out again."
    elif not since:
        raise Misused("Say since when: --since 2026-11-24T09:00:00Z.")
    else:
        said = f"{_replay(parts, called, _instant(since))} events go out to {called}."
    _wake()
    say(said)


def _replay(parts: "Assembly", called: str, since: datetime | None) -> int:
    """In bites, each of which is there when the next one begins."""
    total = 0
    while since is not None:
        with parts.engine.begin() as tx:
            endpoint = webhooks.get(tx, _id(called), None)
            events, since = webhook_deliveries.replay(tx, endpoint.id, since, now=parts.clock(), limit=webhooks.MOST_REPLAYED)
        total += events
    return total


@commands.command("enable")
def enable(called: Called, since: Since = "", data: Data = None) -> None:
    """Let an endpoint be told again: at once what waits for it, and with --since what happened while it was disabled."""
    parts = enter(data)
    begin = _instant(since) if since else None
    with parts.engine.begin() as tx:
        webhooks.change(tx, _id(called), {"enabled": True}, shop_id=None, now=parts.clock())
    events = _replay(parts, called, begin)
    _wake()
    say(f"{called} is told again what happens{f', and {events} events since {rfc3339(begin)}' if begin else ''}.")


@commands.command("disable")
def disable(called: Called, data: Data = None) -> None:
    """Tell an endpoint nothing any more; what waits for it is kept."""
    parts = enter(data)
    with parts.engine.begin() as tx:
        webhooks.change(tx, _id(called), {"enabled": False}, shop_id=None, now=parts.clock())
    say(f"{called} is told nothing any more.")


@commands.command("rotate")
def rotate(called: Called, as_json: AsJson = False, data: Data = None) -> None:
    """Give an endpoint a new secret; for two days messages are signed with the old one as well."""
    parts = enter(data)
    with parts.engine.begin() as tx:
        made = webhooks.rotate(tx, _id(called), None, parts.clock())
    _hand_over(made, as_json)
