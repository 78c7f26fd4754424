"""
Why the local stack cannot start, as sentences for whoever wanted to start it.

Each reason stands beside what raises it; this is what they have in common.
"""


class CannotStart(Exception):
    """The local stack cannot start; the message says why, and what to do."""
