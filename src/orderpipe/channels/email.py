"""
Letters by e-mail: in the shop's name, to one recipient, with what the customer is to know as text and HTML.
"""

import re
import time
from collections.abc import Callable
from email.utils import parseaddr
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

from orderpipe.channels.letters import render_mail
from orderpipe.channels.mime import Head, compose
from orderpipe.channels.outlets import BadOutlet, BadRecipient, Outcome, Parcel
from orderpipe.channels.smtp import MailServer, Postbox
from orderpipe.channels.views import clean
from orderpipe.domain.decisions import Audience
from orderpipe.domain.letter_ids import letter_id, reply_address
from orderpipe.domain.notices import Leased, Order


class MailOutlet:
    """Writes letters and hands them to one mail server."""

    def __init__(
        self, server: MailServer, default_from: str, *, replies: str = "", clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._postbox = Postbox(server, clock=clock)
        self._default_from, self._replies = default_from, replies

    def write(self, notice: Leased, order: Order) -> Parcel:
        """The letter as it will travel."""
        return write_mail(notice, order, default_from=self._default_from, replies=self._replies)

    def deliver(self, parcel: Parcel) -> Outcome:
        """Hand it over, and say what became of it."""
        return self._postbox.deliver(parcel)

    def close(self) -> None:
        """Say good-bye to the server."""
        self._postbox.close()


def write_mail(notice: Leased, order: Order, *, default_from: str, replies: str = "") -> Parcel:
    """
    The letter as bytes, from the shop's own address if it has a usable one, else from `default_from`; a customer answers it at an address
    of its own below `replies`, "" at the sender's.

    Raises BadRecipient, BadOutlet when not even `default_from` is an address, and what `render_mail` raises.
    """
    recipient = recipient_address(notice.recipient)
    name, sender = _sender(order.mail_from) or _sender(default_from) or ("", "")
    if not sender:
        raise BadOutlet(f"ORDERPIPE_MAIL_FROM is no e-mail address: {default_from!r}.")
    addressee = order.customer.get("name") or "" if notice.audience == Audience.CUSTOMER else ""
    letter = letter_id(notice.id, notice.dedupe_key, notice.facts)
    reply_to = reply_address(letter, replies) if replies and notice.audience == Audience.CUSTOMER else ""
    head = Head(
        sender, clean(name or order.shop_name, 100), recipient, clean(addressee, 100), letter, notice.created_at, reply_to,
        notice.unsubscribe,
    )
    return Parcel(sender, recipient, compose(render_mail(notice, order), head))


_ATOM, _LABEL = r"[A-Za-z0-9_%+=-]{1,30}", r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ORDINARY = re.compile(rf"{_ATOM}(?:\.{_ATOM})?@(?:{_LABEL}\.){{1,3}}[A-Za-z]{{2,20}}")


@lru_cache(maxsize=5_000)
def recipient_address(text: str) -> str:
    """The address as mail servers want it, an international domain as punycode. Raises BadRecipient."""
    if _ORDINARY.fullmatch(text):  # nearly all of them; the whole rules take fifty times as long
        return text
    try:
        checked = validate_email(text.strip(), check_deliverability=False, globally_deliverable=False, allow_quoted_local=True)
    except EmailNotValidError as error:
        raise BadRecipient(f"This is no e-mail address, {text[:80]!r}: {error}") from error
    return checked.ascii_email or f"{checked.local_part}@{checked.ascii_domain}"


@lru_cache(maxsize=2_000)
def _sender(text: str) -> tuple[str, str] | None:
    """Name and address of `orders@shop.example` or `Shop <orders@shop.example>`, None where there is no address in it."""
    name, address = parseaddr(text)
    try:
        return name, recipient_address(address)
    except BadRecipient:
        return None
