"""
The building blocks of a letter: each template is written once with them, and they lay it out as HTML or as plain text.

The HTML carries its styles inline and its frame as tables, for mail programs know little else.
"""

# ruff: noqa: S704 – Markup is made here alone, of our own tags around values that went through escape()

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

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


class HtmlParts:
    """The blocks as HTML; whatever comes from outside is escaped."""

    def __init__(self, words: Mapping[str, str]) -> None:
        self._total, self._colon = words["total"], words["colon"]

    def para(self, words: Markup) -> Markup:
        """A paragraph."""
        return Markup(f'<p style="margin:0 0 16px">{words.strip()}</p>\n')

    def strong(self, words: Markup) -> Markup:
        """Words that the eye should find."""
        return Markup(f"<strong>{words}</strong>")

    def bullets(self, points: Iterable[str]) -> Markup:
        """A list of points."""
        rows = "\n".join(f'<li style="margin:0 0 8px">{escape(point)}</li>' for point in points)
        return Markup(f'<ul style="margin:0 0 16px;padding:0 0 0 20px">{rows}</ul>\n') if rows else Markup("")

    def pairs(self, pairs: Iterable[tuple[str, object]]) -> Markup:
        """Names and values below each other; a pair without a value is left out."""
        rows = "\n".join(
            f'<tr><td style="padding:4px 16px 4px 0;color:{QUIET};vertical-align:top;white-space:nowrap">{escape(name)}</td>'
            f'<td style="padding:4px 0;vertical-align:top">{escape(value)}</td></tr>'
            for name, value in pairs if value
        )
        return Markup(f'<table role="presentation" cellpadding="0" cellspacing="0" style="margin:0 0 16px">{rows}</table>\n')

    def items(self, items: Sequence[Item], total: str = "") -> Markup:
        """The lines as a table, with prices where there are any."""
        rows = "\n".join(self._row(item) for item in items)
        if total:
            rows += (
                f'<tr><td style="padding:10px 0;font-weight:600">{escape(self._total)}</td>'
                f'<td align="right" style="padding:10px 0;font-weight:600;white-space:nowrap">{escape(total)}</td></tr>'
            )
        return Markup(
            f'<table width="100%" cellpadding="0" cellspacing="0" style="margin:0 0 16px;border-top:1px solid {LINE}">{rows}</table>\n'
        )

    def _row(self, item: Item) -> str:
        note = f'<br><span style="color:{QUIET};font-size:14px">{escape(item.note)}</span>' if item.note else ""
        price = f'<br><span style="color:{QUIET};font-size:14px">{item.quantity} × {escape(item.price)}</span>' if item.price else ""
        right = escape(item.amount) if item.amount else f"× {item.quantity}"
        return (
            f'<tr><td style="{_CELL};word-break:break-word"><span dir="auto">{escape(item.name)}</span>{price}{note}</td>'
            f'<td align="right" style="{_CELL};padding-left:16px;white-space:nowrap">{right}</td></tr>'
        )

    def button(self, label: str, link: str) -> Markup:
        """The one thing to do now."""
        return Markup(
            f'<p style="margin:8px 0 24px"><a href="{escape(safe_link(link))}" style="display:inline-block;background:{ACCENT};'
            f"color:#ffffff;text-decoration:none;font-weight:600;padding:12px 24px;border-radius:6px"
            f'">{escape(label)}</a></p>\n'
        )


class TextParts:
    """The blocks as plain text, laid out to be read as it stands."""

    def __init__(self, words: Mapping[str, str]) -> None:
        self._total, self._colon = words["total"], words["colon"]

    def para(self, words: str) -> str:
        """A paragraph; the mail program breaks its lines."""
        return " ".join(words.split()) + "\n\n"

    def strong(self, words: str) -> str:
        """Words that the eye should find; plain text has no way to show it."""
        return words

    def bullets(self, points: Iterable[str]) -> str:
        """A list of points."""
        rows = "".join(f"  * {point}\n" for point in points)
        return f"{rows}\n" if rows else ""

    def pairs(self, pairs: Iterable[tuple[str, object]]) -> str:
        """Names and values below each other; a pair without a value is left out."""
        return "".join(f"  {name}{self._colon}{value}\n" for name, value in pairs if value) + "\n"

    def items(self, items: Sequence[Item], total: str = "") -> str:
        """The lines, one below the other, with prices where there are any."""
        rows = "".join(
            f"  {item.quantity} × {item.name}{f'  {item.amount}' if item.amount else ''}{f' ({item.note})' if item.note else ''}\n"
            for item in items
        )
        return f"{rows}  {self._total}{self._colon}{total}\n\n" if total else f"{rows}\n"

    def button(self, label: str, link: str) -> str:
        """The one thing to do now."""
        return f"{label}{self._colon.rstrip()}\n{safe_link(link)}\n\n"


class UnsafeLink(ValueError):
    """A letter may only link to http and https addresses."""


def safe_link(link: str) -> str:
    """The link itself. Raises UnsafeLink for anything that is no plain web address."""
    if not link.startswith(("https://", "http://")) or any(letter.isspace() for letter in link):
        raise UnsafeLink(f"A letter may only link to http and https addresses, not to {link[:80]!r}.")
    return link
