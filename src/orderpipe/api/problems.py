"""
Every refusal over HTTP is a problem document (RFC 9457): what went wrong in a sentence, a code for programs, and where it stands.

A refused transition also tells the current state and what is allowed in it, so that the caller need not ask again.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from orderpipe.intake.refusals import FieldError

MEDIA_TYPE = "application/problem+json"


class Problem(HTTPException):
    """A refusal: raised it rolls the request's transaction back, answered with `response_of` it keeps what was recorded."""

    def __init__(
        self, status: int, code: str, detail: str, *, errors: Iterable[FieldError] = (), headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(status, detail, dict(headers) if headers else None)
        self.code = code
        self.errors = tuple(errors)
        self.more = {name: value for name, value in more.items() if value is not None}

    def document(self) -> dict[str, Any]:
        """The members of the problem document."""
        document: dict[str, Any] = {
            "title": HTTPStatus(self.status_code).phrase, "status": self.status_code, "code": self.code, "detail": self.detail,
        }
        if self.errors:
            document["errors"] = [asdict(error) for error in self.errors]
        return document | self.more


def response_of(problem: Problem) -> Response:
    """The problem as an answer; returned from an endpoint, the transaction is kept."""
    body = json.dumps(problem.document(), ensure_ascii=False, default=str).encode("utf-8", "replace")
    return Response(body, problem.status_code, problem.headers, MEDIA_TYPE)


def not_found(what: str) -> Problem:
    """There is no such thing, or it is another shop's."""
    return Problem(404, "not-found", f"There is no {what} of this shop.")


def refused(error: Exception, *, state: str | None = None, allowed: Iterable[str] | None = None, code: str = "refused") -> Problem:
    """A step that the current state does not allow (409)."""
    return Problem(409, code, str(error), state=state, allowed=None if allowed is None else sorted(allowed))


_UNAVAILABLE = "The database does not answer at the moment; nothing was changed, please repeat the request."


def unavailable(detail: str = _UNAVAILABLE, *, seconds: int = 2) -> Problem:
    """Something we depend on is away; the same request may succeed after `seconds`."""
    return Problem(503, "unavailable", detail, headers={"Retry-After": str(seconds)})
