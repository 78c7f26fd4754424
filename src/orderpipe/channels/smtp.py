"""
The conversation with a mail server, over a connection that is kept open from letter to letter.

Its answer decides: taken, later, never for this recipient, or "the server refuses us", which is no letter's fault.
"""

import re
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

from orderpipe.channels.outlets import Accepted, BadOutlet, Outcome, Parcel, Postponed, Refused, Unavailable

CONNECT_TIMEOUT, TIMEOUT, TAKEOVER_TIMEOUT = 10.0, 20.0, 40.0
"""Seconds for the connection, for one answer, and for the answer to a whole letter."""

LETTERS_PER_CONNECTION = 500
IDLE_SECONDS = 15.0
"""After this long without a letter the connection is asked whether it still lives."""

_POLICY = re.compile(r"5\.7\.\d")
_AUTHENTICATION = (530, 535, 538)
_FAILURES = (smtplib.SMTPException, OSError)


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where letters are handed in: `tls` from the start, or by STARTTLS; `ca` names a file with an authority of its own."""

    host: str
    port: int
    user: str = ""
    password: str = ""
    tls: bool = False
    starttls: bool = False
    ca: str | None = None

    @classmethod
    def at(cls, url: str) -> "MailServer":
        """From smtp://[user:password@]host[:port][?starttls=yes][&ca=FILE] or smtps://…. Raises BadOutlet."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise BadOutlet(f"ORDERPIPE_SMTP_URL is not usable: {error}.") from error
        options = dict(parse_qsl(parts.query))
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname or options.keys() - {"starttls", "ca"}:
            raise BadOutlet("ORDERPIPE_SMTP_URL must be smtp://host:port or smtps://host:port, with ?starttls=yes where it is wanted.")
        starttls = options.get("starttls") == "yes"
        usual = 465 if parts.scheme == "smtps" else 587 if starttls else 25
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        return cls(parts.hostname, port or usual, user, password, parts.scheme == "smtps", starttls, options.get("ca"))

    def connect(self) -> smtplib.SMTP:
        """A connection that is ready for the first letter. Raises what smtplib, ssl and the network raise."""
        context = ssl.create_default_context(cafile=self.ca) if self.tls or self.starttls else None
        smtp = (
            smtplib.SMTP_SSL(self.host, self.port, timeout=CONNECT_TIMEOUT, context=context) if self.tls
            else smtplib.SMTP(self.host, self.port, timeout=CONNECT_TIMEOUT)
        )
        try:
            if self.starttls:
                smtp.starttls(context=context)
            smtp.ehlo_or_helo_if_needed()
            if self.user:
                smtp.login(self.user, self.password)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def trouble(self, error: Exception) -> Unavailable:
        """Why there is no connection, as a sentence."""
        here = f"The mail server {self.host}:{self.port}"
        match error:
            case smtplib.SMTPAuthenticationError():
                return Unavailable(f"{here} does not accept our user name and password: {said(error.smtp_code, error.smtp_error)}", 300)
            case smtplib.SMTPResponseException():
                return Unavailable(f"{here} refuses us: {said(error.smtp_code, error.smtp_error)}", 300)
            case smtplib.SMTPNotSupportedError():
                return Unavailable(f"{here} cannot do what ORDERPIPE_SMTP_URL asks for: {error}", 300)
            case ssl.SSLError():
                return Unavailable(f"{here} is not trusted: {error}", 300)
            case _:
                return Unavailable(f"{here} cannot be reached: {error}")


class Postbox:
    """Hands parcels to one mail server. Not for several threads at once; `clock` counts seconds."""

    def __init__(self, server: MailServer, *, clock: Callable[[], float]) -> None:
        self._server = server
        self._clock = clock
        self._smtp: smtplib.SMTP | None = None
        self._letters = 0
        self._used_at = 0.0

    def deliver(self, parcel: Parcel) -> Outcome:
        """Hand it over and say what became of it; a connection found closed is opened anew once."""
        kept = self._smtp is not None
        outcome = self._attempt(parcel)
        if outcome is None and kept:
            outcome = self._attempt(parcel)
        return outcome or self._server.trouble(smtplib.SMTPServerDisconnected("it closed the connection"))

    def close(self) -> None:
        """Say good-bye to the server."""
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            try:
                smtp.quit()
            except _FAILURES:
                smtp.close()

    def _attempt(self, parcel: Parcel) -> Outcome | None:
        """None: the server closed the connection before it heard of this letter."""
        try:
            smtp = self._open()
        except _FAILURES as error:
            return self._server.trouble(error)
        try:
            begun = begin(smtp, parcel)
        except _FAILURES:
            begun = 421
        if begun == 421:
            self._drop()
            return None
        if isinstance(begun, Unavailable | Refused):
            return self._reset(smtp, begun)
        try:
            return self._reset(smtp, hand_over(smtp, parcel))
        except _FAILURES as error:
            self._drop()
            return Postponed(f"The connection to the mail server broke: {error}")

    def _open(self) -> smtplib.SMTP:
        if self._letters >= LETTERS_PER_CONNECTION:
            self.close()
        if self._smtp is not None and self._clock() - self._used_at > IDLE_SECONDS and not self._lives():
            self._drop()
        if self._smtp is None:
            self._smtp = self._server.connect()
            self._letters = 0
        self._letters += 1
        self._used_at = self._clock()
        return self._smtp

    def _lives(self) -> bool:
        try:
            return self._smtp is not None and self._smtp.noop()[0] == 250
        except _FAILURES:
            return False

    def _drop(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
        self._smtp = None

    def _reset(self, smtp: smtplib.SMTP, outcome: Outcome) -> Outcome:
        """Ready for the next letter, whatever this one left behind."""
        self._used_at = self._clock()
        if smtp.sock is None:
            self._drop()
        elif not isinstance(outcome, Accepted):
            try:
                if smtp.rset()[0] != 250:
                    self._drop()
            except _FAILURES:
                self._drop()
        return outcome


def begin(smtp: smtplib.SMTP, parcel: Parcel) -> Outcome | int:
    """Announce a letter: the code when the server will hear more (or 421: it closes), else why it will not."""
    assert smtp.sock is not None
    smtp.sock.settimeout(TIMEOUT)
    international = not (parcel.sender + parcel.recipient).isascii()
    if international and not smtp.has_extn("smtputf8"):
        return Refused(f"The mail server takes no addresses with other letters than a to z, such as {parcel.recipient}.", address=True)
    code, reply = smtp.mail(parcel.sender, ["SMTPUTF8"] if international else [])
    if code == 421 or code < 400:
        return code
    if code in _AUTHENTICATION:
        return Unavailable(f"The mail server wants to know who we are: {said(code, reply)}", 300)
    if code < 500:
        return Unavailable(f"The mail server takes no letters just now: {said(code, reply)}", 60)
    return Unavailable(f"The mail server takes no letters from {parcel.sender}: {said(code, reply)}", 300, parcel.sender)


def hand_over(smtp: smtplib.SMTP, parcel: Parcel) -> Outcome:
    """Name the recipient and give the letter itself; raises when the connection breaks."""
    code, reply = smtp.rcpt(parcel.recipient)
    if code == 421:  # the server is about to close the connection
        smtp.close()
    if code >= 400:
        return _recipient_refused(parcel, code, reply)
    assert smtp.sock is not None
    smtp.sock.settimeout(TAKEOVER_TIMEOUT)
    try:
        code, reply = smtp.data(parcel.content)
    except smtplib.SMTPDataError as error:
        code, reply = error.smtp_code, error.smtp_error if isinstance(error.smtp_error, bytes) else error.smtp_error.encode()
    if code == 421:
        smtp.close()
    if code < 400:
        return Accepted(said(code, reply))
    if code < 500:
        return Postponed(f"The mail server did not take the letter yet: {said(code, reply)}")
    return Refused(f"The mail server does not take this letter: {said(code, reply)}")


def _recipient_refused(parcel: Parcel, code: int, reply: bytes) -> Outcome:
    answer = said(code, reply)
    if code in _AUTHENTICATION:
        return Unavailable(f"The mail server wants to know who we are: {answer}", 300)
    if code < 500:
        return Postponed(f"The mail server cannot take letters to {parcel.recipient} yet: {answer}")
    if _POLICY.search(answer) or "relay" in answer.casefold():
        # against us rather than against the address: relaying denied, our host on a block list. It may be put right
        return Postponed(f"The mail server may not or will not take letters to {parcel.recipient} from us: {answer}")
    return Refused(f"The mail server knows no such recipient or refuses it, {parcel.recipient}: {answer}", address=True)


def said(code: int, reply: bytes | str) -> str:
    """The server's answer on one line."""
    words = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else str(reply)
    return f"{code} {' '.join(words.split())}".strip()
