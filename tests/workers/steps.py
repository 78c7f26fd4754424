"""
Every task of the workers by its name, run in this process as its worker would run it.
"""

from collections.abc import Mapping

from sqlalchemy import Engine
from sqlalchemy import text as sql

import workers.tasks  # from here on the app knows them
from orderpipe.flow import STEPS, Unit
from workers.celery_app import app

__all__ = ["GIVEN", "TASKS", "run", "workers"]
TASKS = sorted(name for name in app.tasks if not name.startswith("celery."))
ORDERS = "SELECT array_agg(id ORDER BY id) FROM orders"
UNITS = "SELECT array_agg(id ORDER BY id) FROM fulfillment"
GIVEN: Mapping[str, str] = {
    "receive": "SELECT array_agg(id ORDER BY id) FROM intake",
    **{step.name: ORDERS if step.unit == Unit.ORDER else UNITS for step in STEPS[1:]},
    **dict.fromkeys(("query.ask", "query.remind", "query.escalate", "office.remind", "delay.tell", "delay.escalate"), ORDERS),
}
"""The ids that a task is given: all there are, stale ones and those of others among them. The others take none."""


def run(engine: Engine, name: str) -> object:
    """The task; of a job of the clock, the tick of another period. The caller has exchanged `assembly.assemble`."""
    with engine.begin() as tx:
        tx.execute(sql("UPDATE job_clock SET due = '-infinity'"))
        given = [list(tx.execute(sql(GIVEN[name])).scalar_one())] if name in GIVEN else []
    return app.tasks[name].run(*given)
