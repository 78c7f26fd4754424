"""
Ids in addresses and bodies, and the pages that long lists come in.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Path, Query

from orderpipe.api.problems import Problem, not_found
from orderpipe.domain.orders import UnknownNumber, internal_id, order_id_of

FULFILLMENT_EXAMPLE = "ful_0000000000Z9"
"""The first fulfillment of an installation's first order."""
ORDER_EXAMPLE = "ord_000000000001"

NOWHERE = 0
"""An id that no row has: what stands for an id that is none."""

Row = TypeVar("Row")


def fulfillment_in(text: str) -> int:
    """The fulfillment behind a public id, NOWHERE when it is none."""
    try:
        return internal_id("fulfillment", text)
    except UnknownNumber:
        return NOWHERE


def order_in(text: str) -> int:
    """The order behind a public id or a number, NOWHERE when it is none."""
    try:
        return internal_id("order", text) if text.startswith("ord_") else order_id_of(text)
    except UnknownNumber:
        return NOWHERE


async def _fulfillment(
    fulfillment: Annotated[str, Path(max_length=40, description="The fulfillment's id.", examples=[FULFILLMENT_EXAMPLE])]
) -> int:
    if (found := fulfillment_in(fulfillment)) == NOWHERE:
        raise not_found("fulfillment")
    return found


async def _order(
    order: Annotated[str, Path(max_length=40, description="The order's id or number.", examples=[ORDER_EXAMPLE])]
) -> int:
    if (found := order_in(order)) == NOWHERE:
        raise not_found("order")
    return found


FulfillmentId = Annotated[int, Depends(_fulfillment)]
OrderId = Annotated[int, Depends(_order)]

Cursor = Annotated[str, Query(max_length=200, description="`next_cursor` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=500, description="Entries on a page.")]


class BadCursor(Problem):
    """The cursor is not one that a list gave."""

    def __init__(self) -> None:
        super().__init__(422, "bad-cursor", "Take the cursor from `next_cursor` of the page before, as it stands.")


def row_behind(cursor: str) -> int:
    """The row id behind a cursor, 0 for the first page. Raises BadCursor."""
    if not cursor:
        return 0
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= 18):
        raise BadCursor
    return int(cursor)


def page(rows: Sequence[Row], limit: int, *, show: Callable[[Row], Any], cursor: Callable[[Row], str]) -> dict[str, Any]:
    """The answer of a list that was asked for `limit` rows and one more: whether there is a next page shows by that one."""
    more = len(rows) > limit
    return {"data": [show(row) for row in rows[:limit]], "next_cursor": cursor(rows[limit - 1]) if more else None}
