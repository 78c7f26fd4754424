"""
The command line: what an operator asks and does. One file per command; errors are a sentence on stderr.

Exit codes: 0 done, 1 refused or something is wrong, 2 not understood.
"""

import sys

import typer

from orderpipe.cli import (
    answer,
    audit,
    backtest,
    case,
    check,
    config,
    customer,
    delay,
    demo,
    doctor,
    flagged,
    flow,
    imports,
    mail,
    mail_care,
    mail_in,
    migrate,
    order,
    query,
    report,
    report_letter,
    retention,
    returned,
    rule,
    shop,
    shop_letters,
    stock,
    target,
    template,
    up,
    version,
    webhook,
    why,
)
from orderpipe.cli.app import app
from orderpipe.cli.errors import sentence_for

__all__ = [
    "answer", "app", "audit", "backtest", "case", "check", "config", "customer", "delay", "demo", "doctor", "flagged", "flow", "imports",
    "mail", "mail_care", "mail_in", "main", "migrate", "order", "query", "report", "report_letter", "retention", "returned", "rule", "shop",
    "shop_letters", "stock", "target", "template", "up", "version", "webhook", "why",
]


def main() -> None:
    """Run the command that the arguments name, and exit with its code."""
    try:
        app()
    except Exception as error:
        found = sentence_for(error)
        if found is None:
            raise
        sentence, exit_code = found
        typer.echo(sentence, err=True)
        sys.exit(exit_code)
