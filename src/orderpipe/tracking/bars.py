"""
A bar code as a page draws it to be printed: Code 128, which every scanner reads, with the white beside it that a scanner needs.
"""

import re
from dataclasses import dataclass

from barcode.codex import Code128

_WHITE = 10
"""Modules left white on either side, after ISO/IEC 15417."""


@dataclass(frozen=True, slots=True)
class Bars:
    """The bars as the path of an SVG that is `width` modules wide and one high."""

    width: int
    path: str


def bars_of(text: str) -> Bars:
    """The bars that say this text; raises what the library raises for letters beyond ASCII."""
    (modules,) = Code128(text).build()
    drawn = ((_WHITE + run.start(), run.end() - run.start()) for run in re.finditer("1+", modules))
    return Bars(len(modules) + 2 * _WHITE, "".join(f"M{left} 0h{wide}v1h-{wide}z" for left, wide in drawn))
