"""
`orderpipe case`: complaints, claims, returns and questions, from the customer's word to the end of it.
"""

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any
from uuid import uuid4

import typer

from orderpipe.api.case_documents import return_told, told, told_whole
from orderpipe.cli.app import app
from orderpipe.cli.order import who
from orderpipe.cli.place import Data, enter, send_hints
from orderpipe.cli.refusals import Misused
from orderpipe.cli.shop import of_code
from orderpipe.cli.terminal import AsJson, local_time, print_json, print_table, say
from orderpipe.cli.why import Called
from orderpipe.domain.case_terms import ANY, Target, Terms
from orderpipe.domain.cases import (
    Case,
    Cause,
    Channel,
    Kind,
    Outcome,
    Pieces,
    Severity,
    State,
    Step,
    UnknownCase,
    case_id_of,
    storable,
)
from orderpipe.domain.orders import internal_id, number_of
from orderpipe.domain.remedies import Remedy, RemedyKind
from orderpipe.domain.targets import EVERYBODY
from orderpipe.sideflows import cases, returns
from orderpipe.sideflows.cases import Assessment, Done, Word
from orderpipe.store import case_terms, standing
from orderpipe.store import cases as case_store
from orderpipe.store.case_opening import Opening
from orderpipe.store.cases import Wanted
from orderpipe.store.metadata import Tx

commands = typer.Typer(no_args_is_help=True, help="Complaints, claims, returns and questions of customers.")
app.add_typer(commands, name="case")

Number = Annotated[str, typer.Argument(metavar="CASE", help="The case's number (C-…) or id (cas_…).")]
Lines = Annotated[list[str] | None, typer.Option("--line", help="LINE:PIECES of the order, such as 1:2; may be repeated.")]
Kinds = Annotated[Kind, typer.Option(help="What it is.")]


def _id(called: str) -> int:
    return internal_id("case", called) if called.startswith("cas_") else case_id_of(called)


def pieces_of(lines: list[str] | None) -> tuple[Pieces, ...]:
    """The pieces that these options name. Raises Misused."""
    try:
        return tuple(Pieces(int(number), int(quantity)) for number, quantity in (one.split(":") for one in lines or ()))
    except ValueError:
        raise Misused("A line is given as LINE:PIECES, such as 1:2.") from None


@commands.command("open")
def open_case(
    called: Called,
    kind: Kinds,
    text: Annotated[str, typer.Option(help="The customer's own words.")] = "",
    cause: Annotated[Cause, typer.Option(help="What caused it.")] = Cause.OTHER,
    lines: Lines = None,
    hold: Annotated[bool, typer.Option("--hold", help="Stop what is not packed of the order until the case is answered.")] = False,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Take down what a customer says about an order; the customer gets its number and until when we answer."""
    parts = enter(data)
    with parts.engine.begin() as tx:
        opening = Opening(
            standing.find(tx, called), kind, storable(text), f"staff:{uuid4()}", cause, pieces_of(lines), who(), Channel.STAFF, hold
        )
        opened = case_store.of_ids(tx, [cases.open_case(tx, opening, now=parts.clock()).case_id])
    send_hints(())
    _tell(next(iter(opened.values())), as_json)


@commands.command("list")
def show_all(
    state: Annotated[State | None, typer.Option(help="Only cases in this state; default: all that are not closed.")] = None,
    kind: Annotated[Kind | None, typer.Option(help="Only cases of this kind.")] = None,
    shop: Annotated[str, typer.Option(help="Only this shop's (its code).")] = "",
    late: Annotated[bool, typer.Option("--late", help="Only those of which a clock has run out.")] = False,
    limit: Annotated[int, typer.Option(help="At most so many.", min=1, max=10_000)] = 50,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """List cases, the oldest first."""
    parts = enter(data)
    with parts.engine.begin() as tx:
        wanted = Wanted(state, kind, open_only=state is None, late_at=parts.clock() if late else None)
        found = case_store.listed(tx, of_code(tx, shop).id if shop else None, wanted, after=0, limit=limit)
    if as_json:
        print_json([told(one) for one in found])
        return
    rows = (
        [one.number, number_of(one.order_id), one.kind, one.cause, one.state, one.owner, one.opened_at, one.clocks.resolve_by]
        for one in found
    )
    print_table(("case", "order", "kind", "cause", "state", "owner", "opened", "answer by"), rows)


@commands.command("show")
def show(number: Number, as_json: AsJson = False, data: Data = None) -> None:
    """Show a case whole: what was written, what comes back, what is paid back, and what may be done."""
    with enter(data).engine.begin() as tx:
        document = told_whole(tx, _found(tx, number))
    if as_json:
        print_json(document)
        return
    say(f"Case {document['number']} about order {document['order_number']}: {document['kind']} ({document['cause']}), {document['state']}")
    say(f"  severity {document['severity']}, owner {document['owner'] or 'nobody'}, opened {local_time(document['opened_at'])}")
    say(f"  take up by {local_time(document['acknowledge_by'])}, answer by {local_time(document['resolve_by'])}")
    for one in document["messages"]:
        say(f"\n{one['direction']}, {local_time(one['at'])}, {one['author']} by {one['channel']}:\n  " + one["body"].replace("\n", "\n  "))
    for one in document["remedies"]:
        say(f"\nRemedy: {one['kind']} {one.get('amount', '')} {one.get('order', '')}".rstrip())
    for one in document["refunds"]:
        say(f"\n{one['kind'].capitalize()} {one['reference']}: {one['amount']} {one['currency']}, {'done' if one['done_at'] else 'due'}")
    for one in document["returns"]:
        say(f"\nReturn {one['number']}: {one['state']}")
        print_table(("line", "sku", "pieces", "received", "restocked", "written off"), (list(item.values()) for item in one["items"]))
    say(f"\nWhat may be done now: {', '.join(document['allowed']) or 'nothing; it is closed'}.")


@commands.command("ack")
def acknowledge(number: Number, as_json: AsJson = False, data: Data = None) -> None:
    """Take a case up: the first clock stops."""
    _do(data, as_json, lambda tx, now: cases.acknowledge(tx, _id(number), by=who(), now=now))


@commands.command("assess")
def assess(
    number: Number,
    severity: Annotated[Severity | None, typer.Option(help="How much it weighs.")] = None,
    owner: Annotated[str | None, typer.Option(help="Who looks after it.")] = None,
    cause: Annotated[Cause | None, typer.Option(help="What caused it.")] = None,
    kind: Annotated[Kind | None, typer.Option(help="What it is.")] = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Say how much a case weighs, what caused it, and who looks after it."""
    _do(data, as_json, lambda tx, now: cases.assess(tx, _id(number), Assessment(severity, owner, cause, kind), by=who(), now=now))


@commands.command("investigate")
def investigate(
    number: Number, note: Annotated[str, typer.Argument(help="What was found out.")], as_json: AsJson = False, data: Data = None
) -> None:
    """Note what was found out; for staff only."""
    _do(data, as_json, lambda tx, now: cases.investigate(tx, _id(number), note, by=who(), now=now))


@commands.command("respond")
def respond(
    number: Number,
    text: Annotated[str, typer.Argument(help="The answer, as the customer gets it.")],
    remedy: Annotated[list[str] | None, typer.Option(
        help="replacement, re-delivery, refund:AMOUNT, credit:AMOUNT or apology; may be repeated.",
    )] = None,
    lines: Lines = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Answer the customer, and set the remedies going; --line says what a replacement is for, by default what the case is about."""
    chosen = [_remedy(one, pieces_of(lines)) for one in remedy or ()]
    _do(data, as_json, lambda tx, now: cases.respond(tx, _id(number), text, chosen, by=who(), now=now))


def _remedy(given: str, lines: tuple[Pieces, ...]) -> Remedy:
    name, _, amount = given.partition(":")
    try:
        kind = RemedyKind(name)
        return Remedy(kind, round(Decimal(amount), 2) if amount else None, lines if kind == RemedyKind.REPLACEMENT else ())
    except (ValueError, InvalidOperation):
        raise Misused(f"{given!r} is no remedy: {', '.join(RemedyKind)}; a refund and a credit with :AMOUNT.") from None


@commands.command("credited")
def give_credit(
    number: Number,
    reference: Annotated[str, typer.Argument(help="The credit's reference, as `case show` gives it.")],
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Say that a credit was given; the customer is told."""
    _do(data, as_json, lambda tx, now: cases.give_credit(tx, _id(number), reference, by=who(), now=now))


@commands.command("close")
def close(
    number: Number,
    outcome: Annotated[Outcome, typer.Argument(help="How it ended.")],
    cause: Annotated[Cause | None, typer.Option(help="What caused it.")] = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """End a case; the customer is told."""
    _do(data, as_json, lambda tx, now: cases.close(tx, _id(number), outcome, cause=cause, by=who(), now=now))


@commands.command("write")
def write(
    number: Number,
    text: Annotated[str, typer.Argument(help="What is to be written.")],
    note: Annotated[bool, typer.Option("--note", help="For staff only; the customer does not get it.")] = False,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Write to the customer, or (--note) for staff."""
    _do(data, as_json, lambda tx, now: cases.say(tx, _id(number), Word(text, who(), Channel.STAFF, note=note), now=now))


@commands.command("return")
def authorise(number: Number, lines: Lines = None, as_json: AsJson = False, data: Data = None) -> None:
    """Let delivered pieces come back; the customer gets the return number and the label."""
    parts = enter(data)
    with parts.engine.begin() as tx:
        made = returns.authorise(tx, _id(number), pieces_of(lines), by=who(), now=parts.clock())
    send_hints(())
    if as_json:
        print_json(return_told(made))
    else:
        say(f"Return {made.number} is authorised until {local_time(made.expires_at)}.")


@commands.command("terms")
def terms(
    shop: Annotated[str, typer.Option(help="The shop's code.")],
    low_score: Annotated[int, typer.Option(help="Scores up to this open a case; 0: none does.", min=0, max=4)] = Terms().low_score,
    remind_days: Annotated[int, typer.Option(help="Days until the reminder to rate; 0: none.", min=0)] = Terms().remind_days,
    change_days: Annotated[int, typer.Option(help="Days for which a rating may be changed.", min=0)] = Terms().change_days,
    return_days: Annotated[int, typer.Option(help="Days after delivery within which goods may come back.", min=0)] = Terms().return_days,
    daily_words: Annotated[int, typer.Option(
        help="How often a customer may write about an order on its page within a day.", min=1, max=10_000,
    )] = Terms().daily_words,
    data: Data = None,
) -> None:
    """Set a shop's terms of returns, ratings and words."""
    with enter(data).engine.begin() as tx:
        case_terms.set_terms(tx, of_code(tx, shop).id, Terms(low_score, remind_days, change_days, return_days, daily_words))
    say(f"The terms of {shop} are set.")


@commands.command("target")
def target(
    acknowledge: Annotated[int, typer.Option(help="Working minutes until a case is taken up.", min=1)],
    resolve: Annotated[int, typer.Option(help="Working minutes until it is answered.", min=1)],
    shop: Annotated[str, typer.Option(help="Only this shop's cases (its code).")] = "",
    order_type: Annotated[str, typer.Option(help="Only cases of orders of this type.")] = ANY,
    kind: Annotated[Kind | None, typer.Option(help="Only cases of this kind.")] = None,
    data: Data = None,
) -> None:
    """Set time targets of cases; the most particular one counts, and open cases keep theirs."""
    if acknowledge > resolve:
        raise Misused("A case is taken up before it is answered: --acknowledge must not be more than --resolve.")
    with enter(data).engine.begin() as tx:
        shop_id = of_code(tx, shop).id if shop else EVERYBODY
        case_terms.set_target(tx, shop_id, order_type, kind or ANY, Target(acknowledge, resolve))
    say("The target is set.")


def _found(tx: Tx, number: str) -> Case:
    found = case_store.of_ids(tx, [_id(number)])
    if not found:
        raise UnknownCase(f"There is no case {number}.")
    return next(iter(found.values()))


def _do(data: Any, as_json: bool, step: Any) -> None:
    parts = enter(data)
    with parts.engine.begin() as tx:
        done: Done = step(tx, parts.clock())
    send_hints(done.hints)
    _tell(done.case, as_json)


def _tell(case: Case, as_json: bool) -> None:
    if as_json:
        print_json(told(case))
        return
    remaining = ", ".join(one for one in case.allowed if one != Step.ACKNOWLEDGE or case.acknowledged_at is None)
    say(f"Case {case.number} is {case.state}." + (f" What may be done now: {remaining}." if remaining else ""))
