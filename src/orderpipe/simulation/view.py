"""
The demo as people see it: a picture in the terminal that keeps changing, or a line every few seconds where there is no terminal.
"""

from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from orderpipe.flow import STEPS, WAITS, FulfillmentState, OrderState, Unit, WaitingFor
from orderpipe.simulation.script import Scripted
from orderpipe.simulation.watch import Picture

_BAR = 22
_WIDTH = 110
_GOOD, _OPEN = "green", "yellow"


def live(picture: Picture, script: Sequence[Scripted], wanted: int, addresses: Mapping[str, str]) -> RenderableType:
    """The whole picture; `wanted` orders are in the sample."""
    middle = Table.grid(expand=True, padding=(0, 2))
    middle.add_column(ratio=1)
    middle.add_column(ratio=1)
    middle.add_row(_bars(picture), Group(_waits(picture), Text(), _letters(picture)))
    return Panel(
        Group(middle, Text(), _exceptions(picture, script), Text(), _places(addresses)),
        title=_headline(picture, wanted), title_align="left", border_style="cyan", width=None,
    )


def line(picture: Picture, script: Sequence[Scripted], wanted: int) -> str:
    """The picture as one line."""
    waits = ", ".join(f"{one.count} for {one.waiting_for}" for one in picture.waits) or "nothing"
    parts = ", ".join(f"{count} {state}" for state, count in _in_order(picture.parts, FulfillmentState))
    return (
        f"{_clock(picture.seconds)}  {picture.taken}/{wanted} orders in, {picture.orders.get('completed', 0)} completed; "
        f"parts: {parts or 'none'}; waiting: {waits}; exceptions {len(picture.done)}/{len(script)}"
    )


def save_svg(path: str, rendered: RenderableType) -> None:
    """Keep the picture as an SVG file, for the README."""
    console = Console(record=True, width=_WIDTH, force_terminal=True, color_system="truecolor", quiet=True)
    console.print(rendered)
    console.save_svg(path, title="orderpipe demo")


def _headline(picture: Picture, wanted: int) -> Text:
    done = picture.orders.get("completed", 0)
    return Text.assemble(
        ("orderpipe demo", "bold cyan"), f"  {_clock(picture.seconds)}   {picture.taken} of {wanted} orders in, ",
        (f"{done} completed", f"bold {_GOOD}"), f", {picture.per_second:.1f} a second",
    )


def _bars(picture: Picture) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    table.add_column(justify="right", min_width=10)
    table.add_column(width=_BAR)
    table.add_column(justify="right", min_width=4)
    most = max([*picture.orders.values(), *picture.parts.values(), 1])
    table.add_row(Text("orders", style="bold"))
    for state in _states(Unit.ORDER, (OrderState.COMPLETED, OrderState.CANCELED, OrderState.REJECTED)):
        table.add_row(*_bar(state, picture.orders.get(state, 0), most, ended=state in ("completed", "canceled", "rejected")))
    table.add_row(Text("parts", style="bold"))
    ends = (FulfillmentState.DELIVERED, FulfillmentState.CANCELED, FulfillmentState.RETURNED, FulfillmentState.LOST)
    for state in _states(Unit.FULFILLMENT, ends):
        table.add_row(*_bar(state, picture.parts.get(state, 0), most, ended=state in ends))
    return table


def _states(unit: Unit, ends: Iterable[str]) -> list[str]:
    return [*dict.fromkeys(str(step.takes) for step in STEPS if step.unit == unit), *map(str, ends)]


def _bar(state: str, count: int, most: int, *, ended: bool) -> tuple[Text, Text, Text]:
    length = max(round(count / most * _BAR), 1) if count else 0
    colour = (_GOOD if state in ("completed", "delivered") else "magenta") if ended else "cyan"
    style = "" if count else "dim"
    return Text(state, style=style), Text("█" * length, style=colour), Text(str(count) if count else "·", style=style)


def _waits(picture: Picture) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    table.add_column(justify="right", min_width=4)
    table.add_column(no_wrap=True)
    table.add_column(style="dim")
    table.add_row("", Text("waiting for", style="bold"), Text("whose turn"))
    for one in picture.waits[:6]:
        table.add_row(str(one.count), WAITS[WaitingFor(one.waiting_for)].sentence, one.turn)
    if picture.parked:
        table.add_row(str(picture.parked), Text("stopped by an error", style="bold red"), "office")
    return table


def _letters(picture: Picture) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    table.add_row("", Text(f"letters and messages, {sum(picture.letters.values())} so far", style="bold"))
    for one in picture.said:
        table.add_row(one.at, Text.assemble(one.about.splitlines()[0] if one.about else "", ("  " + one.to, "dim")))
    return table


def _exceptions(picture: Picture, script: Sequence[Scripted]) -> Text:
    text = Text.assemble(("exceptions  ", "bold"))
    for one in script:
        mark, style = ("✓ ", _GOOD) if one.name in picture.done else ("… ", _OPEN)
        text.append(f"{mark}{one.name}".replace(" ", "\u00a0").replace("-", "\u2011"), style=style)
        text.append("  ")
    return text


def _places(addresses: Mapping[str, str]) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    for label, address in addresses.items():
        table.add_row(Text(label, style="dim"), Text(address, style=f"link {address}"))
    return table


def _in_order(counts: Mapping[str, int], states: Iterable[str]) -> list[tuple[str, int]]:
    return [(str(state), counts[state]) for state in states if counts.get(state)]


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60:02}:{int(seconds) % 60:02}"
