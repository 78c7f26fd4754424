"""
Sharing out stock: never more than there is, oldest first, all or nothing where that was asked for, and nothing lost on the way.
"""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from orderpipe.domain.stock import Demand, Free, Piece, Share, share_out

MORNING = datetime(2026, 11, 3, 8, tzinfo=UTC)
PLACES = {1: (1, 2, 3), 2: (4,)}
SKUS = ("A", "B", "C")


def wants(key: int, *pieces: tuple[str, int], whole: bool = False, waited: int | None = None) -> Demand:
    """A demand of shop 1, waiting since so many minutes after the morning."""
    since = None if waited is None else MORNING + timedelta(minutes=waited)
    return Demand(key, 1, tuple(Piece(number, *piece) for number, piece in enumerate(pieces, 1)), whole, since)


def taken(share: Share) -> dict[int, list[tuple[str, int]]]:
    return {place: [(piece.sku, piece.quantity) for piece in pieces] for place, pieces in share.by_location.items()}


def test_gives_the_last_piece_to_the_oldest_order() -> None:
    shares = share_out([wants(-12, ("A", 1)), wants(-3, ("A", 1))], {(1, 1, "A"): 1})
    assert taken(shares[-3]) == {1: [("A", 1)]}
    assert shares[-12].short == (Piece(1, "A", 1),)


def test_serves_whoever_waits_before_newcomers() -> None:
    shares = share_out([wants(-1, ("A", 2)), wants(-9, ("A", 2), waited=30), wants(-8, ("A", 2), waited=10)], {(1, 1, "A"): 3})
    assert taken(shares[-8]) == {1: [("A", 2)]}
    assert taken(shares[-9]) == {1: [("A", 1)]}
    assert shares[-1].short == (Piece(1, "A", 2),)


def test_takes_from_as_few_places_as_possible() -> None:
    free = {(1, 1, "A"): 9, (1, 2, "A"): 5, (1, 2, "B"): 5, (1, 3, "B"): 9}
    assert taken(share_out([wants(1, ("A", 4), ("B", 4))], free)[1]) == {2: [("A", 4), ("B", 4)]}


def test_gathers_a_line_that_no_place_has_in_full() -> None:
    share = share_out([wants(1, ("A", 6))], {(1, 1, "A"): 2, (1, 2, "A"): 3})[1]
    assert taken(share) == {2: [("A", 3)], 1: [("A", 2)]}
    assert share.short == (Piece(1, "A", 1),)


def test_takes_nothing_for_a_whole_order_that_lacks_anything() -> None:
    free: Free = {(1, 1, "A"): 5}
    share = share_out([wants(1, ("A", 1), ("B", 1), whole=True), wants(2, ("A", 5))], free)
    assert share[1] == Share({}, (Piece(1, "A", 1), Piece(2, "B", 1)))
    assert taken(share[2]) == {1: [("A", 5)]}


def test_knows_two_lines_of_one_article_apart() -> None:
    share = share_out([wants(1, ("A", 2), ("A", 3))], {(1, 1, "A"): 4})[1]
    assert sum(piece.quantity for piece in share.by_location[1]) == 4
    assert sum(piece.quantity for piece in share.short) == 1


pieces = st.lists(st.tuples(st.sampled_from(SKUS), st.integers(1, 6)), min_size=1, max_size=4)
demands = st.lists(
    st.tuples(pieces, st.booleans(), st.one_of(st.none(), st.integers(0, 5)), st.sampled_from((1, 2))), max_size=8
).map(lambda some: [
    Demand(
        -key, shop, tuple(Piece(number, *piece) for number, piece in enumerate(lines, 1)), whole,
        None if waited is None else MORNING + timedelta(minutes=waited),
    )
    for key, (lines, whole, waited, shop) in enumerate(some, 1)
])
stocks = st.fixed_dictionaries({
    (shop, place, sku): st.integers(0, 8) for shop, places in PLACES.items() for place in places for sku in SKUS
})


@given(demands, stocks)
def test_never_gives_what_is_not_there_and_loses_nothing(some: list[Demand], stock: Free) -> None:
    free = dict(stock)
    shares = share_out(some, free)
    assert all(left >= 0 for left in free.values())
    gone = {key: stock[key] - free[key] for key in stock}
    for demand in some:
        share = shares[demand.key]
        for place, got in share.by_location.items():
            for piece in got:
                gone[demand.shop_id, place, piece.sku] -= piece.quantity
        for wanted in demand.pieces:
            given_out = sum(piece.quantity for got in share.by_location.values() for piece in got if piece.number == wanted.number)
            short = sum(piece.quantity for piece in share.short if piece.number == wanted.number)
            assert given_out + short == wanted.quantity
        if demand.whole and share.short:
            assert not share.by_location
    assert not any(gone.values())


@given(demands, stocks)
def test_leaves_nobody_short_of_what_is_still_there(some: list[Demand], stock: Free) -> None:
    free = dict(stock)
    shares = share_out(some, free)
    missing = {(demand.shop_id, piece.sku) for demand in some if not demand.whole for piece in shares[demand.key].short}
    assert not any(left for (shop, _, sku), left in free.items() if (shop, sku) in missing)


@given(demands, stocks)
def test_an_older_demand_gets_the_same_whoever_comes_after_it(some: list[Demand], stock: Free) -> None:
    ranked = sorted(some, key=lambda one: (one.since is None, one.since or MORNING, -one.key))
    for count in range(len(ranked) + 1):
        alone = share_out(ranked[:count], dict(stock))
        assert alone == {one.key: share_out(some, dict(stock))[one.key] for one in ranked[:count]}
