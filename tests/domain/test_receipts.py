"""
What deliveries and counts do to the stock.
"""

from hypothesis import given
from hypothesis import strategies as st

from orderpipe.domain.receipts import Count, Level, Posted, Posting, Receipt, post

LEVELS = {("main", "SKU-1"): Level(1, "SKU-1", 10, 4), ("main", "SKU-2"): Level(1, "SKU-2", 0, 0)}


def posted(*postings: Posting) -> list[Posted]:
    return post(postings, LEVELS, {"main"})


def receive(quantity: int, sku: str = "SKU-1", location: str = "main") -> Receipt:
    return Receipt(location, sku, quantity, "DN-1")


def test_adds_up_within_a_request() -> None:
    first, second = posted(receive(5), receive(-3))
    assert (first.change, second.change, second.level) == (5, -3, Level(1, "SKU-1", 12, 4))
    assert (first.posting.kind, second.posting.kind) == ("received", "adjusted")
    assert second.sentence == "12 of SKU-1 at main now."


def test_never_takes_away_what_is_promised() -> None:
    refused = posted(receive(-7))[0]
    assert (refused.code, refused.change) == ("below-allocated", 0)
    assert refused.sentence == "4 of SKU-1 at main are promised to orders; 3 would be too few."
    assert posted(Count("main", "SKU-1", 3, "count"))[0].code == "below-allocated"


def test_a_count_becomes_the_difference() -> None:
    assert [one.change for one in posted(Count("main", "SKU-1", 12, ""), Count("main", "SKU-1", 12, ""))] == [2, 0]


def test_refuses_what_it_does_not_know() -> None:
    assert [one.code for one in posted(receive(1, "SKU-9"), receive(1, location="moon"), receive(2**31))] == [
        "unknown-product", "unknown-location", "too-many",
    ]


postings = st.one_of(
    st.builds(receive, st.integers(-20, 20).filter(bool), st.sampled_from(["SKU-1", "SKU-2"])),
    st.builds(Count, st.just("main"), st.sampled_from(["SKU-1", "SKU-2"]), st.integers(0, 20), st.just("count")),
)


@given(st.lists(postings, max_size=20))
def test_the_changes_lead_from_the_old_level_to_the_new(some: list[Posting]) -> None:
    done = posted(*some)
    for spot, before in LEVELS.items():
        mine = [one for one in done if one.posting.sku == spot[1]]
        after = mine[-1].level if mine else before
        assert after is not None
        assert after.on_hand == before.on_hand + sum(one.change for one in mine) >= before.allocated
