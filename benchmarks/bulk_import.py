"""
A large import that goes on and on: orders of type `bulk` come in as fast as the side takes them on, with a backlog always waiting.

Run as `python -m benchmarks.bulk_import orderpipe`, or `celery`, or `celery_tuned`, by a side that is measured.
"""

import os
import sys
import time
from itertools import count

from sqlalchemy import text

from benchmarks.contenders import orm_door, tuned_door
from benchmarks.doors import GROUP, OwnDoor
from benchmarks.ground import Side
from orderpipe.local.processes import Place
from orderpipe.settings import settings
from orderpipe.store.database import connect

BACKLOG = 2_000
_WAITING = text("""SELECT count(*) FROM orders
    WHERE next_at IS NOT NULL AND lane = 'bulk' AND state IN ('received', 'validated', 'allocated')""")


def main() -> None:
    """Import until ended."""
    engine = connect(settings().database_url)
    with engine.connect() as tx:
        shop_id = tx.execute(text("SELECT id FROM shop")).scalar_one()
    side = Side(engine, shop_id, Place(settings().data, {}, dict(os.environ)))
    door = {"orderpipe": OwnDoor, "celery": orm_door, "celery_tuned": tuned_door}[sys.argv[1]](side)
    for start in count(step=GROUP):
        door.take(range(start, start + GROUP), "import", "bulk")
        while True:
            with engine.connect() as tx:
                if tx.execute(_WAITING).scalar_one() < BACKLOG:
                    break
            time.sleep(0.1)


if __name__ == "__main__":
    main()
