"""
A mail server that delivers nothing: it takes every letter, keeps it, and shows it on a page and as JSON.

Addresses whose name says so get a failure, for trying what the sender makes of it: a recipient `reply-550@…` that code after
RCPT, `data-451@…` after the letter, `hang-up@…` no answer at all, `lost-answer@…` its first answer lost, `slow-800@…` its answer
after 800 ms; a sender `reply-550@…` that code after MAIL.
"""

import argparse
import asyncio
import re
import signal
import sys
import threading
from functools import partial
from pathlib import Path
from types import TracebackType

from aiosmtpd.smtp import SMTP, Envelope, Session

from orderpipe.local.caught_letters import LABELS, NAME, answer, entry_of, letters_in
from orderpipe.local.pages import PageServer
from orderpipe.local.shelf import Shelf

__all__ = ["MailCatcher", "letters_in"]

LARGEST_LETTER = 10_000_000
_TRICK = re.compile(r"(reply|data|slow)-(\d{3,5})@|(hang-up|lost-answer)@")


class Conversation:
    """What the catcher says at each step of SMTP; aiosmtpd calls these by name."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._lost: set[str] = set()

    async def handle_MAIL(self, server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        """The sender."""
        if found := _trick(address, "reply"):
            return self._failure(server, found)
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(self, server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        """A recipient."""
        if found := _trick(address, "reply"):
            return self._failure(server, found)
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        """The letter itself; it is kept unless the answer is a failure."""
        recipients = [str(address) for address in envelope.rcpt_tos]
        everyone = " ".join(recipients)
        if found := _trick(everyone, "data"):
            return self._failure(server, found)
        if "hang-up@" in everyone:
            return _hang_up(server)
        if found := _trick(everyone, "slow"):
            await asyncio.sleep(int(found) / 1000)
        content = envelope.original_content or b""
        entry = entry_of(str(envelope.mail_from or ""), recipients, content)
        number = self._shelf.put(entry)
        if "lost-answer@" in everyone and entry["message_id"] not in self._lost:
            self._lost.add(entry["message_id"])
            return _hang_up(server)
        return f"250 2.0.0 OK: kept as {number}"

    def _failure(self, server: SMTP, code: str) -> str:
        if code == "421":  # the code that says the connection ends
            server.loop.call_later(0.01, _close, server)
        return f"{code} {code[0]}.0.0 As the address asked for"


def _trick(address: str, kind: str) -> str:
    return next((found[2] for found in _TRICK.finditer(address) if found[1] == kind), "")


def _hang_up(server: SMTP) -> str:
    _close(server)
    return "421 4.3.0 This is not heard any more"


def _close(server: SMTP) -> None:
    if server.transport is not None:
        server.transport.close()


class MailCatcher:
    """The catcher from entering to leaving, on loopback; ports 0 take free ones."""

    def __init__(self, folder: Path, *, smtp_port: int = 0, http_port: int = 0) -> None:
        self._shelf = Shelf(folder, NAME, labels=LABELS)
        self._conversation = Conversation(self._shelf)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="smtp", daemon=True)
        self._pages = PageServer(http_port, partial(answer, self._shelf))
        self._server = self._loop.run_until_complete(self._loop.create_server(self._greet, "127.0.0.1", smtp_port, backlog=200))
        self.smtp_port: int = self._server.sockets[0].getsockname()[1]
        self.http_port = self._pages.port

    def __enter__(self) -> "MailCatcher":
        self._thread.start()
        self._pages.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._pages.__exit__(kind, error, trace)
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()
        self._shelf.close()

    @property
    def smtp_url(self) -> str:
        """What ORDERPIPE_SMTP_URL is to be."""
        return f"smtp://127.0.0.1:{self.smtp_port}"

    def _greet(self) -> SMTP:
        return SMTP(
            self._conversation, data_size_limit=LARGEST_LETTER, enable_SMTPUTF8=True, hostname="localhost", ident="orderpipe mail catcher",
            loop=self._loop, timeout=600,
        )

    async def _stop(self) -> None:
        self._server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


def main() -> int:
    """The command line: runs until Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m orderpipe.local.mail_catcher", description=__doc__)
    parser.add_argument("--smtp-port", type=int, default=0)
    parser.add_argument("--http-port", type=int, default=0)
    parser.add_argument("--folder", type=Path, required=True, help="where the letters are kept")
    arguments = parser.parse_args()
    asked_to_stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked_to_stop.set())
    try:
        with MailCatcher(arguments.folder, smtp_port=arguments.smtp_port, http_port=arguments.http_port) as catcher:
            print(f"export ORDERPIPE_SMTP_URL={catcher.smtp_url}\n# letters: http://127.0.0.1:{catcher.http_port}/", flush=True)
            asked_to_stop.wait()
    except OSError as error:
        print(f"The mail catcher cannot start: {error}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
