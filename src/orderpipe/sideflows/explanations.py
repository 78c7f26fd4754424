"""
Explanations: the facts behind `why`, with what the office may decide, for the command line and the API alike.
"""

from dataclasses import replace

from orderpipe.domain.explain import Facts
from orderpipe.sideflows import office
from orderpipe.store import office_work, standing
from orderpipe.store.metadata import Tx


def facts_of(tx: Tx, order_id: int) -> Facts:
    """Everything that explains where the order stands. Raises UnknownOrder."""
    facts = standing.facts_of(tx, order_id)
    if not any(one.waiting_for == "office" for one in (facts.order, *facts.parts)):
        return facts
    fitting = office.allowed(office_work.failed_of(tx, order_id), facts.order.state)
    return replace(facts, decisions=tuple(fitting))
