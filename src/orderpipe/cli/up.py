"""
`orderpipe up`: everything orderpipe needs on this machine, in one terminal, until Ctrl-C.
"""

from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from orderpipe.cli.app import app
from orderpipe.cli.terminal import console, say
from orderpipe.local.stack import Stack
from orderpipe.local.supervisor import StopRequested
from orderpipe.settings import settings

Port = Annotated[int | None, typer.Option(min=1, max=65_535, help="This port and no other; any free one by default.")]


@app.command("up")
def run(
    data: Annotated[Path | None, typer.Option(help="Folder that keeps everything between runs; .orderpipe by default.")] = None,
    api_port: Port = None,
    flower_port: Port = None,
    postgres_port: Port = None,
    redis_port: Port = None,
    smtp_port: Port = None,
    mail_port: Port = None,
    sms_port: Port = None,
) -> None:
    """Start PostgreSQL, Redis, workers, clock, HTTP API and Flower, and catchers for mail and SMS; Ctrl-C stops them all."""
    wished = {
        "api": api_port, "flower": flower_port, "postgres": postgres_port, "redis": redis_port, "smtp": smtp_port,
        "mail": mail_port, "sms": sms_port,
    }
    ports = {label: port for label, port in wished.items() if port is not None}
    say("orderpipe is starting …")
    with suppress(StopRequested), Stack(data or settings().data, settings=settings(), ports=ports) as stack:
        stack.start()
        _welcome(stack)
        stack.run_until_stopped()
        say("Stopping …")
    say("Stopped.")


def _welcome(stack: Stack) -> None:
    out = console()
    for label, address in stack.addresses().items():
        out.print(f"  {label:<28} {address}", markup=False)
    out.print("orderpipe runs; Ctrl-C stops it. In another terminal here: orderpipe shop add, doctor, why, --help", markup=False)
