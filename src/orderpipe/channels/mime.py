"""
A letter as the bytes that travel: headers that no name can break out of, and the plain text beside the HTML.

Written by hand because Python's EmailMessage takes two milliseconds a letter; a test reads everything back with it.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import format_datetime
from functools import lru_cache

from orderpipe.channels.letters import Letter

_PLAIN = re.compile(r"[A-Za-z0-9 !#$%&'*+/=?^_`{|}~.-]*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_WORD_BYTES = 42  # as base64 with its frame 68 characters, which leaves room for the header's name on the line
_LONGEST_LINE = 990


@dataclass(frozen=True, slots=True)
class Head:
    """
    What stands in a letter's headers beside the subject; addresses already checked, `at` UTC. `letter` is its id, which stands before the
    @ of the Message-ID; `reply_to` where replies go, "" to the sender; `unsubscribe` the address of a page that turns letters like this
    off, "" where that cannot be.
    """

    sender: str
    sender_name: str
    recipient: str
    recipient_name: str
    letter: str
    at: datetime
    reply_to: str = ""
    unsubscribe: str = ""


def compose(letter: Letter, head: Head) -> bytes:
    """The whole message, lines ended by CRLF. The same letter has the same Message-ID, so a repeated one can be known as one."""
    boundary = f"=_{head.letter[:24]}"  # `=_` comes up in no encoded body
    lines = [
        f"Date: {_date(head.at)}",
        f"From: {_mailbox(head.sender_name, head.sender)}",
        f"To: {_mailbox(head.recipient_name, head.recipient)}",
        f"Subject: {_words(letter.subject)}",
        f"Message-ID: <{head.letter}@{head.sender.rpartition('@')[2]}>",
        *([f"Reply-To: {head.reply_to}"] if head.reply_to else ()),
        "Auto-Submitted: auto-generated",
        "X-Auto-Response-Suppress: OOF, AutoReply",
        *_ways_out(head.unsubscribe),
        "MIME-Version: 1.0",
        f'Content-Type: multipart/alternative; boundary="{boundary}"',
        "",
        f"--{boundary}", *_part("plain", letter.text),
        f"--{boundary}", *_part("html", letter.html),
        f"--{boundary}--",
        "",
    ]
    return "\r\n".join(lines).encode()


def parse(content: bytes) -> EmailMessage:
    """The letter that these bytes are."""
    return message_from_bytes(content, policy=default)


def _ways_out(page: str) -> list[str]:
    """How a mail program turns such letters off for its user: in one click, which RFC 8058 wants encrypted, else on the page."""
    if not page:
        return []
    one_click = ["List-Unsubscribe-Post: List-Unsubscribe=One-Click"] if page.startswith("https://") else []
    return [f"List-Unsubscribe: <{page}>", *one_click]


@lru_cache(maxsize=1_000)
def _date(at: datetime) -> str:
    """Letters of one transaction have one date."""
    return format_datetime(at.astimezone(UTC))


@lru_cache(maxsize=5_000)
def _mailbox(name: str, address: str) -> str:
    name = _CONTROL.sub(" ", name).strip()
    if not name:
        return address
    if name.isascii() and len(name) <= 60 and "=?" not in name:
        phrase = name if _PLAIN.fullmatch(name) and "." not in name else '"' + re.sub(r'(["\\])', r"\\\1", name) + '"'
        return f"{phrase}\r\n <{address}>" if len(phrase) + len(address) > 60 else f"{phrase} <{address}>"
    return f"{_encoded(name)}\r\n <{address}>"


def _words(text: str) -> str:
    text = _CONTROL.sub(" ", text)
    return text if text.isascii() and len(text) <= 68 and "=?" not in text else _encoded(text)


def _encoded(text: str) -> str:
    """As encoded words of RFC 2047, one a line, none splitting a character."""
    words, word = [], b""
    for character in text:
        octets = character.encode("utf-8", "replace")
        if len(word) + len(octets) > _WORD_BYTES:
            words.append(word)
            word = b""
        word += octets
    words.append(word)
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(word).decode()}?=" for word in words)


def _part(subtype: str, text: str) -> list[str]:
    head = f'Content-Type: text/{subtype}; charset="utf-8"'
    if subtype == "html" and _mostly_ascii(text):  # a page may name its few other characters, which spares the encoding
        text = text.encode("ascii", "xmlcharrefreplace").decode("ascii")
    if text.isascii() and max(map(len, text.split("\n"))) < _LONGEST_LINE:
        return [head, "Content-Transfer-Encoding: 7bit", "", text.replace("\n", "\r\n")]
    octets = text.encode("utf-8", "replace")
    if _mostly_ascii(text):
        quoted = binascii.b2a_qp(octets, quotetabs=False, istext=True).decode("ascii")
        return [head, "Content-Transfer-Encoding: quoted-printable", "", quoted.replace("\n", "\r\n")]
    encoded = base64.encodebytes(octets.replace(b"\n", b"\r\n")).decode("ascii")  # a line of text ends so in any encoding
    return [head, "Content-Transfer-Encoding: base64", "", encoded.replace("\n", "\r\n")]


def _mostly_ascii(text: str) -> bool:
    return len(text.encode("utf-8", "replace")) - len(text) < len(text) / 8
