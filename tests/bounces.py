"""
Delivery reports as the common mail servers write them, about one letter of ours.
"""

from textwrap import dedent

LETTER = "0123456789abcdef0123456789abcdef01234567.17"
MESSAGE_ID = f"<{LETTER}@tea.example>"
TO = "nobody@customers.example"

_ORIGINAL = f"""\
    Message-ID: {MESSAGE_ID}
    From: Tea <orders@tea.example>
    To: {TO}
    Subject: A question
    """


def report(
    *, action: str = "failed", status: str = "5.1.1", diagnostic: str = "smtp; 550 5.1.1 User unknown", recipient: str = TO
) -> bytes:
    """A report as RFC 3464 has it, as Postfix and most others write it."""
    return _mail(f"""\
        Return-Path: <>
        From: MAILER-DAEMON@mx.example (Mail Delivery System)
        To: orders@tea.example
        Subject: Undelivered Mail Returned to Sender
        Auto-Submitted: auto-replied
        MIME-Version: 1.0
        Content-Type: multipart/report; report-type=delivery-status; boundary="b"
        Message-ID: <{action}.{status}.{recipient}@mx.example>

        --b
        Content-Type: text/plain

        I'm sorry to have to inform you that your message could not be delivered.

        --b
        Content-Type: message/delivery-status

        Reporting-MTA: dns; mx.example

        Final-Recipient: rfc822; {recipient}
        Action: {action}
        Status: {status}
        Diagnostic-Code: {diagnostic}

        --b
        Content-Type: text/rfc822-headers

        """, original=True, end="\n--b--\n")


def _mail(text: str, *, original: bool = False, end: str = "") -> bytes:
    return (dedent(text) + (dedent(_ORIGINAL) if original else "") + end).replace("\n", "\r\n").encode()


EXCHANGE = _mail(f"""\
    From: Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@customers.example>
    To: orders@tea.example
    Subject: Undeliverable: A question
    Auto-Submitted: auto-replied
    In-Reply-To: {MESSAGE_ID}
    References: {MESSAGE_ID}
    MIME-Version: 1.0
    Content-Type: multipart/report; report-type=delivery-status; boundary="b"

    --b
    Content-Type: text/html; charset="utf-8"

    <p>Your message to {TO} couldn't be delivered.</p>

    --b
    Content-Type: message/delivery-status

    Reporting-MTA: dns;EX01.customers.example

    Final-recipient: RFC822;{TO}
    Action: failed
    Status: 5.1.10
    Diagnostic-code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup

    --b--
    """)

QMAIL = _mail(f"""\
    From: MAILER-DAEMON@mx.example
    To: orders@tea.example
    Subject: failure notice

    Hi. This is the qmail-send program at mx.example.
    I'm afraid I wasn't able to deliver your message to the following addresses.
    This is a permanent error; I've given up. Sorry it didn't work out.

    <{TO}>:
    Sorry, no mailbox here by that name. (#5.1.1)

    --- Below this line is a copy of the message.

    """, original=True)

GMAIL = _mail(f"""\
    From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>
    To: orders@tea.example
    Auto-Submitted: auto-replied
    Subject: Delivery Status Notification (Failure)
    X-Failed-Recipients: {TO}
    References: {MESSAGE_ID}
    In-Reply-To: {MESSAGE_ID}
    MIME-Version: 1.0
    Content-Type: multipart/report; boundary="b"; report-type=delivery-status

    --b
    Content-Type: text/plain; charset="UTF-8"

    ** Address not found **

    Your message wasn't delivered to {TO} because the address couldn't be found, or is unable to receive mail.

    The response from the remote server was:
    550 5.1.1 The email account that you tried to reach does not exist.

    --b
    Content-Type: message/delivery-status

    Reporting-MTA: dns; googlemail.com
    Final-Recipient: rfc822; {TO}

    Final-Recipient: rfc822; {TO}
    Action: failed
    Status: 5.1.1
    Diagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does not exist.

    --b--
    """)

QQ = _mail(f"""\
    From: "PostMaster" <PostMaster@qq.com>
    To: orders@tea.example
    Subject: =?utf-8?B?57O757uf6YCA5L+hL1N5c3RlbXMgYm91bmNl?=
    MIME-Version: 1.0
    Content-Type: multipart/mixed; boundary="b"

    --b
    Content-Type: text/html; charset="utf-8"

    <div>很抱歉您发送的邮件被退回，以下是该邮件的相关信息：</div>
    <table><tr><td>收件人邮箱</td><td>{TO}</td></tr>
    <tr><td>退信原因</td><td>收件人邮箱（{TO}）不存在，邮件无法送达。</td></tr></table>

    --b
    Content-Type: message/rfc822

    """, original=True, end="\n--b--\n")

NETEASE = _mail(f"""\
    From: Postmaster@163.com
    To: orders@tea.example
    Subject: =?utf-8?B?57O757uf6YCA5L+h?=
    MIME-Version: 1.0
    Content-Type: multipart/report; report-type=delivery-status; boundary="b"

    --b
    Content-Type: text/html; charset=utf-8

    <p>您的邮件被退回来了。收件人：{TO}</p><p>SMTP error, RCPT TO: host mx.163.com said: 550 User not found: {TO}</p>

    --b
    Content-Type: message/delivery-status

    Reporting-MTA: dns; m12-11.163.com

    Final-Recipient: rfc822; {TO}
    Action: failed
    Status: 5.0.0
    Diagnostic-Code: smtp; SMTP error, RCPT TO: 550 User not found: {TO}

    --b
    Content-Type: message/rfc822

    """, original=True, end="\n--b--\n")

EXIM = _mail(f"""\
    Return-path: <>
    X-Failed-Recipients: {TO}
    Auto-Submitted: auto-replied
    From: Mail Delivery System <Mailer-Daemon@mx.example>
    To: orders@tea.example
    Subject: Mail delivery failed: returning message to sender

    This message was created automatically by mail delivery software.

    A message that you sent could not be delivered to one or more of its recipients. This is a permanent error.

      {TO}
        host mx.customers.example [192.0.2.1]
        SMTP error from remote mail server after RCPT TO:<{TO}>:
        550 5.1.1 <{TO}>: Recipient address rejected: User unknown

    ------ This is a copy of the message's headers. ------

    """, original=True)

PERMANENT = {
    "postfix": report(), "exchange": EXCHANGE, "qmail": QMAIL, "gmail": GMAIL, "qq": QQ, "163": NETEASE, "exim": EXIM,
}
"""Reports that the letter will never arrive, by who wrote them."""

TEMPORARY = {
    "delayed": report(action="delayed", status="4.4.1", diagnostic="smtp; 451 4.4.1 connection timed out"),
    "warned of in words": _mail(f"""\
        From: MAILER-DAEMON@mx.example
        To: orders@tea.example
        Subject: Warning: could not send message for past 4 hours

            **********************************************
            **      THIS IS A WARNING MESSAGE ONLY      **
            **  YOU DO NOT NEED TO RESEND YOUR MESSAGE  **
            **********************************************

        The original message was received at Tue, 3 Nov 2026 12:00:00 GMT

           ----- Transcript of session follows -----
        <{TO}>... Deferred: Connection timed out with mx.customers.example.
        451 4.4.1 timeout
        Message could not be delivered for 4 hours

        """, original=True),
}
"""Reports that the letter is late."""
