"""
The HTTP door: the app that shops, warehouses and carriers talk to.

Each router is one file; here they are only hung in, behind the guard and with the parts they work with.
"""

import gc
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import APIRouter, FastAPI

from orderpipe.api import (
    alarms,
    amendments,
    carrier,
    cases,
    credits,
    customers,
    delays,
    health,
    intakes_out,
    mails_in,
    order_steps,
    orders_bulk,
    orders_in,
    orders_out,
    payments,
    products,
    reports,
    returns,
    status,
    stock,
    stray_mail,
    warehouse,
    webhook_deliveries,
    webhook_endpoints,
    work_list,
)
from orderpipe.api.auth import Keys
from orderpipe.api.batches import BATCHED
from orderpipe.api.failures import answer_with_problems
from orderpipe.api.fast_lane import FastLane
from orderpipe.api.group_commit import GroupCommit
from orderpipe.api.guard import Guard
from orderpipe.api.openapi import ProblemDocument, document_fully
from orderpipe.api.orders_bulk import BulkResult
from orderpipe.assembly import Assembly, assemble
from orderpipe.intake.groups import GroupWriter
from orderpipe.intake.json_order import JsonOrder
from orderpipe.serving.hints import Hints

ROUTERS: tuple[APIRouter, ...] = (
    orders_in.router, orders_bulk.router, orders_out.router, order_steps.router, amendments.router, intakes_out.router, payments.router,
    warehouse.router, work_list.router, carrier.router, stock.router, products.router, status.router, cases.router, credits.router,
    returns.router, reports.router, delays.router, webhook_endpoints.router, webhook_deliveries.router, customers.router, mails_in.router,
    stray_mail.router, alarms.router, health.router,
)
STREAMS = frozenset({"/v1/orders/bulk"})
"""Paths whose bodies are read as they come and may be of any length."""


def create_app(assembly: Assembly | None = None, pages: Sequence[APIRouter] = ()) -> FastAPI:
    """The app, over the given parts or those of the process's settings, with the pages for people that it shall show too."""
    parts = assembly or assemble()
    app = FastAPI(
        title="orderpipe", version=version("orderpipe"), lifespan=_lifespan, redoc_url=None, redirect_slashes=False,
        description="Orders in, from arrival to thank-you letter. Errors are problem documents (RFC 9457).",
    )
    app.state.assembly = parts
    app.state.keys = Keys(parts.engine)
    app.state.hints = Hints(parts.send_stage, parts.send_task)
    app.state.writer = GroupWriter(parts.engine, parts.clock, app.state.hints.give)
    app.state.door = GroupCommit(app.state.writer)
    for router in (*ROUTERS, *pages):
        app.include_router(router)
    answer_with_problems(app)
    document_fully(app, (JsonOrder, ProblemDocument, BulkResult, *BATCHED))
    app.add_middleware(FastLane)
    app.add_middleware(Guard, assembly=parts, streams=STREAMS)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.hints.start()
    app.state.door.start()
    gc.collect()
    gc.freeze()  # what is loaded by now stays for good, and need not be looked through again and again
    yield
    app.state.door.stop()
    app.state.hints.stop()
