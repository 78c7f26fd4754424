"""
Why a file is not imported at all: one sentence that says what is wrong with it, where, and what to do.
"""


class NotImported(Exception):
    """The file, its mapping or a file beside it cannot be used; nothing was taken down."""
