"""
Why a command did not do what was asked: one sentence on stderr, and an exit code that a script can go by.
"""


class Refusal(Exception):
    """A command's answer when it cannot do what was asked; the text is the sentence for people."""

    exit_code = 1


class Misused(Refusal):
    """The command was given something it cannot make sense of."""

    exit_code = 2
