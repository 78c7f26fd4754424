"""
The mailbox that replies and bounces come to, read over IMAP; nothing in it is deleted, and what was read is marked as read.

Python's own imaplib does: five commands are needed, and every mail is wanted as bytes, not as somebody's idea of it.
"""

import imaplib
import re
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from types import TracebackType
from typing import Self
from urllib.parse import unquote, urlsplit

from orderpipe.channels.outlets import BadOutlet

SECONDS = 10.0
"""How long the server may take for one answer."""
LARGEST = 10_000_000
"""Bytes; of a larger mail only the beginning is read."""
BEGINNING = 256_000
_PORTS = {"imaps": 993, "imap": 143}


class MailboxFailed(Exception):
    """The mailbox cannot be read just now: its server is away, refuses us, or broke off."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A mail as it lies in the mailbox: its number there, how large it is (bytes), and its bytes, or only the first of them."""

    uid: int
    size: int
    raw: bytes


class Mailbox:
    """
    An open mailbox; `name` says which without its password, `uid_validity` changes when the server counts its mails anew.

    Every method raises MailboxFailed.
    """

    def __init__(self, url: str) -> None:
        """Log in and open the folder. Raises BadOutlet for an address that cannot be used, MailboxFailed."""
        place = _place(url)
        self.name = f"{place.user}@{place.host}/{place.folder}"
        try:
            self._imap = place.connect()
        except _FAILURES as error:
            raise MailboxFailed(f"The mailbox {self.name} cannot be opened: {_said(error)}") from error
        try:
            self._do("login", place.user, place.password)
            self._do("select", _quoted(place.folder))
        except MailboxFailed:
            self._hang_up()
            raise
        self.uid_validity = int(self._imap.response("UIDVALIDITY")[1][0] or 0)

    def waiting(self, after: int | None) -> list[int]:
        """The numbers of the mails that are not marked as read, and of those that came after this one, whoever has read them."""
        found = self._numbers("UNSEEN")
        if after is not None:
            found |= {uid for uid in self._numbers("UID", f"{after + 1}:*") if uid > after}
        return sorted(found)

    def fetch(self, uid: int) -> Fetched | None:
        """The mail of this number; None where somebody has taken it away."""
        sizes = [line for line in self._do("uid", "FETCH", str(uid), "(RFC822.SIZE)") if isinstance(line, bytes)]
        found = re.search(rb"RFC822\.SIZE (\d+)", b" ".join(sizes))
        if found is None:
            return None
        size = int(found[1])
        part = "(BODY.PEEK[])" if size <= LARGEST else f"(BODY.PEEK[]<0.{BEGINNING}>)"
        raw = next((line[1] for line in self._do("uid", "FETCH", str(uid), part) if isinstance(line, tuple)), None)
        return None if raw is None else Fetched(uid, size if size > LARGEST else len(raw), raw)

    def mark_read(self, uids: Sequence[int]) -> None:
        """Mark these mails as read."""
        if uids:
            self._do("uid", "STORE", ",".join(map(str, uids)), "+FLAGS.SILENT", r"(\Seen)")

    def close(self) -> None:
        """Say good-bye."""
        try:
            self._imap.logout()
        except _FAILURES:
            self._hang_up()

    def _hang_up(self) -> None:
        with suppress(OSError):
            self._imap.shutdown()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self.close()

    def _numbers(self, *criteria: str) -> set[int]:
        lines = self._do("uid", "SEARCH", *criteria)
        return {int(number) for line in lines if isinstance(line, bytes) for number in line.split()}

    def _do(self, command: str, *arguments: str) -> list[bytes | tuple[bytes, bytes] | None]:
        try:
            answer, lines = getattr(self._imap, command)(*arguments)
        except _FAILURES as error:
            raise MailboxFailed(f"The mailbox {self.name} broke off: {_said(error)}") from error
        if answer != "OK":
            raise MailboxFailed(f"The mailbox {self.name} refuses {command}: {lines[0]!r}")
        return list(lines)


@dataclass(frozen=True, slots=True)
class _Place:
    secure: bool
    host: str
    port: int
    user: str
    password: str
    folder: str

    def connect(self) -> imaplib.IMAP4:
        if self.secure:
            return imaplib.IMAP4_SSL(self.host, self.port, ssl_context=ssl.create_default_context(), timeout=SECONDS)
        return imaplib.IMAP4(self.host, self.port, timeout=SECONDS)


_FAILURES = (imaplib.IMAP4.error, OSError, UnicodeError)


def _place(url: str) -> _Place:
    """Where the mailbox is. Raises BadOutlet."""
    parts = urlsplit(url)
    try:
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        port = 0
    if parts.scheme not in _PORTS or not parts.hostname or not parts.username or not port:
        raise BadOutlet("ORDERPIPE_IMAP_URL has to look like imaps://user:password@host:993/INBOX.")
    if parts.scheme == "imap" and not _is_here(parts.hostname):
        raise BadOutlet("ORDERPIPE_IMAP_URL: without TLS a password goes to this machine only; use imaps://.")
    folder = unquote(parts.path.removeprefix("/")) or "INBOX"
    return _Place(parts.scheme == "imaps", parts.hostname, port, unquote(parts.username), unquote(parts.password or ""), folder)


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _quoted(folder: str) -> str:
    return '"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _said(error: BaseException) -> str:
    words = error.args[0] if error.args else error
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
