"""
Orders in: one at a time, answered when it is committed, or kept as it came and answered at once.
"""

import json
from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Header, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from orderpipe.api import problems
from orderpipe.api.auth import ByShop, Caller
from orderpipe.api.examples import EXAMPLES
from orderpipe.api.group_commit import GroupCommit
from orderpipe.api.openapi import refusals, takes
from orderpipe.api.problems import Problem
from orderpipe.api.receipts import KeptReceipt, Receipt
from orderpipe.domain.orders import OrderDraft, public_id
from orderpipe.intake.groups import GroupWriter
from orderpipe.intake.json_order import JsonOrder, parse
from orderpipe.intake.outcomes import Kept, Outcome, Received, Recorded, Replayed, answer_to
from orderpipe.intake.refusals import Malformed
from orderpipe.store.shops import Role

router = APIRouter(prefix="/v1", tags=["Orders"])

TAKERS = frozenset({Role.SHOP, Role.OFFICE})

Key = Annotated[str | None, Header(
    alias="Idempotency-Key",
    description="1 to 255 characters. A repeated request gets the first answer again, marked `Idempotent-Replayed: true`.",
)]
Prefer = Annotated[str | None, Header(description="`respond-async`: keep the order as it came, answer 202 at once (RFC 7240).")]


@router.post(
    "/orders", summary="Take one order down", status_code=201, response_class=Response, openapi_extra=takes(JsonOrder, **EXAMPLES),
    responses={
        200: {"model": Receipt, "description": "The order stands in the books already, with this content."},
        201: {"model": Receipt, "description": "The order is taken down."},
        202: {"model": KeptReceipt, "description": "The order is kept as it came and will be taken down in a moment."},
        **refusals(409, 413, 415, 422),
    },
)
async def take_order(request: Request, caller: ByShop, idempotency_key: Key = None, prefer: Prefer = None) -> Response:
    """
    Only `reference` must be there: what else is missing, the customer is asked for.

    The same reference with the same content is the same order (200), with other content a conflict (409).
    """
    _must_be_json(request)
    if idempotency_key is not None and not 1 <= len(idempotency_key) <= 255:
        raise Problem(422, "key-length", "An Idempotency-Key has 1 to 255 characters.")
    raw = await request.body()
    if prefer is not None and "respond-async" in prefer.lower().replace(",", ";").replace(" ", "").split(";"):
        received = Received(caller.shop_id, raw, Malformed(()), sender=caller.by)
        writer: GroupWriter = request.app.state.writer
        return answer(await run_in_threadpool(writer.keep, received), {"Preference-Applied": "respond-async"})
    door: GroupCommit = request.app.state.door
    return answer(await door.submit(read(raw, caller, idempotency_key)))


def read(raw: bytes, caller: Caller, key: str | None = None) -> Received:
    """What this caller sent, as the parser understands it."""
    content: OrderDraft | Malformed
    try:
        content = parse(raw)
    except Malformed as reason:
        content = reason
    return Received(caller.shop_id, raw, content, sender=caller.by, key=key)


def answer(outcome: Outcome, headers: Mapping[str, str] | None = None) -> Response:
    """The outcome as an HTTP answer."""
    status, content = answer_to(outcome)
    headers = dict(headers or {})
    if isinstance(outcome, Recorded):
        headers["Location"] = f"/v1/orders/{public_id('order', outcome.order_id)}"
    elif isinstance(outcome, Kept):
        headers["Location"] = f"/v1/intakes/{public_id('intake', outcome.intake_id)}"
    elif isinstance(outcome, Replayed):
        headers["Idempotent-Replayed"] = "true"
    if status == 503:
        headers["Retry-After"] = "2"
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return Response(body, status, headers, problems.MEDIA_TYPE if status >= 400 else "application/json")


def _must_be_json(request: Request) -> None:
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Problem(415, "not-json", f"Send the order as application/json, not {kind[:100]}.")
