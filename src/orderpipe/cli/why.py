"""
`orderpipe why ORDER`: what it waits for, since when, whose turn it is, what happens next by itself, and what may be done now.
"""

from typing import Annotated

import typer

from orderpipe.cli.app import app
from orderpipe.cli.place import Data, enter
from orderpipe.cli.terminal import AsJson, local_time, print_json, say
from orderpipe.domain.explain import explain, sentences
from orderpipe.sideflows.explanations import facts_of
from orderpipe.store import standing

Called = Annotated[str, typer.Argument(metavar="ORDER", help="The order's number, its id (ord_…), or SHOP:REFERENCE.")]


@app.command("why")
def run(called: Called, as_json: AsJson = False, data: Data = None) -> None:
    """Explain why an order stands where it stands."""
    parts = enter(data)
    with parts.engine.begin() as tx:
        document = explain(facts_of(tx, standing.find(tx, called)), now=parts.clock())
    if as_json:
        print_json(document)
        return
    for line in sentences(document, local_time):
        say(line)
