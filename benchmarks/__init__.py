"""
How fast orderpipe is, measured on this machine in one run against what it is compared with.
"""


class Skipped(Exception):
    """A part cannot be measured here; the message says what it lacks. The others go on."""
