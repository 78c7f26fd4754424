"""
What a log says is one line for each record, whatever somebody wrote into an order; a traceback follows it, set in.

So nobody outside can write a line that looks like one of ours, or steer the terminal of whoever reads the log.
"""

import logging
import re
from types import TracebackType
from typing import Any

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_OURS = ("orderpipe", "workers")
_traceback_of = logging.Formatter().formatException


class Record(logging.LogRecord):
    """A record of ours: its sentence on one line, with every character that is not meant to be seen written out."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        if self.exc_info and self.exc_info[0] is not None:
            self.exc_text = _set_in(self.exc_info)

    def getMessage(self) -> str:  # the base class's name
        return _written_out(super().getMessage())


def keep_to_one_line() -> None:
    """From now on, in this process; those of other libraries are left as they are."""
    logging.setLogRecordFactory(_record)


def _record(name: str, *given: Any, **named: Any) -> logging.LogRecord:
    return (Record if name.startswith(_OURS) else logging.LogRecord)(name, *given, **named)


def _set_in(error: tuple[type[BaseException], BaseException, TracebackType | None]) -> str:
    return "\n".join(f"  {_written_out(line)}" for line in _traceback_of(error).split("\n"))


def _written_out(words: str) -> str:
    return _CONTROL.sub(lambda found: ascii(found[0])[1:-1], words)
