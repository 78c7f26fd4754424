"""
`orderpipe check`: is everything in the books as it must be? Each rule is one sentence; a broken one names the orders.
"""

from datetime import timedelta
from typing import Annotated, Any

import typer

from orderpipe.cli.app import app
from orderpipe.cli.place import Data, enter
from orderpipe.cli.terminal import AsJson, console, print_json
from orderpipe.domain.orders import number_of
from orderpipe.store.database import Database
from orderpipe.store.invariants import INVARIANTS, STUCK, Violation, check, stuck
from orderpipe.store.rule import Rule

Overdue = Annotated[int, typer.Option(help="Minutes after which a unit that nobody took up counts as forgotten.", min=1)]


@app.command("check")
def run(overdue: Overdue = 10, as_json: AsJson = False, data: Data = None) -> None:
    """Check that the books are right; exit code 1 when a rule is broken."""
    parts = enter(data)
    found: list[tuple[Rule, Violation | None]] = [(rule, _check(parts.engine, rule)) for rule in INVARIANTS]
    with parts.engine.begin() as tx:
        found.append((STUCK, stuck(tx, now=parts.clock(), overdue=timedelta(minutes=overdue))))
    if as_json:
        print_json([_document(rule, violation) for rule, violation in found])
    else:
        for rule, violation in found:
            _print(rule, violation)
    if any(violation for _, violation in found):
        raise typer.Exit(1)


def _check(engine: Database, rule: Rule) -> Violation | None:
    # one transaction each, so that a check never keeps the vacuum from its work for long
    with engine.begin() as tx:
        return check(tx, rule)


def _document(rule: Rule, violation: Violation | None) -> dict[str, Any]:
    offenders = violation.offenders if violation else ()
    return {
        "name": rule.name, "sentence": rule.sentence, "holds": violation is None, "count": violation.count if violation else 0,
        "offenders": [{"order": number_of(one.order_id) if one.order_id else None, "detail": one.detail} for one in offenders],
    }


def _print(rule: Rule, violation: Violation | None) -> None:
    out = console()
    if violation is None:
        out.print(f"[green]ok[/]      {rule.name}: {rule.sentence}")
        return
    out.print(f"[red]broken[/]  {rule.name}: {rule.sentence}")
    for one in violation.offenders:
        order = number_of(one.order_id) if one.order_id else "stock"
        out.print(f"        {order}  {one.detail}", markup=False)
    if violation.count > len(violation.offenders):
        out.print(f"        … and {violation.count - len(violation.offenders)} more")
