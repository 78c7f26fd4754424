"""
Which order a cancellation means: the latest that has all of it, and no piece is taken twice.
"""

from orderpipe.domain.reductions import Wish
from orderpipe.importing.matching import Shelf
from orderpipe.intake.mapped_orders import Cancellation, Taken
from orderpipe.store.imports import Candidate

A, B = Taken("A", 2, None), Taken("B", 1, None)


def asked(*pieces: Taken) -> Cancellation:
    return Cancellation("C1", "1", pieces)


def test_takes_the_latest_order_that_has_every_piece() -> None:
    choices = [[Candidate(0, 9, 1, 5), Candidate(0, 7, 1, 5)], [Candidate(1, 8, 2, 5), Candidate(1, 7, 2, 5)]]
    assert Shelf().take("C1", asked(A, B), choices) == [Wish("C1", 7, 1, 2), Wish("C1", 7, 2, 1)]


def test_looks_for_each_piece_by_itself_where_no_order_has_all() -> None:
    choices = [[Candidate(0, 9, 1, 5)], [Candidate(1, 8, 2, 5)]]
    assert Shelf().take("C1", asked(A, B), choices) == [Wish("C1", 9, 1, 2), Wish("C1", 8, 2, 1)]


def test_takes_no_piece_twice() -> None:
    shelf, choices = Shelf(), [[Candidate(0, 9, 1, 3), Candidate(0, 7, 1, 2)]]
    assert shelf.take("C1", asked(A), choices) == [Wish("C1", 9, 1, 2)]
    assert shelf.take("C2", asked(A), choices) == [Wish("C2", 7, 1, 2)]
    assert shelf.take("C3", asked(A), choices) == A


def test_what_was_not_found_whole_takes_nothing() -> None:
    shelf, some = Shelf(), [Candidate(0, 9, 1, 2)]
    assert shelf.take("C1", asked(A, B), [some, []]) == B
    assert shelf.take("C2", asked(A), [some]) == [Wish("C2", 9, 1, 2)]
    assert shelf.take("C3", asked(A, A), [[Candidate(0, 5, 1, 3)], [Candidate(1, 5, 1, 3)]]) == A
