"""
The building blocks of a letter: each template is written once with them, and they lay it out as HTML and as plain text.

The HTML carries its styles inline and its frame as tables, for mail programs know little else.
"""

# ruff: noqa: S704 – Markup is made here alone, of our own tags around values that went through escape()

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import unescape

from markupsafe import Markup, escape

INK, QUIET, LINE, ACCENT = "#1f2933", "#66727f", "#e4e7eb", "#0b6e5f"
_CELL = f"padding:8px 0;border-bottom:1px solid {LINE};vertical-align:top"


@dataclass(frozen=True, slots=True)
class Item:
    """A line as a letter shows it, everything already in words; `amount` is empty where no price was stated."""

    name: str
    quantity: int
    price: str = ""
    amount: str = ""
    note: str = ""


_BLOCK, _AS_TEXT = "\x01", "\x00"
"""Stand around a block, and before its plain text; nothing that a letter tells has them in it."""


class Parts:
    """The blocks, each as HTML and as plain text at once, which `apart` takes asunder; whatever comes from outside is escaped."""

    def __init__(self, words: Mapping[str, str]) -> None:
        self._total, self._colon = words["total"], words["colon"]

    def para(self, words: Markup) -> Markup:
        """A paragraph; in plain text the mail program breaks its lines."""
        told = str(words).strip()
        return _both(f'<p style="margin:0 0 16px">{told}</p>\n', " ".join(plain(told).split()) + "\n\n")

    def strong(self, words: Markup) -> Markup:
        """Words that the eye should find; plain text has no way to show it."""
        return Markup(f"{_STRONG}{words}{_END_STRONG}")

    def bullets(self, points: Sequence[str]) -> Markup:
        """A list of points."""
        if not points:
            return Markup("")
        rows = "\n".join(f'<li style="margin:0 0 8px">{escape(point)}</li>' for point in points)
        return _both(
            f'<ul style="margin:0 0 16px;padding:0 0 0 20px">{rows}</ul>\n', "".join(f"  * {point}\n" for point in points) + "\n"
        )

    def pairs(self, pairs: Iterable[tuple[str, object]]) -> Markup:
        """Names and values below each other; a pair without a value is left out."""
        told = [(name, value) for name, value in pairs if value]
        rows = "\n".join(
            f'<tr><td style="padding:4px 16px 4px 0;color:{QUIET};vertical-align:top;white-space:nowrap">{escape(name)}</td>'
            f'<td style="padding:4px 0;vertical-align:top">{escape(value)}</td></tr>'
            for name, value in told
        )
        return _both(
            f'<table role="presentation" cellpadding="0" cellspacing="0" style="margin:0 0 16px">{rows}</table>\n',
            "".join(f"  {name}{self._colon}{value}\n" for name, value in told) + "\n",
        )

    def items(self, items: Sequence[Item], total: str = "") -> Markup:
        """The lines as a table, with prices where there are any."""
        rows, listed = "\n".join(map(_row, items)), "".join(map(_listed, items))
        if total:
            rows += (
                f'<tr><td style="padding:10px 0;font-weight:600">{escape(self._total)}</td>'
                f'<td align="right" style="padding:10px 0;font-weight:600;white-space:nowrap">{escape(total)}</td></tr>'
            )
            listed += f"  {self._total}{self._colon}{total}\n"
        return _both(
            f'<table width="100%" cellpadding="0" cellspacing="0" style="margin:0 0 16px;border-top:1px solid {LINE}">{rows}</table>\n',
            f"{listed}\n",
        )

    def button(self, label: str, link: str) -> Markup:
        """The one thing to do now."""
        return _both(
            f'<p style="margin:8px 0 24px"><a href="{escape(safe_link(link))}" style="display:inline-block;background:{ACCENT};'
            f"color:#ffffff;text-decoration:none;font-weight:600;padding:12px 24px;border-radius:6px"
            f'">{escape(label)}</a></p>\n',
            f"{label}{self._colon.rstrip()}\n{link}\n\n",
        )


def apart(told: str) -> tuple[str, str]:
    """What blocks told, as plain text and as HTML; words that stand in no block are a paragraph of the plain text."""
    text, html = [], []
    for place, piece in enumerate(told.split(_BLOCK)):
        as_html, _, as_text = piece.partition(_AS_TEXT)
        html.append(as_html)
        if place % 2:
            text.append(as_text)
        elif piece and not piece.isspace():
            text.append(" ".join(plain(piece).split()) + "\n\n")
    return "".join(text), "".join(html)


def plain(told: str) -> str:
    """What was told in HTML, as plain text."""
    words = str(told)  # a Markup would escape whatever it is asked to replace
    if _STRONG in words:
        words = words.replace(_STRONG, "").replace(_END_STRONG, "")
    return unescape(words) if "&" in words else words


_STRONG, _END_STRONG = "<strong>", "</strong>"


def _both(as_html: str, as_text: str) -> Markup:
    return Markup(f"{_BLOCK}{as_html}{_AS_TEXT}{as_text}{_BLOCK}")


def _row(item: Item) -> str:
    note = f'<br><span style="color:{QUIET};font-size:14px">{escape(item.note)}</span>' if item.note else ""
    price = f'<br><span style="color:{QUIET};font-size:14px">{item.quantity} × {escape(item.price)}</span>' if item.price else ""
    right = escape(item.amount) if item.amount else f"× {item.quantity}"
    return (
        f'<tr><td style="{_CELL};word-break:break-word"><span dir="auto">{escape(item.name)}</span>{price}{note}</td>'
        f'<td align="right" style="{_CELL};padding-left:16px;white-space:nowrap">{right}</td></tr>'
    )


def _listed(item: Item) -> str:
    return f"  {item.quantity} × {item.name}{f'  {item.amount}' if item.amount else ''}{f' ({item.note})' if item.note else ''}\n"


class UnsafeLink(ValueError):
    """A letter may only link to http and https addresses."""


def safe_link(link: str) -> str:
    """The link itself. Raises UnsafeLink for anything that is no plain web address."""
    if not link.startswith(("https://", "http://")) or link.split() != [link]:
        raise UnsafeLink(f"A letter may only link to http and https addresses, not to {link[:80]!r}.")
    return link
