"""
What a customer reads when a page cannot be served: whatever went wrong, it is said in words, and nothing is lost.
"""

import logging
import secrets
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import Response

from orderpipe.store.database import is_transient
from orderpipe.tracking.pages import note
from orderpipe.tracking.words import language_wanted

log = logging.getLogger(__name__)


class UnknownLink(HTTPException):
    """Nobody was given this link."""

    def __init__(self) -> None:
        super().__init__(404)


class OldLink(HTTPException):
    """This link was given out long ago and opens nothing any more; `note` are the words that say what to do."""

    def __init__(self, note: str = "expired") -> None:
        super().__init__(410)
        self.note = note


class FriendlyRoute(APIRoute):
    """Whatever goes wrong, a customer reads a page in words."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The endpoint, with a page for each of its failures."""
        serve = super().get_route_handler()

        async def friendly(request: Request) -> Response:
            try:
                return await serve(request)
            except Exception as error:
                return _sorry(error, language_wanted(request.headers.get("accept-language", "")))

        return friendly


def _sorry(error: Exception, language: str) -> Response:
    if isinstance(error, HTTPException):
        return note(error.note if isinstance(error, OldLink) else "unknown", language, status=error.status_code)
    if is_transient(error):
        log.warning("A customer's page was not served: %s", error)
        return note("unavailable", language, status=503)
    incident = f"inc_{secrets.token_hex(8)}"
    log.error("incident %s on a customer's page", incident, exc_info=error)
    return note("broken", language, status=500, incident=incident)
