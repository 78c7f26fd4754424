"""
Merkle trees: as RFC 6962 defines them, told against its own definition and the vectors of Certificate Transparency.
"""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderpipe.domain.merkle import EMPTY, Tree, leaf_hash, node_hash

LEAVES = [bytes.fromhex(one) for one in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
)]
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def by_the_book(data: list[bytes]) -> bytes:
    """MTH of RFC 6962, 2.1, word for word."""
    if not data:
        return sha256(b"").digest()
    if len(data) == 1:
        return sha256(b"\x00" + data[0]).digest()
    k = 1
    while k * 2 < len(data):
        k *= 2
    return sha256(b"\x01" + by_the_book(data[:k]) + by_the_book(data[k:])).digest()


def root(leaves: list[bytes]) -> bytes:
    tree = Tree()
    for one in leaves:
        tree.add(one)
    return tree.root()


@pytest.mark.parametrize("size", range(9))
def test_has_the_roots_that_certificate_transparency_has(size: int) -> None:
    assert root([leaf_hash(one) for one in LEAVES[:size]]).hex() == ROOTS[size] == by_the_book(LEAVES[:size]).hex()


@given(st.lists(st.binary(max_size=40), max_size=80))
def test_has_the_root_of_the_definition(data: list[bytes]) -> None:
    assert root([leaf_hash(one) for one in data]) == by_the_book(data)


@given(st.lists(st.binary(max_size=4), max_size=80), st.sampled_from([1, 2, 4, 16]))
def test_is_the_same_over_parts_of_one_size(data: list[bytes], size: int) -> None:
    leaves = [leaf_hash(one) for one in data]
    assert root([root(leaves[start : start + size]) for start in range(0, len(leaves), size)]) == by_the_book(data)


@given(st.lists(st.binary(max_size=4), min_size=1, max_size=40), st.data())
def test_changes_with_every_leaf(data: list[bytes], draw: st.DataObject) -> None:
    place = draw.draw(st.integers(0, len(data) - 1))
    leaves = [leaf_hash(one) for one in data]
    whole = root(leaves)
    assert root([*leaves[:place], *leaves[place + 1 :]]) != whole
    assert root([*leaves[:place], leaf_hash(data[place] + b"!"), *leaves[place + 1 :]]) != whole
    assert root([*leaves[:place], leaf_hash(b"new"), *leaves[place:]]) != whole


def test_does_not_take_a_node_for_a_leaf() -> None:
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert leaf_hash(left + right) != node_hash(left, right)
    assert Tree().root() == EMPTY
