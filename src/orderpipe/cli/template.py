"""
`orderpipe template`: what each letter says, shown with sample data, and letters in a shop's own words.
"""

from collections.abc import Sequence
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from orderpipe.channels import samples
from orderpipe.channels.letters import render_mail, render_sms
from orderpipe.channels.proofreading import Mistake, proofread
from orderpipe.channels.wording import LANGUAGES
from orderpipe.cli.app import app
from orderpipe.cli.order import who
from orderpipe.cli.place import Data, enter
from orderpipe.cli.refusals import Misused, Refusal
from orderpipe.cli.shop import of_code
from orderpipe.cli.terminal import AsJson, print_json, print_table, say
from orderpipe.domain.kinds import KINDS, Kind, audience_of
from orderpipe.store import shop_templates, shops
from orderpipe.store.metadata import Tx
from orderpipe.store.shop_templates import OwnWords

commands = typer.Typer(no_args_is_help=True, help="What letters say, and shops' own words.")
app.add_typer(commands, name="template")

Named = Annotated[str, typer.Argument(metavar="KIND", help="The kind of letter, as `orderpipe template list` names it.")]
Language = Annotated[str, typer.Option(help="en or zh.")]
OfShop = Annotated[str, typer.Option("--shop", help="The shop's code.")]


class BadTemplate(Refusal):
    """The template cannot be used; every mistake is named with its line."""

    def __init__(self, name: str, mistakes: Sequence[Mistake]) -> None:
        super().__init__("\n".join((f"{name} was not taken:", *(f"  {one}" for one in mistakes))))


@commands.command("list")
def show_all(as_json: AsJson = False, data: Data = None) -> None:
    """List every kind of letter, what holds for it, and which shops word it themselves."""
    with enter(data).engine.begin() as tx:
        own = shop_templates.all_of(tx)
        codes = {number: shop.code for number, shop in shops.by_ids(tx, {one.shop_id for one in own}).items()}
    theirs = [{"shop": codes[one.shop_id], "kind": one.kind, "language": one.language} for one in own]
    if as_json:
        kinds = [{"kind": name, "to": audience_of(name).value, "optional": kind.optional} for name, kind in KINDS.items()]
        print_json({"kinds": kinds, "own_words": theirs})
        return
    print_table(("kind", "to", ""), ([name, audience_of(name), _held(kind)] for name, kind in KINDS.items()))
    for one in theirs:
        say("{shop} words {kind} in {language} itself".format_map(one))


def _held(kind: Kind) -> str:
    said = ("may be turned off" if kind.optional else "", "goes first" if kind.urgent else "", "waits for others" if kind.bundle else "")
    return ", ".join(one for one in said if one)


@commands.command("preview")
def preview(
    kind: Named,
    language: Language = "en",
    shop: Annotated[str, typer.Option(help="As this shop (its code) would send it, in its own words where it has some.")] = "",
    file: Annotated[Path | None, typer.Option(help="By this template, which need not be kept yet.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write the HTML to this file too.")] = None,
    sms: Annotated[bool, typer.Option("--sms", help="The text message instead.")] = False,
    data: Data = None,
) -> None:
    """Show what a letter looks like, with sample data."""
    _understand(kind, language)
    notice, order = samples.sample(kind, language)
    if shop:
        with enter(data).engine.begin() as tx:
            found = of_code(tx, shop)
            notice = replace(notice, own_words=_own(tx, found.id, kind, language))
        order = replace(order, shop_name=found.name, time_zone=found.time_zone, currency=found.currency)
    if file:
        notice = replace(notice, own_words=_read(file, kind, language))
    if sms:
        say(render_sms(notice, order))
        return
    letter = render_mail(notice, order)
    if html:
        html.write_text(letter.html, "utf-8")
    say(f"Subject: {letter.subject}\n\n{letter.text}")


def _understand(kind: str, language: str) -> None:
    if kind not in KINDS:
        raise Misused(f"There is no letter of the kind {kind!r}; there is {', '.join(KINDS)}.")
    if language not in LANGUAGES:
        raise Misused(f"{language!r} is no language that we write; there is {' and '.join(LANGUAGES)}.")


def _own(tx: Tx, shop_id: int, kind: str, language: str) -> str:
    """The shop's own template, "" where it has none."""
    return next((one.source for one in shop_templates.all_of(tx, shop_id) if (one.kind, one.language) == (kind, language)), "")


def _read(file: Path, kind: str, language: str) -> str:
    """The template in this file. Raises BadTemplate."""
    try:
        source = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Misused(f"{file} cannot be read: {error}") from error
    if mistakes := proofread(source, kind, language):
        raise BadTemplate(str(file), mistakes)
    return source


@commands.command("show")
def show(kind: Named, language: Language = "en", shop: OfShop = "", data: Data = None) -> None:
    """Print a template: the shop's own, else ours, which is a good one to begin with."""
    _understand(kind, language)
    own = ""
    if shop:
        with enter(data).engine.begin() as tx:
            own = _own(tx, of_code(tx, shop).id, kind, language)
    say((own or (files(samples.__package__) / "templates" / language / f"{kind}.jinja").read_text("utf-8")).rstrip("\n"))


@commands.command("set")
def keep(
    kind: Named,
    file: Annotated[Path, typer.Argument(help="The template; `template show KIND` prints one to begin with.")],
    shop: OfShop,
    language: Language = "en",
    data: Data = None,
) -> None:
    """Let a shop's letters of a kind be written by its own template, from ten seconds on; a mistake is named with its line."""
    _understand(kind, language)
    source = _read(file, kind, language)
    parts = enter(data)
    with parts.engine.begin() as tx:
        shop_templates.put(tx, OwnWords(of_code(tx, shop).id, kind, language, source, parts.clock(), who()))
    say(f"Letters {kind} of {shop} in {language} are written by {file.name} now.")


@commands.command("unset")
def remove(kind: Named, shop: OfShop, language: Language = "en", data: Data = None) -> None:
    """Let a shop's letters of a kind be written in our words again."""
    with enter(data).engine.begin() as tx:
        was_there = shop_templates.remove(tx, of_code(tx, shop).id, kind, language)
    say(f"Letters {kind} of {shop} in {language} are written in our words{' again' if was_there else ', as they were'}.")
