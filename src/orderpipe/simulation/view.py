"""
The demo as people see it: a picture in the terminal that keeps changing, or a line every few seconds where there is no terminal.
"""

import html
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from orderpipe.flow import STEPS, WAITS, FulfillmentState, Unit, WaitingFor
from orderpipe.simulation.script import Scripted
from orderpipe.simulation.watch import Picture

_BAR = 18
_TALL = 32
"""Lines from which a terminal has room for the addresses, too."""

_FEW, _MANY = 5, 12
"""Lines for the exceptions in a low and in a tall terminal."""

_PICTURE_SIZE = (110, 40)
_FETCHED = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
"""Fonts that a picture would fetch from elsewhere; the reader's own will do."""
_TEXT = re.compile(r'(<text [^>]*?)textLength="([0-9.]+)"([^>]*>)([^<]+)</text>')
_GOOD, _OPEN = "green", "yellow"


class Screen:
    """The whole picture; `wanted` orders are in the sample."""

    def __init__(self, picture: Picture, script: Sequence[Scripted], wanted: int, addresses: Mapping[str, str]) -> None:
        self._picture, self._script, self._wanted, self._addresses = picture, script, wanted, addresses

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Drawn for the terminal's size: a low one shows no empty lines and no addresses."""
        picture, tall = self._picture, console.height >= _TALL
        middle = Table.grid(expand=True, padding=(0, 2))
        middle.add_column(min_width=36)
        middle.add_column(ratio=1)
        middle.add_row(_bars(picture, all_ends=tall), Group(_waits(picture), Text(), _letters(picture)))
        parts: list[RenderableType] = [middle, *_exceptions(picture, self._script, options.max_width - 4, most=_MANY if tall else _FEW)]
        if tall:
            parts = [middle, Text(), *parts[1:], Text(), _places(self._addresses)]
        yield Panel(Group(*parts), title=_headline(picture, self._wanted), title_align="left", border_style="cyan")


def line(picture: Picture, script: Sequence[Scripted], wanted: int) -> str:
    """The picture as one line."""
    waits = ", ".join(f"{one.count} for {one.waiting_for}" for one in picture.waits) or "nothing"
    parts = ", ".join(f"{count} {state}" for state, count in _in_order(picture.parts, FulfillmentState))
    return (
        f"{_clock(picture.seconds)}  {picture.taken}/{wanted} orders in, {picture.orders.get('completed', 0)} completed; "
        f"parts: {parts or 'none'}; waiting: {waits}; exceptions {len(picture.done)}/{len(script)}"
    )


def save_svg(path: str, rendered: RenderableType) -> None:
    """Keep the picture as an SVG file, for the README; it needs nothing from elsewhere."""
    width, height = _PICTURE_SIZE
    with open(os.devnull, "w") as nowhere:
        console = Console(record=True, width=width, height=height, force_terminal=True, color_system="truecolor", file=nowhere)
        console.print(rendered)
    picture = _FETCHED.sub("", console.export_svg(title="orderpipe demo"))
    Path(path).write_text(_TEXT.sub(_as_wide_as_it_is, picture))


def _as_wide_as_it_is(text: re.Match[str]) -> str:
    """Rich gives every character the width of one cell, Chinese ones too, which take two."""
    before, length, between, content = text.groups()
    said = html.unescape(content)
    wide = float(length) * cell_len(said) / len(said)
    return f'{before}textLength="{wide:.1f}"{between}{content}</text>'


def _headline(picture: Picture, wanted: int) -> Text:
    done = picture.orders.get("completed", 0)
    return Text.assemble(
        ("orderpipe demo", "bold cyan"), f"  {_clock(picture.seconds)}   {picture.taken} of {wanted} orders in, ",
        (f"{done} completed", f"bold {_GOOD}"), f", {picture.per_second:.1f} a second",
    )


def _bars(picture: Picture, *, all_ends: bool) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    table.add_column(justify="right", min_width=10)
    table.add_column(width=_BAR)
    table.add_column(justify="right", min_width=4)
    most = max([*picture.orders.values(), *picture.parts.values(), 1])
    for title, unit, counts, ends in (("orders", Unit.ORDER, picture.orders, _ORDER), ("parts", Unit.FULFILLMENT, picture.parts, _PART)):
        table.add_row(Text(title, style="bold"))
        for state in dict.fromkeys(str(step.takes) for step in STEPS if step.unit == unit):
            table.add_row(*_bar(state, counts.get(state, 0), most, ended=False))
        for state in ends:
            if all_ends or counts.get(state):
                table.add_row(*_bar(state, counts.get(state, 0), most, ended=True))
    return table


_ORDER = ("completed", "canceled", "rejected")
_PART = ("delivered", "canceled", "returned", "lost")


def _bar(state: str, count: int, most: int, *, ended: bool) -> tuple[Text, Text, Text]:
    length = max(round(count / most * _BAR), 1) if count else 0
    colour = (_GOOD if state in ("completed", "delivered") else "magenta") if ended else "cyan"
    style = "" if count else "dim"
    return Text(state, style=style), Text("█" * length, style=colour), Text(str(count) if count else "·", style=style)


def _waits(picture: Picture) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    table.expand = True
    table.add_column(justify="right", width=8)
    table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    table.add_column(style="dim", width=10)
    table.add_row("", Text("waiting for", style="bold"), Text("whose turn"))
    for one in picture.waits[:6]:
        table.add_row(str(one.count), WAITS[WaitingFor(one.waiting_for)].sentence, one.turn)
    if picture.parked:
        table.add_row(str(picture.parked), Text("stopped by an error", style="bold red"), "office")
    return table


def _letters(picture: Picture) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    table.add_column(style="dim", no_wrap=True, min_width=8)
    table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    table.add_row("", Text(f"letters and messages, {sum(picture.letters.values())} so far", style="bold"))
    for one in picture.said:
        table.add_row(one.at, Text.assemble(one.about.splitlines()[0] if one.about else "", ("  " + one.to.partition("@")[0], "dim")))
    return table


def _exceptions(picture: Picture, script: Sequence[Scripted], width: int, *, most: int) -> list[Text]:
    """
    The exceptions by name, ticked off as they come to their ends, on at most so many lines.

    Where they do not fit those that are done are only counted, and of the others as many named as there is room for.
    """
    named = [(one.name in picture.done, one.name) for one in script]
    lines = _on_lines(named, width)
    still_open = [one for one in named if not one[0]]
    shown = len(still_open)
    while len(lines) > most and shown:
        rest = [(False, f"and {len(still_open) - shown} more")] if shown < len(still_open) else []
        lines = _on_lines([(True, f"{len(picture.done)} done"), *still_open[:shown], *rest], width)
        shown -= 1
    return lines


def _on_lines(named: Iterable[tuple[bool, str]], width: int) -> list[Text]:
    lines = [Text("exceptions", style="bold")]
    for done, name in named:
        mark, style = ("✓ ", _GOOD) if done else ("… ", _OPEN)
        if len(lines[-1]) + len(name) + 4 > width:
            lines.append(Text(" " * len("exceptions")))
        lines[-1].append(f"  {mark}{name}", style=f"not bold {style}")
    return lines


def _places(addresses: Mapping[str, str]) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    for label, address in addresses.items():
        table.add_row(Text(label, style="dim"), Text(address, style=f"link {address}"))
    return table


def _in_order(counts: Mapping[str, int], states: Iterable[str]) -> list[tuple[str, int]]:
    return [(str(state), counts[state]) for state in states if counts.get(state)]


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60:02}:{int(seconds) % 60:02}"
