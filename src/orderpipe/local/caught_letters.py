"""
The letters that the mail catcher kept, read again: for its page, for programs, and for `orderpipe mail`.
"""

from collections.abc import Mapping
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default
from html import escape
from pathlib import Path
from typing import Any

from orderpipe.local.pages import Answer, Request, data, missing, page
from orderpipe.local.shelf import Entry, Shelf, entries_in

NAME = "letters"
LABELS = ("to", "subject", "message_id")
_SANDBOX = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def entry_of(sender: str, recipients: list[str], content: bytes) -> Entry:
    """A letter as it is kept: the envelope, what lists show, and the exact bytes (one character each, as Latin-1)."""
    # the older parser is ten times as fast, and a letter is taken while the sender waits
    headers = message_from_bytes(content.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
    return {
        "from": sender, "to": recipients, "subject": _decoded(str(headers.get("Subject", ""))),
        "message_id": str(headers.get("Message-ID", "")).strip(), "raw": content.decode("latin-1"),
    }


def letters_in(folder: Path, *, limit: int = 100) -> list[dict[str, Any]]:
    """The letters in a catcher's folder, the newest first: id, at, from, to, subject, message_id, text, html."""
    return [told(entry) for entry in entries_in(folder, NAME, limit=limit)]


def told(entry: Entry) -> dict[str, Any]:
    """A kept letter in words, without its raw form."""
    letter = _parse(raw(entry))
    return head_of(entry) | {"text": _body(letter, "plain"), "html": _body(letter, "html")}


def head_of(entry: Entry) -> dict[str, Any]:
    """What lists show of a kept letter, which costs a hundredth of reading it."""
    return {name: value for name, value in entry.items() if name != "raw"}


def raw(entry: Entry) -> bytes:
    """The exact bytes of a kept letter."""
    content: str = entry["raw"]
    return content.encode("latin-1")


def answer(shelf: Shelf, request: Request) -> Answer:
    """The catcher's pages: `/`, `/letters` as JSON (with `brief` without texts), and `/letters/ID` with its `/html` and `/raw`."""
    match request.method, request.path:
        case "GET", ():
            return _overview(_found(shelf, request.query))
        case "GET", ("letters",):
            tell = head_of if "brief" in request.query else told
            found = [tell(entry) for entry in _found(shelf, request.query)]
            return data({"data": found, "next_since": max((one["id"] for one in found), default=_number(request.query, "since", 0))})
        case "GET", ("letters", number, *rest) if number.isdigit():
            entry = shelf.get(int(number))
            return _one(entry, rest) if entry else missing()
        case _:
            return missing()


def _found(shelf: Shelf, query: Mapping[str, str]) -> list[Entry]:
    to, subject = query.get("to", "").casefold(), query.get("subject", "").casefold()

    def wanted(label: Entry) -> bool:
        return to in " ".join(label["to"]).casefold() and subject in label["subject"].casefold()

    since = _number(query, "since", 0) if "since" in query else None
    return shelf.find(wanted, since=since, limit=min(_number(query, "limit", 100), 1000))


def _number(query: Mapping[str, str], name: str, otherwise: int) -> int:
    value = query.get(name, str(otherwise))
    if not value.isascii() or not value.isdigit():
        raise ValueError(f"{name} must be a number; it is {value[:40]!r}.")
    return int(value)


def _overview(entries: list[Entry]) -> Answer:
    rows = "".join(
        f'<tr><td><time>{escape(one["at"][:19].replace("T", " "))}</time><td>{escape(", ".join(one["to"]))}'
        f'<td><a href="/letters/{one["id"]}">{escape(one["subject"]) or "(no subject)"}</a>'
        for one in entries
    )
    search = '<form><input name="to" placeholder="to"> <input name="subject" placeholder="subject"> <button>Find</button></form>'
    note = '<p class="quiet">What orderpipe has sent, the newest first (UTC). As JSON: <a href="/letters">/letters</a></p>'
    return page("Letters", f"{note}{search}<table><tr><th>At<th>To<th>Subject{rows}</table>")


def _one(entry: Entry, rest: list[str]) -> Answer:
    letter = _parse(raw(entry))
    match rest:
        case []:
            return _letter_page(entry, letter)
        case ["html"]:
            shown = _body(letter, "html").replace("<head>", '<head><base target="_blank">', 1)
            return Answer(shown.encode(), headers={"Content-Security-Policy": _SANDBOX})
        case ["raw"]:
            name = f'attachment; filename="letter-{entry["id"]}.eml"'
            return Answer(raw(entry), "message/rfc822", headers={"Content-Disposition": name})
        case _:
            return missing()


def _letter_page(entry: Entry, letter: EmailMessage) -> Answer:
    headers = "".join(f"<tr><th>{escape(name)}<td>{escape(str(value))}" for name, value in letter.items())
    number = entry["id"]
    return page(entry["subject"] or "(no subject)", (
        f'<p><a href="/">All letters</a> · <a href="/letters/{number}/raw">as a file</a></p>'
        f'<iframe sandbox="allow-popups allow-popups-to-escape-sandbox" src="/letters/{number}/html" title="the letter"></iframe>'
        f'<h2>As text</h2><pre>{escape(_body(letter, "plain"))}</pre><h2>Headers</h2><table>{headers}</table>'
    ))


def _decoded(header: str) -> str:
    try:
        return " ".join(str(make_header(decode_header(header))).split())
    except (LookupError, ValueError):  # an unknown or wrongly named character set
        return header


def _parse(content: bytes) -> EmailMessage:
    return message_from_bytes(content, policy=default)


def _body(letter: EmailMessage, subtype: str) -> str:
    part = letter.get_body((subtype,))
    return str(part.get_content()).replace("\r\n", "\n") if part is not None else ""
