"""
The outermost layer of the door: bodies stay bounded, and no error leaves without a problem document.

A plain ASGI layer, because it stands in the way of every request and must cost next to nothing.
"""

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orderpipe.api.failures import unexpected
from orderpipe.api.problems import Problem, response_of
from orderpipe.assembly import Assembly

LARGEST_BODY = 1024 * 1024
"""Bytes that one request may carry, streams excepted."""


class TooLarge(Problem):
    """The body is larger than one request may carry; send many orders as a stream to /v1/orders/bulk."""

    def __init__(self) -> None:
        super().__init__(413, "too-large", f"The body is larger than {LARGEST_BODY} bytes. Send many orders to /v1/orders/bulk.")


class Guard:
    """Wraps the app: bounds the body of every path but the streamed ones, and answers for exceptions."""

    def __init__(self, app: ASGIApp, assembly: Assembly, streams: frozenset[str]) -> None:
        self._app = app
        self._assembly = assembly
        self._streams = streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def sent(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        bounded = receive if scope["path"] in self._streams else _Bounded(receive)
        try:
            if bounded is not receive and _announced(scope) > LARGEST_BODY:
                raise TooLarge
            await self._app(scope, bounded, sent)
        except Problem as problem:
            await response_of(problem)(scope, receive, send)
        except ClientDisconnect:
            return  # whoever asked has gone; nobody is there to be answered
        except Exception as error:
            if started:
                raise
            answer = await unexpected(self._assembly, scope["path"], error)
            await answer(scope, receive, send)


class _Bounded:
    """Reads on until more has come than a body may hold."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._size = 0

    async def __call__(self) -> Message:
        message = await self._receive()
        self._size += len(message.get("body", b""))
        if self._size > LARGEST_BODY:
            raise TooLarge
        return message


def _announced(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0
