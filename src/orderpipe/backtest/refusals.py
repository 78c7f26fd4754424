"""
Why a history cannot be judged: a sentence that says what is wrong, where, and what to do.
"""


class CannotJudge(Exception):
    """The files are not there, are not what they should be, or hold too little."""
