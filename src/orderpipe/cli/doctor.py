"""
`orderpipe doctor`: what is configured, what answers, who works, and what stands still; with what to do about it.
"""

from typing import Any

import typer

from orderpipe.cli.app import app
from orderpipe.cli.place import Data, enter, find
from orderpipe.cli.terminal import AsJson, console, print_json


@app.command("doctor")
def run(as_json: AsJson = False, data: Data = None) -> None:
    """Examine the installation; exit code 1 when something is wrong."""
    find(data)
    from orderpipe.cli.examination import Sign, examine  # it needs the broker, which is set up by what was found

    signs: list[Sign] = []
    for sign in examine(enter(data)):
        signs.append(sign)
        if not as_json:
            _print(sign)
    if as_json:
        print_json(signs)
    elif all(sign.well for sign in signs):
        console().print("[green]All is well.[/]")
    if not all(sign.well for sign in signs):
        raise typer.Exit(1)


def _print(sign: Any) -> None:
    out = console()
    out.print("[green]ok[/]    " if sign.well else "[red]wrong[/] ", end="")
    out.print(f"{sign.name}: {sign.said}", markup=False)
    if sign.remedy:
        out.print(f"      → {sign.remedy}", markup=False)
