"""
Merkle trees as RFC 6962 defines them: one hash that stands for a whole list, and that no other list has.

A leaf and a node are hashed with different prefixes, so that no list of nodes can pass for a list of leaves.
"""

from hashlib import sha256

EMPTY = sha256(b"").digest()
"""The root of a tree without leaves."""


def leaf_hash(data: bytes) -> bytes:
    """The hash of one leaf's data, 32 bytes."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of the node over two subtrees, 32 bytes."""
    return sha256(b"\x01" + left + right).digest()


class Tree:
    """
    A tree that grows by one leaf at a time and keeps only the roots of its full subtrees, so that memory stays flat.

    A tree whose leaves are themselves the roots of full subtrees of one size (the last may be smaller) has the root of the whole.
    """

    def __init__(self) -> None:
        self.size = 0
        self._full: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        """Put a leaf's hash at the end."""
        size = self.size
        while size & 1:
            leaf = node_hash(self._full.pop(), leaf)
            size >>= 1
        self._full.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """The root over all leaves so far."""
        if not self._full:
            return EMPTY
        root = self._full[-1]
        for left in reversed(self._full[:-1]):
            root = node_hash(left, root)
        return root
