"""
Explanations: the facts behind `why`, with what the office may decide, for the command line and the API alike.
"""

from dataclasses import replace

from orderpipe.domain.cases import case_number
from orderpipe.domain.explain import Beside, Facts
from orderpipe.domain.orders import number_of
from orderpipe.sideflows import office, queries
from orderpipe.store import cases, office_work, replacements, standing
from orderpipe.store.metadata import Tx


def facts_of(tx: Tx, order_id: int) -> Facts:
    """Everything that explains where the order stands. Raises UnknownOrder."""
    facts = replace(standing.facts_of(tx, order_id), cases=_beside(tx, order_id))
    if not any(one.waiting_for == "office" for one in (facts.order, *facts.parts)):
        return facts
    replied = queries.reply_lies_with_office(tx, order_id)
    fitting = office.allowed(office_work.failed_of(tx, order_id), facts.order.state, replied=replied)
    return replace(facts, decisions=tuple(fitting))


def _beside(tx: Tx, order_id: int) -> tuple[Beside, ...]:
    """The cases about the order, and the one because of which it replaces another."""
    links = replacements.links_of(tx, [order_id])
    about = [
        Beside(one.number, one.kind, one.state, tuple(number_of(new) for new, _, case_id in links if case_id == one.id))
        for one in cases.of_orders(tx, [order_id])
    ]
    back = [Beside(case_number(case_id), "", "", replaces=number_of(old)) for new, old, case_id in links if new == order_id]
    return (*about, *back)
