"""
The frames of an order's pages: whose shop it is and the way back, and a form that says beside each field what is wrong with it.
"""

from typing import Any

from starlette.responses import Response

from orderpipe.tracking.once import new_form
from orderpipe.tracking.pages import note, page
from orderpipe.tracking.posted import Posted
from orderpipe.tracking.replies import Problems
from orderpipe.tracking.visits import Visit


def order_page(visit: Visit, template: str, heading: str, *, status: int = 200, **scene: Any) -> Response:
    """A page of this order; in its heading {number} stands for the order's."""
    view = visit.scene.view
    return page(
        template, visit.language, status=status, heading=heading.format(number=view.number), shop_name=view.shop_name, visit=visit, **scene
    )


def order_form(visit: Visit, name: str, filled: Posted, problems: Problems | None = None, *, status: int = 422, **scene: Any) -> Response:
    """The form of this name, with what was written in it and, by field, what is wrong with that (and then `status`)."""
    return order_page(
        visit, f"{name}.html", visit.scene.words[name]["heading"], status=status if problems else 200, said=visit.scene.words[name],
        filled=filled, problems=problems or {}, once=filled.get("once") or new_form(), **scene,
    )


def order_note(visit: Visit, kind: str, *, status: int = 200, **facts: str) -> Response:
    """A page that says one thing about this order."""
    view = visit.scene.view
    return note(kind, visit.language, status=status, shop_name=view.shop_name, number=view.number, back=visit.path, **facts)
