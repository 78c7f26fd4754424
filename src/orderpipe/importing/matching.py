"""
Which order a cancellation means: one that has all its pieces, the latest such; else, piece by piece, the latest that has it.

Pure, and the same for the same books: cancellations are served in the order of the file.
"""

from collections.abc import Sequence

from orderpipe.domain.reductions import Wish
from orderpipe.intake.mapped_orders import Cancellation, Taken
from orderpipe.store.imports import Candidate

Choices = Sequence[Sequence[Candidate]]
"""For each piece the lines that may be meant, the latest order first."""


class Shelf:
    """What is left of the candidates' lines while cancellations take from them."""

    def __init__(self) -> None:
        self._taken: dict[tuple[int, int], int] = {}

    def take(self, key: str, cancellation: Cancellation, choices: Choices) -> list[Wish] | Taken:
        """The lines that all pieces come from, or the first piece that was not found; then nothing is taken."""
        for order_id in _with_all(choices):
            found = self._try(key, cancellation, [[one for one in some if one.order_id == order_id] for some in choices])
            if isinstance(found, list):
                return found
        return self._try(key, cancellation, choices)

    def _try(self, key: str, cancellation: Cancellation, choices: Choices) -> list[Wish] | Taken:
        before = dict(self._taken)
        wishes: list[Wish] = []
        for piece, some in zip(cancellation.pieces, choices, strict=True):
            line = next((one for one in some if self._left(one) >= piece.quantity), None)
            if line is None:
                self._taken = before
                return piece
            place = (line.order_id, line.number)
            self._taken[place] = self._taken.get(place, 0) + piece.quantity
            wishes.append(Wish(key, line.order_id, line.number, piece.quantity))
        return wishes

    def _left(self, line: Candidate) -> int:
        return line.left - self._taken.get((line.order_id, line.number), 0)


def _with_all(choices: Choices) -> list[int]:
    """The orders that have every piece, the latest first."""
    shared = set.intersection(*({one.order_id for one in some} for some in choices)) if choices else set()
    return list(dict.fromkeys(one.order_id for one in choices[0] if one.order_id in shared)) if shared else []
