"""
Letters as bytes: Python's own parser reads back exactly what was put in, and no name breaks out of its header.
"""

from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.utils import parseaddr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orderpipe.channels.letters import Letter
from orderpipe.channels.mime import Head, compose, parse

AT = datetime(2026, 11, 3, 12, tzinfo=UTC)
NAMES = [
    "", "Maria", "María Müller", 'O"Neill \\ Sons, Ltd.', "李伟", "a@b.example", "x" * 200, "=?utf-8?q?trick?=", "(comment) <x@y>",
    "\U0001f3f3\ufe0f" * 30,
]


def written(letter: Letter, *, name: str = "Maria", key: str = "key") -> bytes:
    return compose(letter, Head("orders@shop.example", name, "maria@customers.example", name, key, AT))


@pytest.mark.parametrize("name", NAMES)
def test_writes_names_so_that_others_read_them(name: str) -> None:
    content = written(Letter("Subject", "text", "<p>html</p>"), name=name)
    message = parse(content)
    assert message["From"].addresses[0].addr_spec == "orders@shop.example"
    if name.isascii() and len(name) < 50 and "=?" not in name:
        assert message["To"].addresses[0].display_name == name
    # Python's newer parser leaves blanks between the encoded words of a phrase, which RFC 2047 takes out
    decoded = str(make_header(decode_header(message_from_bytes(content)["To"])))
    assert parseaddr(decoded)[0] == name or decoded.startswith(name)
    assert message["To"].addresses[0].addr_spec == "maria@customers.example"
    assert content.isascii()
    assert max(map(len, content.split(b"\r\n"))) <= 998


def test_lets_no_name_and_no_subject_add_a_header() -> None:
    evil = "Maria\r\nBcc: all@customers.example\r\n\r\nbody"
    message = parse(written(Letter(evil, "text", "html"), name=evil))
    assert sorted(message.keys()) == sorted([
        "Date", "From", "To", "Subject", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress", "MIME-Version", "Content-Type",
    ])
    assert message["Subject"] == "Maria Bcc: all@customers.example body"


@pytest.mark.parametrize(("page", "listed", "one_click"), [
    ("https://a.example/u/x", "<https://a.example/u/x>", "List-Unsubscribe=One-Click"),
    ("http://a.example/u/x", "<http://a.example/u/x>", None),  # a click that anybody on the way could make is none
    ("", None, None),
])
def test_gives_mail_programs_their_button(page: str, listed: str | None, one_click: str | None) -> None:
    head = Head("orders@shop.example", "Shop", "maria@customers.example", "Maria", "key", AT, unsubscribe=page)
    message = parse(compose(Letter("Subject", "text", "html"), head))
    assert (message["List-Unsubscribe"], message["List-Unsubscribe-Post"]) == (listed, one_click)


def test_has_one_message_id_for_one_key() -> None:
    letter = Letter("Subject", "text", "html")
    first, again, other = (parse(written(letter, key=key))["Message-ID"] for key in ("one", "one", "two"))
    assert first == again != other
    assert first.endswith("@shop.example>")
    assert parse(written(letter))["Auto-Submitted"] == "auto-generated"
    assert parse(written(letter))["Date"].datetime == AT


def _ascii(page: str) -> bytes:
    """Whether a page says a character or names it by its number is the same to whoever reads it."""
    return page.encode("ascii", "xmlcharrefreplace")


ANYTHING = st.characters(exclude_categories=["Cs"], exclude_characters="\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029\0")
TEXT = st.text(ANYTHING, max_size=300) | st.text("ab =.<\n", max_size=300) | st.text("abcdefghijklmnop \né", max_size=300)
"""Each of the three encodings comes up often: ASCII alone needs none."""
ONE_LINE = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]), min_size=1, max_size=120)


@settings(max_examples=150, deadline=None)
@given(subject=ONE_LINE, text=TEXT, html=TEXT)
def test_reads_back_whatever_was_written(subject: str, text: str, html: str) -> None:
    content = written(Letter(subject, text, html))
    assert b"\n" not in content.replace(b"\r\n", b"")
    message = parse(content)
    assert str(message["Subject"]) == subject
    plain, page = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert page is not None
    assert plain.get_content() == text.replace("\n", "\r\n")
    assert _ascii(page.get_content()) == _ascii(html.replace("\n", "\r\n"))
    assert not plain.defects
