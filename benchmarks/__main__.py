"""
`make bench`: runs the parts named, all of them by default, and prints as its last line one JSON object with every figure.
"""

import argparse
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context

from benchmarks import Skipped, clocks, growth, hot_sku, imports, latency, lead_times, machine, mail, pipeline, post, reports, validation
from orderpipe.local.leash import die_with

Part = Callable[[int | None], Mapping[str, float]]
"""Measures with so many orders, or with its own number for None, and returns its figures by name. Raises Skipped."""

PARTS: dict[str, Part] = {
    "pipeline": pipeline.measure,
    "latency": latency.measure,
    "post": post.measure,
    "import": imports.measure,
    "hot-sku": hot_sku.measure,
    "mail": mail.measure,
    "growth": growth.measure,
    "validation": validation.measure,
    "lead-times": lead_times.measure,
    "reports": reports.measure,
    "clocks": clocks.measure,
}

QUICK = 400
"""Orders with which every part shows that it works; its figures then say nothing about speed."""


@dataclass
class Measured:
    """What a run found: the figures, and the parts without any, each with its reason."""

    figures: dict[str, float] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)


def measure(parts: Mapping[str, Part], orders: int | None) -> Measured:
    """Measure one part after the other; one that fails or is skipped keeps none of the others from their turn."""
    measured = Measured()
    for name, part in parts.items():
        print(f"== {name}", flush=True)
        begun = time.perf_counter()
        try:
            measured.figures |= _in_a_process_of_its_own(part, orders)
        except Skipped as reason:
            measured.skipped[name] = str(reason)
        except Exception as error:
            traceback.print_exc()
            measured.failed[name] = f"{type(error).__name__}: {error}"
        print(f"   {name} took {time.perf_counter() - begun:.0f} s", flush=True)
    return measured


def _in_a_process_of_its_own(part: Part, orders: int | None) -> Mapping[str, float]:
    """So that every part begins with fresh settings and connections, one that dies takes only itself along, and none outlives the run."""
    process = ProcessPoolExecutor(
        1, mp_context=get_context("spawn"), max_tasks_per_child=1, initializer=die_with, initargs=(os.getpid(), signal.SIGINT)
    )
    with process:
        return process.submit(part, orders).result()


def main(arguments: Sequence[str] | None = None, parts: Mapping[str, Part] = PARTS) -> int:
    """Measure and print; returns the exit code, 1 when a part failed."""
    parser = argparse.ArgumentParser(prog="make bench ARGS=…", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"what to measure, everything without a name: {', '.join(parts)}")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--orders", type=int, help="orders per measurement; each part has its own default")
    size.add_argument("--quick", action="store_const", const=QUICK, dest="orders", help="few orders: only whether everything works")
    chosen = parser.parse_args(arguments)
    if unknown := [name for name in chosen.parts if name not in parts]:
        parser.error(f"there is no part {', '.join(unknown)}; there is {', '.join(parts)}")
    where = machine.describe()
    print("\n".join(f"{name}: {value}" for name, value in where.items()), flush=True)
    measured = measure({name: parts[name] for name in chosen.parts or parts}, chosen.orders)
    for word, some in (("FAILED", measured.failed), ("skipped", measured.skipped)):
        for name, reason in some.items():
            print(f"{word} {name}: {reason}")
    print(json.dumps(measured.figures | {"machine": where, "failed": [*measured.failed], "skipped": [*measured.skipped]}))
    return 1 if measured.failed else 0


if __name__ == "__main__":
    sys.exit(main())
