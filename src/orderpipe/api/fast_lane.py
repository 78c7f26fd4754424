"""
The busiest address, taking one order, without the framework's ceremony: the same endpoint, called directly.

Routing, dependency solving and response handling cost more than the order itself; who sends many orders singly feels it.
"""

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from orderpipe.api.auth import identify
from orderpipe.api.orders_in import TAKERS, take_order

PATH = "/v1/orders"


class FastLane:
    """Answers `POST /v1/orders` itself and leaves everything else to the app."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != PATH or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        caller = await identify(request, TAKERS)
        headers = request.headers
        answer = await take_order(request, caller, headers.get("idempotency-key"), headers.get("prefer"))
        await answer(scope, receive, send)
