"""
Changes to an order as they are typed: `/lines/0/quantity=3`, `MUG-RED=2`.
"""

from collections.abc import Mapping, Sequence

from orderpipe.cli.refusals import Misused


def changes_of(to: Sequence[str], add: Sequence[str], remove: Sequence[int], places: Mapping[int, int]) -> dict[str, object]:
    """The changes by JSON pointer; `places` tells where the line of each number stands. Raises Misused."""
    changes: dict[str, object] = {}
    for one in to:
        pointer, equals, value = one.partition("=")
        if not equals or not pointer.startswith("/"):
            raise Misused(f"{one!r} is no change; write it as /ship_to/city=Leeds.")
        changes[pointer] = value or None
    if add:
        changes["/lines/-"] = [_line(one) for one in add]
    for number in remove:
        if number not in places:
            raise Misused(f"The order has no line {number}; it has {', '.join(map(str, places))}.")
        changes[f"/lines/{places[number]}"] = None
    return changes


def _line(typed: str) -> dict[str, object]:
    sku, equals, pieces = typed.rpartition("=")
    if not equals or not sku:
        raise Misused(f"{typed!r} is no line; write it as MUG-RED=2.")
    return {"sku": sku, "quantity": pieces}
