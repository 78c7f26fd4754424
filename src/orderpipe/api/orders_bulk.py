"""
Orders in bulk: a stream of lines in, a stream of results out, one for each line and in order.

A line that cannot be read never fails the others, and nobody has to hold a hundred thousand orders in memory.
"""

import json
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from orderpipe.api.auth import ByShop, Caller
from orderpipe.api.examples import COMPLETE, INCOMPLETE
from orderpipe.api.openapi import ProblemDocument, refusals
from orderpipe.api.orders_in import read
from orderpipe.api.problems import Problem
from orderpipe.api.spool import Spool, SpooledResponse
from orderpipe.intake.groups import MOST, GroupWriter
from orderpipe.intake.outcomes import Outcome, Received, Refused, answer_to

router = APIRouter(prefix="/v1", tags=["Orders"])

MEDIA_TYPE = "application/x-ndjson"
LONGEST_LINE = 1024 * 1024
MOST_LINES = 1_000_000
"""Lines that one request may carry, empty ones not counted."""

_GROUP_BYTES = 4 * 1024 * 1024

Line = tuple[int, Received | Refused]


class BulkResult(BaseModel):
    """What became of one line: the order as in the answer to a single one, or the problem."""

    line: int = Field(description="The line's number in the request, counted from 1.", examples=[1])
    status: int = Field(description="201 new, 200 known, 4xx refused, 503 to be sent again.", examples=[201])
    id: str | None = Field(None, examples=["ord_000000000016"])
    number: str | None = Field(None, examples=["100038-5"])
    reference: str | None = Field(None, examples=["WEB-1001"])
    problem: ProblemDocument | None = None


def _line(order: Any) -> str:
    return json.dumps(order, ensure_ascii=False)


@router.post(
    "/orders/bulk", summary="Take many orders down", response_class=Response,
    openapi_extra={"requestBody": {"required": True, "content": {MEDIA_TYPE: {
        "schema": {"type": "string", "description": "One order a line, as in POST /v1/orders."},
        "examples": {"two-orders": {"value": f"{_line(COMPLETE)}\n{_line(INCOMPLETE)}\n"}},
    }}}},
    responses={
        200: {"description": "One result a line, in order.", "content": {MEDIA_TYPE: {
            "schema": {"$ref": "#/components/schemas/BulkResult"}, "example": '{"line": 1, "status": 201, "number": "100038-5"}\n',
        }}},
        **refusals(415),
    },
)
async def take_orders(request: Request, caller: ByShop) -> Response:
    """
    Read as a stream and answered as a stream, one result a line.

    What was not taken because the connection broke can be sent again as it is: the same reference with the same content is the
    same order.
    """
    kind = request.headers.get("content-type", MEDIA_TYPE).partition(";")[0].strip().lower()
    if kind not in (MEDIA_TYPE, "application/ndjson", "application/jsonl"):
        raise Problem(415, "not-ndjson", f"Send one order a line as {MEDIA_TYPE}, not {kind[:100]}.")
    spool = Spool()
    return SpooledResponse(spool, _take_all(request, caller, request.app.state.writer, spool), MEDIA_TYPE)


async def _take_all(request: Request, caller: Caller, writer: GroupWriter, spool: Spool) -> None:
    group: list[Line] = []
    size = 0
    try:
        async for number, raw in numbered_lines(request.stream()):
            if number > MOST_LINES:
                spool.write(_told(number, Refused(413, "too-many", f"A request carries at most {MOST_LINES} lines.")))
                break
            group.append((number, raw if isinstance(raw, Refused) else read(raw, caller)))
            size += 0 if isinstance(raw, Refused) else len(raw)
            if len(group) == MOST or size > _GROUP_BYTES:
                spool.write(await run_in_threadpool(_write, writer, group))
                group, size = [], 0
    except ClientDisconnect:
        return
    if group:
        spool.write(await run_in_threadpool(_write, writer, group))


def _write(writer: GroupWriter, group: list[Line]) -> bytes:
    readable = [one for _, one in group if isinstance(one, Received)]
    outcomes = iter(writer.write(readable))
    return b"".join(_told(number, one if isinstance(one, Refused) else next(outcomes)) for number, one in group)


def _told(number: int, outcome: Outcome) -> bytes:
    status, document = answer_to(outcome)
    if status >= HTTPStatus.BAD_REQUEST:
        result: dict[str, Any] = {"line": number, "status": status, "problem": document}
    else:
        result = {"line": number, "status": status, **{name: document[name] for name in ("id", "number", "reference") if name in document}}
        if "intake" in document:
            result["intake"] = document["intake"]
    return json.dumps(result, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"


async def numbered_lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[tuple[int, bytes | Refused]]:
    """The lines with their numbers from 1, empty ones left out; one that is too long comes as its refusal, without its bytes."""
    number, rest, too_long = 1, bytearray(), False
    async for chunk in chunks:
        *ended, open_end = chunk.split(b"\n")
        for part in ended:
            rest += part
            if too_long or len(rest) > LONGEST_LINE:
                yield number, _too_long()
            elif rest.strip():
                yield number, bytes(rest)
            number, rest, too_long = number + 1, bytearray(), False
        if not too_long:
            rest += open_end
        if len(rest) > LONGEST_LINE:
            rest, too_long = bytearray(), True
    if too_long or rest.strip():
        yield number, _too_long() if too_long else bytes(rest)


def _too_long() -> Refused:
    return Refused(413, "too-large", f"The line is longer than {LONGEST_LINE} bytes.")
