"""
A running orderpipe for a measurement: private, durable servers on free ports, and those of the product's processes that it needs.
"""

import os
import signal
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from orderpipe.local.child import Program
from orderpipe.local.processes import Place, product
from orderpipe.local.stack import Stack
from orderpipe.local.supervisor import ASKED_BY
from orderpipe.settings import Settings, settings
from orderpipe.store.database import Database, connect

Programs = Callable[[Place], Sequence[Program]]


def workers(place: Place) -> list[Program]:
    """Every worker and the clock, as `orderpipe up` starts them, without what people and shops look at."""
    return [program for program in product(place) if program.name not in ("api", "flower")]


@contextmanager
def running_stack(programs: Programs = workers) -> Iterator[Database]:
    """The servers and these programs, with letters rendered into a sink; this process belongs to it too. All ends with the block."""
    with tempfile.TemporaryDirectory(prefix="orderpipe-bench-", ignore_cleanup_errors=True) as folder:
        chosen = Settings(smtp_url="null:", sms_url="null:")
        with Stack(Path(folder), settings=chosen, say=lambda line: print(line, flush=True), programs=programs) as stack:
            stack.start()
            for number in ASKED_BY:  # nobody here looks whether the stack was asked to stop
                signal.signal(number, signal.default_int_handler)
            os.environ.update(stack.environment())
            settings.cache_clear()
            from orderpipe import broker  # only now: it reads the settings when it is loaded

            broker.app.conf.update(broker_url=settings().broker_url)
            engine = connect(settings().database_url)
            yield engine
            engine.dispose()
