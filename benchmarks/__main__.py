"""
`make bench`: runs the parts named, all of them by default, and prints as its last line one JSON object with every figure.
"""

import argparse
import json
import os
import platform
from collections.abc import Callable

from benchmarks import imports, pipeline

PARTS: dict[str, Callable[[int | None], dict[str, float]]] = {"pipeline": pipeline.measure, "imports": imports.measure}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="make bench ARGS=…", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="what to measure; everything without a name")
    parser.add_argument("--orders", type=int, help="orders per measurement; each part has its own default")
    chosen = parser.parse_args()
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}", flush=True)
    figures: dict[str, float] = {}
    for name in chosen.parts or PARTS:
        figures |= PARTS[name](chosen.orders)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
