"""
A mail server that takes every letter and drops it, with as little work as SMTP allows: what is measured is the sender.

With a certificate it speaks TLS from the first byte.
"""

import argparse
import asyncio
import ssl

_READY = b"220 bench ESMTP\r\n"
_ANSWERS = {b"EHLO": b"250-bench\r\n250-SMTPUTF8\r\n250 8BITMIME\r\n", b"DATA": b"354 Go on\r\n", b"QUIT": b"221 Bye\r\n"}
_OK = b"250 2.0.0 OK\r\n"
_END = b"\r\n.\r\n"


class Conversation(asyncio.Protocol):
    """One connection. A letter's end is looked for in what has come since DATA; everything else is a command a line."""

    def __init__(self) -> None:
        self._unread = b""
        self._in_letter = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(_READY)

    def data_received(self, data: bytes) -> None:
        """Answer whatever is complete by now."""
        self._unread += data
        while (end := self._unread.find(_END if self._in_letter else b"\r\n")) >= 0:
            if self._in_letter:
                self._unread = self._unread[end + len(_END) :]
                self._in_letter = False
                self._transport.write(_OK)
            else:
                self._answer(self._unread[:4].upper())
                self._unread = self._unread[end + 2 :]

    def _answer(self, verb: bytes) -> None:
        self._transport.write(_ANSWERS.get(verb, _OK))
        self._in_letter = verb == b"DATA"
        if verb == b"QUIT":
            self._transport.close()


async def serve(port: int, certificate: str | None) -> None:
    """Take letters on this port of the loopback address until the process is ended."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH) if certificate else None
    if context and certificate:
        context.load_cert_chain(certificate)
    server = await asyncio.get_running_loop().create_server(Conversation, "127.0.0.1", port, ssl=context, backlog=1000)
    await server.serve_forever()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mail_sink", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--certificate", help="file with certificate and key")
    chosen = parser.parse_args()
    asyncio.run(serve(chosen.port, chosen.certificate))


if __name__ == "__main__":
    main()
