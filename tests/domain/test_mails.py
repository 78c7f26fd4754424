"""
Any bytes are read as a mail, and what could not be read rightly is marked.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderpipe.domain.letter_ids import letter_id, named_in, reply_address
from orderpipe.domain.mails import Mail, parse, read

KEY, FACTS = "question:17", {"link": "https://shop.example/q/secret"}


def mail(text: str, **headers: str) -> Mail:
    lines = {"From": "Ann <ann@customers.example>", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return read(parse("\r\n".join([*(f"{name}: {value}" for name, value in lines.items()), "", text]).encode("utf-8", "surrogateescape")))


def test_reads_an_ordinary_mail() -> None:
    found = mail("3\r\nThanks", Subject="=?utf-8?b?5LiJ?= pieces", Message_ID="<1@customers.example>")
    assert (found.sender, found.sender_name, found.subject) == ("ann@customers.example", "Ann", "三 pieces")
    assert (found.text, found.doubtful, found.message_id) == ("3\nThanks", "", "<1@customers.example>")


def test_knows_the_letter_it_answers_by_message_id_and_by_address() -> None:
    letter = letter_id(42, KEY, FACTS)
    for named in (mail("3", In_Reply_To=f"<{letter}@tea.example>"), mail("3", References=f"<x@y.example> <{letter}@tea.example>"),
                  mail("3", To=f"Tea <{reply_address(letter, 'reply@tea.example')}>")):
        (found,) = named.answers
        assert found.notification_id == 42
        assert found.is_proved_by(KEY, FACTS)
        assert not found.is_proved_by(KEY, {"link": "https://shop.example/q/other"})
        assert not found.is_proved_by("question:18", FACTS)


def test_an_address_for_replies_is_short_enough_for_any_server() -> None:
    address = reply_address(letter_id(10**15, KEY, FACTS), "reply@tea.example")
    assert len(address.partition("@")[0]) <= 64
    assert named_in(address)[0].notification_id == 10**15


@pytest.mark.parametrize("text", ["", "<1.17@tea.example>", "0123456789abcdef.17@x", "f" * 41 + ".17@x", "f" * 40 + ".@x"])
def test_takes_nothing_else_for_a_letter_of_ours(text: str) -> None:
    assert named_in(text) == []


@pytest.mark.parametrize(("sender", "expected"), [
    ("=?utf-8?q?office=40tea=2Eexample?= <ann@customers.example>", "ann@customers.example"),
    ('"boss@tea.example" <ann@customers.example>', "ann@customers.example"),
    ("ann@customers.example, boss@tea.example", ""),
    ("nobody", ""),
])
def test_is_not_misled_about_its_sender(sender: str, expected: str) -> None:
    assert mail("3", From=sender).sender == expected


@pytest.mark.parametrize(("charset", "octets", "text", "doubtful"), [
    ("gb2312", "镕个".encode("gbk"), "镕个", False),
    ("utf-8", "三".encode(), "三", False),
    ("utf-8", b"caf\xe9", "caf\xe9", True),
    ("x-unknown", "三".encode(), "三", False),
    ("utf-16", b"\x00", "\N{SYMBOL FOR NULL}", False),
    ("utf-8", b"3\x00", "3\N{SYMBOL FOR NULL}", False),
])
def test_reads_the_charsets_that_are_written(charset: str, octets: bytes, text: str, *, doubtful: bool) -> None:
    found = read(parse(f"From: a@b.example\r\nContent-Type: text/plain; charset={charset}\r\n\r\n".encode() + octets))
    assert (found.text, bool(found.doubtful)) == (text, doubtful)


def test_reads_a_page_as_text_with_its_quotes_marked() -> None:
    page = "<head><style>p{}</style></head><body><div>3 <b>pieces</b></div><br><blockquote><p>How many?</p></blockquote></body>"
    assert mail(page, Content_Type="text/html").text == "3 pieces\n\n> How many?"


def test_puts_lines_together_that_the_program_broke() -> None:
    assert mail("one \r\ntwo\r\n-- \r\nAnn", Content_Type="text/plain; format=flowed").text == "one two\n-- \nAnn"


@pytest.mark.parametrize("body", [
    "--b\r\nContent-Type: text/plain\r\n\r\n3\r\n"
    "--b\r\nContent-Type: application/ms-tnef\r\nContent-Disposition: attachment\r\n\r\nx\r\n--b--",
    "--b\r\nContent-Type: text/plain\r\n\r\n3\r\n",
    "no part at all",
])
def test_marks_what_may_say_more_than_its_words(body: str) -> None:
    assert mail(body, Content_Type="multipart/mixed; boundary=b").doubtful


def test_marks_a_sender_that_the_server_did_not_believe() -> None:
    assert "forged" in mail("3", Authentication_Results="mx.example; spf=pass; dmarc=fail").doubtful
    assert not mail("3", Authentication_Results="mx.example; spf=pass; dmarc=pass").doubtful


def test_does_not_take_the_words_of_a_forwarded_mail_for_the_writers_own() -> None:
    body = "--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: x@y.example\r\n\r\ncancel\r\n--b--"
    found = mail(body, Content_Type="multipart/mixed; boundary=b")
    assert (found.text, bool(found.doubtful)) == ("", True)


@given(st.binary(max_size=2_000))
def test_reads_any_bytes(raw: bytes) -> None:
    found = read(parse(raw))
    assert "\0" not in found.text + found.subject + found.sender + found.sender_name + found.message_id
