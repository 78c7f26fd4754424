"""
Which way out the settings name for e-mail and for SMS, beside chats; one that is missing or unusable lets everything wait with the reason.
"""

from functools import partial

from orderpipe.channels.chat import ChatOutlet
from orderpipe.channels.email import MailOutlet, write_mail
from orderpipe.channels.outlets import BadOutlet, Closed, Outlet, Sink
from orderpipe.channels.sms import SmsOutlet, write_sms
from orderpipe.channels.smtp import MailServer
from orderpipe.domain.notices import CHAT, Channel

NOWHERE = "null:"
"""As a server's address: everything is written and then thrown away, for measuring."""


def open_outlet(channel: str, *, smtp_url: str, mail_from: str, sms_url: str, replies: str = "") -> Outlet:
    """The way out for this channel, not connected yet; `replies` as for `write_mail`."""
    if channel == CHAT:
        return ChatOutlet()
    try:
        return _email(smtp_url, mail_from, replies) if channel == Channel.EMAIL else _sms(sms_url)
    except BadOutlet as reason:
        return Closed(str(reason))


def _email(url: str, mail_from: str, replies: str) -> Outlet:
    if not url:
        return Closed("No mail server is set up: ORDERPIPE_SMTP_URL is empty.")
    if url == NOWHERE:
        return Sink(partial(write_mail, default_from=mail_from, replies=replies))
    return MailOutlet(MailServer.at(url), mail_from, replies=replies)


def _sms(url: str) -> Outlet:
    if not url:
        return Closed("No SMS provider is set up: ORDERPIPE_SMS_URL is empty.")
    return Sink(write_sms) if url == NOWHERE else SmsOutlet(url)
