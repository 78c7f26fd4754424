"""
The command line's root: the commands hang on it, each in a file of its own.
"""

import typer

app = typer.Typer(
    name="orderpipe", no_args_is_help=True, add_completion=True, rich_markup_mode="rich", pretty_exceptions_enable=False,
    help="Order processing from arrival to thank-you letter.",
)
