"""
`orderpipe flow`: the map as a Mermaid diagram, drawn from the code that the stages run by.
"""

from pathlib import Path
from typing import Annotated

import typer

from orderpipe.cli.app import app
from orderpipe.cli.refusals import Misused
from orderpipe.cli.terminal import AsJson, print_json, say
from orderpipe.domain import diagram


@app.command("flow")
def run(
    write: Annotated[Path | None, typer.Option(help="Put the diagram into this file, between its markers.")] = None,
    as_json: AsJson = False,
) -> None:
    """Draw the flow: orders and fulfillments, the stages between their states, what may be waited for, and the ends."""
    if write is not None:
        _write(write)
    elif as_json:
        print_json(diagram.document())
    else:
        say(diagram.mermaid())


def _write(file: Path) -> None:
    try:
        before = file.read_text(encoding="utf-8")
        file.write_text(diagram.put_into(before), encoding="utf-8")
    except OSError as error:
        raise Misused(f"{file} cannot be written: {error.strerror}.") from error
    say(f"The flow stands in {file}.")
