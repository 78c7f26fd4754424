"""
Delivery reports of many mail servers are understood, and what else machines write is known as theirs.
"""

import pytest

from orderpipe.domain.bounces import Bounce, automatic, bounce_of
from orderpipe.domain.letter_ids import Named
from orderpipe.domain.mails import parse
from tests.bounces import LETTER, PERMANENT, TEMPORARY, TO, report

PROOF, _, NUMBER = LETTER.partition(".")


def understood(raw: bytes) -> Bounce:
    bounce = bounce_of(parse(raw))
    assert bounce is not None
    return bounce


@pytest.mark.parametrize("server", PERMANENT)
def test_knows_the_letter_that_will_never_arrive(server: str) -> None:
    bounce = understood(PERMANENT[server])
    assert (bounce.failed, bounce.condemns_the_address) == (True, True)
    if server != "exchange":
        assert Named(int(NUMBER), PROOF) in bounce.letters
    assert bounce.recipients <= {TO}
    assert bounce.reason


@pytest.mark.parametrize("kind", TEMPORARY)
def test_tells_a_late_letter_from_a_lost_one(kind: str) -> None:
    bounce = understood(TEMPORARY[kind])
    assert (bounce.failed, bounce.condemns_the_address) == (False, False)


def test_does_not_condemn_an_address_for_a_server_that_was_away() -> None:
    bounce = understood(report(action="failed", status="4.4.7", diagnostic="smtp; 451 4.4.7 message expired"))
    assert (bounce.failed, bounce.condemns_the_address, bounce.status) == (True, False, "4.4.7")
    assert "expired" in bounce.reason


@pytest.mark.parametrize("action", ["delivered", "relayed", "expanded"])
def test_takes_no_good_news_for_bad(action: str) -> None:
    assert bounce_of(parse(report(action=action, status="2.0.0", diagnostic="smtp; 250 ok"))) is None


@pytest.mark.parametrize("raw", [
    b"From: ann@customers.example\r\nSubject: Re: A question\r\n\r\nYour letter said: 550 5.1.1 User unknown. What is that?",
    b"From: postmaster@customers.example\r\nSubject: Re: A question\r\n\r\n3",
    b"", b"\xff\xfe\x00", b"Content-Type: message/delivery-status\r\n\r\nnothing here",
])
def test_takes_nothing_else_for_a_report(raw: bytes) -> None:
    assert bounce_of(parse(raw)) is None


@pytest.mark.parametrize("headers", [
    b"Auto-Submitted: auto-replied", b"Auto-Submitted: auto-generated (rejected)", b"X-Auto-Response-Suppress: All",
    b"Precedence: bulk", b"Precedence: auto_reply", b"X-Autoreply: yes", b"List-Id: <news.example>", b"Return-Path: <>",
    b"Subject: Out of office: back on Monday", b"Subject: Automatic reply: A question",
    b"Subject: =?utf-8?B?6Ieq5Yqo5Zue5aSNOiDkvaDlpb0=?=",
    b"Content-Type: multipart/report; report-type=disposition-notification; boundary=b",
])
def test_knows_what_a_machine_wrote(headers: bytes) -> None:
    assert automatic(parse(b"From: ann@customers.example\r\n" + headers + b"\r\n\r\nI am away."))


@pytest.mark.parametrize("headers", [b"Auto-Submitted: no", b"Subject: Re: automatic teapots", b"Return-Path: <ann@customers.example>"])
def test_knows_what_a_person_wrote(headers: bytes) -> None:
    assert automatic(parse(b"From: ann@customers.example\r\n" + headers + b"\r\n\r\n3")) == ""
