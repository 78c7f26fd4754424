"""
`orderpipe demo`: everything that `orderpipe up` starts, with two shops, their customers and a day's orders in it.

The demo speaks to servers of its own and to nobody outside: no configured database, broker, mail or SMS provider is touched.
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.live import Live

from orderpipe.local.stack import Stack
from orderpipe.local.supervisor import StopRequested
from orderpipe.settings import Settings
from orderpipe.simulation import summary, view
from orderpipe.simulation.actor import Actor
from orderpipe.simulation.carrier import Carrier
from orderpipe.simulation.customers.everyone import Customers
from orderpipe.simulation.door import Door, Unanswered
from orderpipe.simulation.judge import Judge, Verdict
from orderpipe.simulation.listener import Listener
from orderpipe.simulation.office import Office
from orderpipe.simulation.premises import open_shops, stock_up
from orderpipe.simulation.sample import sample
from orderpipe.simulation.scene import Addresses, Scene
from orderpipe.simulation.shops import Shops
from orderpipe.simulation.warehouse import Warehouse
from orderpipe.simulation.watch import Watcher

STALLED_SECONDS = 75.0
"""When nothing has changed for so long, nothing will; the clock makes good a lost message well before."""

LINE_EVERY_SECONDS = 3.0

PICTURE = "ORDERPIPE_DEMO_SVG"
"""For developers: the environment variable with the path at which the picture of the half-way mark is kept as SVG."""

INTERRUPTED = 130

_OWN = {"ORDERPIPE_WEBHOOK_ALLOW": "127.0.0.1", "ORDERPIPE_DELAYS_SECONDS": "2"}
"""The shop's own system is on this machine, and a day takes a minute here."""

_SHOWN = ("part-now", "one-fewer")
"""Exceptions of which the order's page is worth a look, one in each language."""

_LOG_WIDTH = 160


@dataclass(slots=True)
class Told:
    """How the demo shows itself: the console, and whether as plain lines."""

    console: Console
    plain: bool
    next_line_at: float = 0.0

    def every_few_seconds(self, line: str) -> None:
        """Print a plain line, unless it is too early for another or a live view shows everything anyhow."""
        if self.plain and time.monotonic() >= self.next_line_at:
            self.next_line_at = time.monotonic() + LINE_EVERY_SECONDS
            self.console.print(line, soft_wrap=True)


def run_demo(orders: int = 100, *, exit_when_done: bool = False, data: Path, plain: bool | None = None) -> int:
    """
    Run the demo with so many orders and show it; returns the exit code.

    With `exit_when_done` that is 0 when everything came as written and 1 when not; else the demo runs until Ctrl-C and it is 0.
    Raises CannotStart. `plain` None: plain lines unless the output is a terminal.
    """
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _LOG_WIDTH
    told = Told(console, not console.is_terminal if plain is None else plain)
    with Stack(data, settings=Settings.model_construct(), say=console.print, environment=_OWN) as stack:
        console.print("Starting PostgreSQL, Redis, the workers, the clock, the HTTP door, Flower and the mail catcher …")
        try:
            stack.start()
            return _play(stack, orders, exit_when_done=exit_when_done, told=told)
        except StopRequested:
            return INTERRUPTED if exit_when_done else 0
        except Unanswered as problem:
            console.print(f"The demo cannot go on: {problem}")
            return 1


def _play(stack: Stack, orders: int, *, exit_when_done: bool, told: Told) -> int:
    scene = _set_the_scene(stack, orders)
    watcher = Watcher(scene)
    verdict: Verdict | None = None
    with _acting(scene, watcher):
        _watch(stack, scene, watcher, told)
        if stack.supervisor.asked_to_stop and not _ended(watcher):
            return INTERRUPTED if exit_when_done else 0
        verdict = _conclude(stack, scene, watcher, told)
        if not exit_when_done:
            told.console.print("\nEverything keeps running; Ctrl-C ends it.")
            stack.run_until_stopped()
            return 0
    return 0 if verdict.good else 1


def _set_the_scene(stack: Stack, orders: int) -> Scene:
    environment, places = stack.environment(), stack.addresses()
    addresses = Addresses(environment["ORDERPIPE_PUBLIC_URL"], places["Mail that was sent"], places["SMS that were sent"])
    keys = open_shops(environment["ORDERPIPE_DATABASE_URL"])
    chosen = sample(orders)
    stock_up(addresses.api, keys, chosen)
    return Scene(chosen, keys, addresses)


def _actors(scene: Scene) -> list[Actor]:
    by_shop: Sequence[Callable[[str, Scene], Actor]] = (Warehouse, Carrier, Office)
    return [Listener(scene), Customers(scene), *(actor(shop, scene) for shop in scene.keys for actor in by_shop), Shops(scene)]


@contextmanager
def _acting(scene: Scene, watcher: Watcher) -> Iterator[None]:
    """Let everybody act until the block ends."""
    everybody = [*_actors(scene), watcher]
    for actor in everybody:
        actor.start()
    try:
        yield
    finally:
        for actor in everybody:
            actor.ask_to_stop()
        for actor in everybody:
            actor.wait(5)


def _ended(watcher: Watcher) -> bool:
    return watcher.finished or watcher.picture.quiet_seconds > STALLED_SECONDS


def _watch(stack: Stack, scene: Scene, watcher: Watcher, told: Told) -> None:
    """Show what happens until the sample is through, nothing happens any more, or somebody asks to stop."""
    addresses = _worth_showing(stack)

    def screen() -> view.Screen:
        return view.Screen(watcher.picture, watcher.script, scene.expected, addresses)

    for label, address in addresses.items():
        told.console.print(f"{label}: {address}")
    shown = nullcontext() if told.plain else Live(console=told.console, get_renderable=screen)
    with shown:
        while not stack.supervisor.asked_to_stop and not _ended(watcher):
            stack.supervisor.check()
            told.every_few_seconds(view.line(watcher.picture, watcher.script, scene.expected))
            _keep_picture(watcher, scene.expected, screen)
            time.sleep(0.1)


def _keep_picture(watcher: Watcher, wanted: int, screen: Callable[[], view.Screen]) -> None:
    """For developers: keep the first picture with half of the orders at their end."""
    path = os.environ.get(PICTURE)
    if path and watcher.picture.ended * 2 >= wanted:
        view.save_svg(path, screen())
        del os.environ[PICTURE]


def _conclude(stack: Stack, scene: Scene, watcher: Watcher, told: Told) -> Verdict:
    verdict = Judge(scene).verdict()
    addresses = _worth_showing(stack)
    durations = {}
    for shop, keys in scene.keys.items():
        try:
            durations[shop] = Door(scene.addresses.api, keys.office).get("/v1/status/durations", from_order=scene.first())["data"]
        except Unanswered:
            durations[shop] = []
    summary.print_summary(told.console, verdict, watcher.picture, durations, addresses | _commands(stack, scene))
    return verdict


def _commands(stack: Stack, scene: Scene) -> dict[str, str]:
    """Commands worth trying while everything runs."""
    data = stack.environment()["ORDERPIPE_DATA"]
    where = "" if Path(data) == Settings.model_construct().data.absolute() else f" --data {data}"
    waiting = scene.playing("no-answer")
    number = waiting.number if waiting else "NUMBER"
    pages = {f"What a customer sees ({script})": f"{scene.addresses.api}{page}" for script in _SHOWN if (page := scene.page_of(script))}
    return pages | {"Why an order waits": f"orderpipe why {number}{where}", "Whether the books are right": f"orderpipe check{where}"}


def _worth_showing(stack: Stack) -> dict[str, str]:
    return {label: address for label, address in stack.addresses().items() if address.startswith("http")}
