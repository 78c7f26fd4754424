"""
A mail as it came in: who wrote it, which letter it answers, and its words; whatever bytes arrive are read, none are refused.

What could not be read rightly is marked as doubtful, so that nothing is concluded from it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from email.policy import Compat32
from email.utils import getaddresses
from html.parser import HTMLParser
from itertools import islice

from orderpipe.domain.letter_ids import Named, named_in

LOOKED_AT = 300_000
"""Bytes of a mail that are looked at: the rest is pictures, or there to keep its reader busy."""
LONGEST_TEXT = 100_000
"""Characters of one text that are looked at."""
MOST_PARTS = 100
LONGEST_LINE = 500
"""Characters of a subject, a name or an address that are looked at."""

_LONGEST_HEADER = 10_000  # characters
_SIGNATURES = frozenset({"application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"})
_ADDRESSEES = ("To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To")
_LETTER_NAMES = ("In-Reply-To", "References", *_ADDRESSEES)
_BLOCKS = frozenset({"p", "div", "br", "tr", "li", "table", "ul", "ol", "h1", "h2", "h3", "hr", "blockquote", "pre"})
_UNSEEN = frozenset({"style", "script", "head", "title"})
_WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "iso-8859-1": "cp1252", "us-ascii": "utf-8"}
"""What programs write who name this charset."""
_NOT_OF_MAILS = frozenset({"punycode", "idna"})  # which Python knows, and takes a minute to read


class _Bounded(Compat32):
    """Python's reading of a mail, but that no header is longer than what takes no time to take apart."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, value[:_LONGEST_HEADER]


_POLICY = _Bounded()


@dataclass(frozen=True, slots=True)
class Mail:
    """
    What was read of a mail. `answers` are the letters of ours it names as those it answers, `doubtful` says why nothing may be
    concluded from its words ("": nothing speaks against it).
    """

    message_id: str
    sender: str
    sender_name: str
    subject: str
    text: str
    answers: tuple[Named, ...] = ()
    doubtful: str = ""


def parse(raw: bytes) -> Message:
    """The mail's parts, as far as it has any. Raises what the parser raises for the strangest of them, such as RecursionError."""
    return message_from_bytes(raw[:LOOKED_AT], policy=_POLICY)


def read(message: Message) -> Mail:
    """Everything a person would see of it."""
    sender_name, sender = sender_of(message)
    text, doubt = _words(message)
    return Mail(
        header(message, "Message-ID"), sender, sender_name, header(message, "Subject"), text,
        tuple(named_in(" ".join(str(value) for name in _LETTER_NAMES for value in message.get_all(name, [])))),
        doubt or _forged(message),
    )


def header(message: Message, name: str) -> str:
    """A header as people read it, on one line; "" where there is none."""
    value = str(message.get(name, ""))
    try:
        said = str(make_header(decode_header(value)))
    except Exception:  # an unknown charset, base64 that is none: the bytes as they stand tell more than nothing
        said = value
    return storable(" ".join(said.split()))[:LONGEST_LINE]


def sender_of(message: Message) -> tuple[str, str]:
    """Name and address of whoever wrote it, both "" where there is none, or more than one."""
    # the address before the name is decoded: `=?…?=` may hold another address
    written = [str(value) for value in message.get_all("From", [])]
    found = [address for address in getaddresses(written) if "@" in address[1]]
    if len(found) != 1:
        return "", ""
    name = Message()
    name["Name"] = " ".join(found[0][0].split())
    return header(name, "Name"), storable(found[0][1])[:LONGEST_LINE]


def addressed(message: Message) -> tuple[str, ...]:
    """The addresses it went to."""
    written = [str(value) for name in _ADDRESSEES for value in message.get_all(name, [])]
    return tuple(storable(address) for _, address in getaddresses(written[:MOST_PARTS]) if "@" in address)


def text_of(part: Message) -> tuple[str, bool]:
    """The words of a text part, and whether they were all readable."""
    payload = part.get_payload(decode=True)
    octets = payload if isinstance(payload, bytes) else b""
    named = str(part.get_content_charset("utf-8")).lower()
    for charset in (_WIDER.get(named, named), "utf-8", "gb18030"):
        if charset in _NOT_OF_MAILS:
            continue
        try:
            words = octets.decode(charset)
        except (LookupError, ValueError):
            continue
        meant = charset != "gb18030" or named in ("gb2312", "gbk", "gb18030")
        return storable(_unwrapped(words[:LONGEST_TEXT], part)), meant and len(words) <= LONGEST_TEXT
    return storable(octets[:LONGEST_TEXT].decode("latin-1")), False


def storable(words: str) -> str:
    """The words as the database takes them: it knows neither NUL nor half a surrogate pair."""
    return words.replace("\0", "\N{SYMBOL FOR NULL}").encode("utf-8", "replace").decode()


def texts(message: Message) -> Iterator[str]:
    """All that is written anywhere in a mail, in the headers of what it encloses too; of a mail in a great many parts, in the first."""
    for part in islice(message.walk(), MOST_PARTS):
        yield from (f"{name}: {value}" for name, value in part.items())
        if part.get_content_maintype() == "text":
            words, _ = text_of(part)
            yield as_plain(words) if part.get_content_subtype() == "html" else words


def as_plain(page: str) -> str:
    """What a page of HTML says, quoted parts behind `>` as in plain text."""
    page = re.sub(r"<!--.*?(-->|\Z)|<(?=<)", "", page, flags=re.DOTALL)  # over which the parser would take its time
    reader = _Plain()
    reader.feed(page)
    reader.close()
    return re.sub(r"\n\s*\n+", "\n\n", reader.said()).strip()


def _words(message: Message) -> tuple[str, str]:
    plain: list[Message] = []
    pages: list[Message] = []
    for part in _leaves(message):
        if part.get_content_disposition() == "attachment" and part.get_content_type() not in _SIGNATURES:
            return _words_of(plain, pages)[0], "It carries an attachment."
        if part.get_content_maintype() == "text":
            (pages if part.get_content_subtype() == "html" else plain).append(part)
    if message.defects or not (plain or pages):
        return _words_of(plain, pages)[0], "Its form is broken." if message.defects else "It has no text."
    return _words_of(plain, pages)


def _leaves(message: Message) -> Iterator[Message]:
    """Its own parts; what was said in a mail that it encloses was said by somebody else."""
    if message.get_content_maintype() == "message":
        return
    if not message.is_multipart():
        yield message
        return
    for part in message.get_payload():
        if isinstance(part, Message):
            yield from _leaves(part)


def _words_of(plain: list[Message], pages: list[Message]) -> tuple[str, str]:
    read_parts = [text_of(part) for part in plain or pages]
    said = "\n".join(words if plain else as_plain(words) for words, _ in read_parts)
    doubt = "" if all(readable for _, readable in read_parts) else "It cannot be read to the last letter."
    return said, doubt or ("It has no text." if not said.strip() else "")


def _unwrapped(words: str, part: Message) -> str:
    """As it was typed: RFC 3676 lets a mail program break lines after a space."""
    words = words.replace("\r\n", "\n").replace("\r", "\n")
    if str(part.get_param("format", "")).lower() != "flowed":
        return words
    return re.sub(r"(?m)^(?!-- $)(.*) \n(?=[^\n>])", r"\1 ", words)


def _forged(message: Message) -> str:
    """What the mailbox's own server found out about the sender; anything a sender writes there harms only the sender."""
    results = " ".join(str(value) for value in message.get_all("Authentication-Results", [])).lower()
    return "Its sender may be forged (dmarc=fail)." if re.search(r"\bdmarc=fail\b", results) else ""


class _Plain(HTMLParser):
    """Reads a page aloud, line by line."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines = [""]
        self._quoted = 0
        self._unseen = 0

    def handle_starttag(self, tag: str, _attributes: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCKS:
            self._lines.append("")
        self._quoted += tag == "blockquote"
        self._unseen += tag in _UNSEEN

    def handle_endtag(self, tag: str) -> None:
        self._quoted = max(0, self._quoted - (tag == "blockquote"))
        self._unseen = max(0, self._unseen - (tag in _UNSEEN))
        if tag in _BLOCKS:
            self._lines.append("")

    def handle_data(self, words: str) -> None:
        if not self._unseen and words.strip():
            self._lines[-1] += ("> " if self._quoted and not self._lines[-1] else "") + re.sub(r"\s+", " ", words)

    def said(self) -> str:
        return "\n".join(line.strip() for line in self._lines)
