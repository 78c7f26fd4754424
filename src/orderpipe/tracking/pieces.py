"""
How many pieces of which lines a customer means, as fields of a form: one for each line, empty for none.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from orderpipe.domain.cases import Pieces
from orderpipe.tracking.posted import Posted
from orderpipe.tracking.visits import Visit


@dataclass(frozen=True, slots=True)
class Countable:
    """A line of which the customer may name up to `most` pieces."""

    number: int
    name: str
    most: int

    @property
    def field(self) -> str:
        """The field's name."""
        return f"pieces-{self.number}"


def countable(visit: Visit, most: Mapping[int, int]) -> list[Countable]:
    """These lines (pieces by number), as the order's page calls them."""
    return [Countable(number, visit.scene.view.item_name(number), pieces) for number, pieces in most.items() if pieces > 0]


def read(posted: Posted, lines: list[Countable], problem: str) -> tuple[tuple[Pieces, ...], dict[str, str]]:
    """The pieces named, and by field where what was written is no such number (`problem`, with the most there are)."""
    pieces, problems = [], {}
    for one in lines:
        written = unicodedata.normalize("NFKC", posted.get(one.field, "")).strip()
        if not written or written == "0":
            continue
        if written.isascii() and written.isdigit() and len(written) < 10 and 1 <= int(written) <= one.most:
            pieces.append(Pieces(one.number, int(written)))
        else:
            problems[one.field] = problem.format(most=one.most)
    return tuple(pieces), problems
