"""
Parts of orders taken back: never more than there is, never what is packed, and the least work is undone.
"""

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from orderpipe.domain.reductions import Cut, Ordered, PartLine, Plan, Wish, emptied, plan, used_up
from orderpipe.flow import CANCELABLE, FulfillmentState, OrderState

Books = tuple[dict[int, Ordered], list[PartLine], list[Wish]]
PLANNED, RELEASED, PICKED = FulfillmentState.PLANNED, FulfillmentState.RELEASED, FulfillmentState.PICKED
STATES = st.sampled_from([one for one in FulfillmentState if one != FulfillmentState.CANCELED])


@st.composite
def parts(draw: st.DrawFn) -> list[PartLine]:
    """Fulfillments of two orders with two lines, handled as far as their states say."""
    made: list[PartLine] = []
    for place in range(draw(st.integers(0, 5))):
        order_id, state, quantity = draw(st.integers(1, 2)), draw(STATES), draw(st.integers(0, 9))
        picked = {PLANNED: 0, RELEASED: draw(st.integers(0, quantity))}.get(state, quantity)
        packed = {PLANNED: 0, RELEASED: 0, PICKED: draw(st.integers(0, picked))}.get(state, quantity)
        reserved = state != PLANNED or draw(st.booleans())
        number = draw(st.integers(1, 2))
        made.append(PartLine(order_id, order_id * 1000 + place, state, reserved, 1, number, f"SKU-{number}", quantity, picked, 0, packed))
    return made


@st.composite
def books(draw: st.DrawFn) -> Books:
    lines = draw(parts())
    planned: dict[tuple[int, int], int] = defaultdict(int)
    for line in lines:
        planned[line.order_id, line.number] += line.quantity
    orders = {one: Ordered(one, OrderState.PROMISED, {number: planned[one, number] for number in (1, 2)}) for one in (1, 2)}
    wish = st.builds(Wish, st.sampled_from("abc"), st.integers(1, 3), st.integers(1, 3), st.integers(1, 6))
    return orders, lines, draw(st.lists(wish, max_size=6))


@given(books())
def test_takes_as_much_as_was_granted_and_nothing_that_is_packed(found: Books) -> None:
    orders, lines, wishes = found
    made = plan(wishes, orders, lines)
    for cut in made.cuts.values():
        assert cut.line.state in CANCELABLE
        assert 0 <= cut.put_back <= cut.line.picked - cut.line.packed
        assert 0 < cut.quantity <= cut.line.quantity - cut.line.packed
        # what is left is still as far as its state says
        assert cut.line.picked - cut.put_back <= cut.line.quantity - cut.quantity
    granted: dict[tuple[int, int], int] = defaultdict(int)
    for wish in made.granted:
        granted[wish.order_id, wish.number] += wish.quantity
    taken: dict[tuple[int, int], int] = defaultdict(int)
    for cut in made.cuts.values():
        taken[cut.line.order_id, cut.line.number] += cut.quantity
    assert granted == taken


@given(books())
def test_a_cancellation_is_granted_whole_or_refused_with_a_reason(found: Books) -> None:
    orders, lines, wishes = found
    made = plan(wishes, orders, lines)
    keys = {wish.key for wish in made.granted}
    assert keys.isdisjoint(made.refused)
    assert keys | made.refused.keys() == {wish.key for wish in wishes}
    assert sorted(map(repr, made.granted)) == sorted(repr(wish) for wish in wishes if wish.key in keys)
    assert all(reason.endswith(".") for reason in made.refused.values())


def test_undoes_the_least_work() -> None:
    lines = [
        PartLine(1, 1001, FulfillmentState.PICKED, True, 1, 1, "A", 2, 2, 0, 0),
        PartLine(1, 1002, FulfillmentState.RELEASED, True, 1, 1, "A", 3, 1, 0, 0),
        PartLine(1, 1003, FulfillmentState.PLANNED, True, 1, 1, "A", 1, 0, 0, 0),
        PartLine(1, 1004, FulfillmentState.PLANNED, False, 1, 1, "A", 1, 0, 0, 0),
    ]
    order = {1: Ordered(1, OrderState.PROMISED, {1: 7})}
    for quantity, expected in ((1, {1004: 1}), (2, {1004: 1, 1003: 1}), (4, {1004: 1, 1003: 1, 1002: 2}), (5, {1004: 1, 1003: 1, 1002: 3})):
        made = plan([Wish("C", 1, 1, quantity)], order, lines)
        assert {unit: cut.quantity for (unit, _), cut in made.cuts.items()} == expected
    assert made.cuts[1002, 1].put_back == 1


def test_knows_of_what_nothing_is_left() -> None:
    lines = [PartLine(1, 1001, FulfillmentState.RELEASED, True, 1, number, "A", 2, 0, 0, 0) for number in (1, 2)]
    cuts = {(1001, 1): Cut(lines[0], 2, 0)}
    assert emptied(lines, cuts) == []
    assert emptied(lines, cuts | {(1001, 2): Cut(lines[1], 2, 0)}) == [1001]
    orders = [Ordered(1, OrderState.PROMISED, {1: 2, 2: 0})]
    assert used_up(orders, [Wish("C", 1, 1, 1)]) == []
    assert used_up(orders, [Wish("C", 1, 1, 2)]) == [1]
    assert Plan().refused == {}
