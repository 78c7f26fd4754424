"""
Turns whatever went wrong while a request was served into a problem document, the unexpected included.

What nobody expected gets an incident id that stands in the log, in the answer and, where an order is concerned, in the office's mail.
"""

import logging
import re
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from orderpipe.api.problems import Problem, response_of, unavailable
from orderpipe.assembly import Assembly
from orderpipe.domain.decisions import Audience, Tell
from orderpipe.domain.orders import UnknownNumber, internal_id, order_id_of, order_of
from orderpipe.intake.refusals import FieldError
from orderpipe.store import notifications
from orderpipe.store.database import DatabaseError, is_transient

log = logging.getLogger(__name__)

_CODES = {400: "bad-request", 401: "unauthorized", 403: "forbidden", 404: "not-found", 405: "method-not-allowed", 413: "too-large"}
_SENTENCES = {404: "There is nothing at this address.", 405: "This address does not take this method."}


def answer_with_problems(app: FastAPI) -> None:
    """Let every error that the framework or an endpoint raises end in a problem document."""
    app.add_exception_handler(HTTPException, _refusal)
    app.add_exception_handler(RequestValidationError, _invalid)


async def _refusal(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if isinstance(error, Problem):
        return response_of(error)
    sentence = _SENTENCES.get(error.status_code, str(error.detail))
    code = _CODES.get(error.status_code, "refused")
    return response_of(Problem(error.status_code, code, sentence, headers=error.headers))


async def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return response_of(Problem(422, "invalid", "The request does not have the form described.", errors=field_errors(error.errors())))


def field_errors(errors: Sequence[Any]) -> list[FieldError]:
    """What pydantic found, as pointers into the body; a query or path parameter is named after its place."""
    return [FieldError(_pointer(error["loc"]), error["msg"], error["type"].replace("_", "-")) for error in errors]


def _pointer(location: Sequence[int | str]) -> str:
    parts = location[1:] if location and location[0] == "body" else location
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


async def unexpected(assembly: Assembly, path: str, error: Exception) -> Response:
    """The answer to what nobody expected: 503 when the database is away, otherwise 500 with the incident's id."""
    if is_transient(error):
        log.warning("%s was not served: %s", path, error)
        return response_of(unavailable())
    incident = f"inc_{secrets.token_hex(8)}"
    log.error("incident %s at %s", incident, path, exc_info=error)
    order_id = order_in(path)
    if order_id is not None:
        await run_in_threadpool(_tell_office, assembly, order_id, incident, error)
    detail = "Something went wrong on our side and was written down; nothing was changed."
    return response_of(Problem(500, "internal-error", detail, incident=incident))


_IDS = re.compile(r"/(ord|ful)_([0-9A-Z]{12})(?:/|$)|/(\d{6,19}-\d)(?:/|$)")


def order_in(path: str) -> int | None:
    """The order that a request's path speaks of, by its id, its number or one of its fulfillments; None when it names none."""
    found = _IDS.search(path)
    try:
        if found is None:
            return None
        if found[3]:
            return order_id_of(found[3])
        if found[1] == "ord":
            return internal_id("order", f"ord_{found[2]}")
        return order_of(internal_id("fulfillment", f"ful_{found[2]}"))
    except UnknownNumber:
        return None


def _tell_office(assembly: Assembly, order_id: int, incident: str, error: Exception) -> None:
    facts = {"error": f"{type(error).__name__}: {error}"[:500], "incident": incident}
    tell = Tell("office-parked", facts, dedupe=f"incident {incident}", to=Audience.OFFICE)
    now: datetime = assembly.clock()
    try:
        with assembly.engine.begin() as tx:
            notifications.enqueue(tx, [(order_id, tell)], now, office_default=assembly.settings.office_email)
    except DatabaseError:
        log.exception("The office could not be told of incident %s.", incident)
