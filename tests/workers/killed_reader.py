"""
Reads the mailbox as the clock's jobs do, and dies by kill -9 at the step that is named; for `tests/workers/test_letterbox.py`.
"""

import os
import sys
from collections.abc import Callable, Mapping
from signal import SIGKILL
from typing import Any

from orderpipe import assembly
from orderpipe.channels.mailbox import Mailbox
from orderpipe.settings import settings
from orderpipe.sideflows import fallbacks, incoming
from orderpipe.store import mail_in
from workers import letterbox
from workers.run import Run

STEPS: Mapping[str, tuple[Any, str, bool]] = {
    "before it is kept": (mail_in, "keep", False),
    "before that is committed": (mail_in, "keep", True),
    "before it is marked as read": (Mailbox, "mark_read", False),
    "after it is marked as read": (Mailbox, "mark_read", True),
    "before it is understood": (incoming, "take", False),
    "before that it was taken is committed": (incoming, "take", True),
    "before the other way is committed": (fallbacks, "fall_back", True),
}
"""Where the process dies: before or after (True) this function does its work."""


def _dies(real: Callable[..., Any], *, after: bool) -> Callable[..., Any]:
    def last(*given: Any, **named: Any) -> None:
        if after:
            real(*given, **named)
        os.kill(os.getpid(), SIGKILL)

    return last


if __name__ == "__main__":
    place, name, afterwards = STEPS[sys.argv[1]]
    setattr(place, name, _dies(getattr(place, name), after=afterwards))
    parts = assembly.assemble(settings())
    run = Run(parts.engine, parts.clock)
    letterbox.bring(run, settings().imap_url)
    letterbox.read(run, office="office@orderpipe.example")
