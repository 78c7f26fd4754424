"""
An answer that grows while the request is still being read: written to disk, sent as fast as the client takes it.

Reading never waits for the client to read, for many clients read nothing before they have sent everything; so neither side can
wait for the other, and memory stays flat.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from tempfile import SpooledTemporaryFile
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

_IN_MEMORY = 1024 * 1024
_CHUNK = 64 * 1024


class Spool:
    """A file that one task writes and another reads, at the same time and in one event loop."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  # closed by `close`
        self._written = 0
        self._grown = asyncio.Event()
        self._complete = False

    def write(self, data: bytes) -> None:
        """Add to the end."""
        self._file.seek(self._written)
        self._file.write(data)
        self._written += len(data)
        self._grown.set()

    def finish(self) -> None:
        """Nothing more will be written."""
        self._complete = True
        self._grown.set()

    async def chunks(self) -> AsyncIterator[bytes]:
        """Everything that is written, from the beginning to the end."""
        read = 0
        while True:
            self._grown.clear()
            if read < self._written:
                self._file.seek(read)
                chunk = self._file.read(min(_CHUNK, self._written - read))
                read += len(chunk)
                yield chunk
            elif self._complete:
                return
            else:
                await self._grown.wait()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


class SpooledResponse(Response):
    """Answers with a spool while `work` reads the request and fills it. Unlike a streaming response, it leaves the body alone."""

    def __init__(self, spool: Spool, work: Coroutine[Any, Any, None], media_type: str) -> None:
        super().__init__(media_type=media_type)
        del self.headers["content-length"]
        self._spool = spool
        self._work = work

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  # as every response is called
        """Send the answer; a client that goes away ends the work."""
        work = asyncio.ensure_future(self._work)
        work.add_done_callback(lambda _: self._spool.finish())
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            async for chunk in self._spool.chunks():
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await work
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            work.cancel()
            self._spool.close()
