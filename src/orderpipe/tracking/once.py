"""
A form that is sent twice does what it does once: each is shown with a mark of its own, which comes back with it.
"""

import secrets

from orderpipe.domain.cases import storable
from orderpipe.tracking.posted import Posted
from orderpipe.tracking.visits import Visit

_LONGEST = 40


def new_form() -> str:
    """The mark of a form that is shown anew."""
    return secrets.token_urlsafe(12)


def key_of(visit: Visit, posted: Posted) -> str:
    """What tells this form of this order from every other, however often it is sent."""
    return storable(f"page:{visit.order_id}:{posted.get('once', '')[:_LONGEST] or new_form()}")
