"""
`orderpipe version`: which orderpipe this is.
"""

import importlib.metadata

from orderpipe.cli.app import app
from orderpipe.cli.terminal import AsJson, print_json, say


def installed() -> str:
    """The version of the installed package."""
    return importlib.metadata.version("orderpipe")


@app.command("version")
def run(as_json: AsJson = False) -> None:
    """Say which version this is."""
    if as_json:
        print_json({"orderpipe": installed()})
    else:
        say(f"orderpipe {installed()}")
