"""
`orderpipe demo`: a whole shop with customers, warehouse and carrier, from first order to thank-you letter.
"""

from pathlib import Path
from typing import Annotated

import typer

from orderpipe.cli.app import app
from orderpipe.settings import settings


@app.command("demo")
def run(
    orders: Annotated[int, typer.Option(help="How many orders come in.", min=1)] = 100,
    exit_when_done: Annotated[
        bool, typer.Option("--exit-when-done", help="End when all is done; exit code 0 if all went as it should.")
    ] = False,
    plain: Annotated[bool, typer.Option("--plain", help="Plain lines instead of the live view.")] = False,
    data: Annotated[Path | None, typer.Option(help="Folder that keeps everything between runs; .orderpipe by default.")] = None,
) -> None:
    """Run orderpipe with simulated shops, customers, warehouse and carrier, and watch the orders flow."""
    from orderpipe.simulation.demo import run_demo

    raise typer.Exit(run_demo(orders, exit_when_done=exit_when_done, data=data or settings().data, plain=plain or None))
