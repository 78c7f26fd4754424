"""
Text messages through any provider that Apprise knows, for customers who left a telephone number only.
"""

import logging
from urllib.parse import quote

import apprise
import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

from orderpipe.channels.letters import render_sms
from orderpipe.channels.outlets import Accepted, BadRecipient, Outcome, Parcel, Postponed, Unavailable
from orderpipe.domain.notices import Leased, Order


class SmsOutlet:
    """Sends text messages; in the provider's `url` {to} stands for the recipient's number, as +447700900123."""

    def __init__(self, url: str) -> None:
        self._url = url

    def write(self, notice: Leased, order: Order) -> Parcel:
        """The message, to the number in international form."""
        return write_sms(notice, order)

    def deliver(self, parcel: Parcel) -> Outcome:
        """Hand it to the provider, and say what became of it."""
        provider = apprise.Apprise()
        if not provider.add(self._url.replace("{to}", quote(parcel.recipient, safe=""))):
            return Unavailable("ORDERPIPE_SMS_URL is no address that Apprise can use.", 600)
        with apprise.LogCapture(level=logging.WARNING, fmt="%(message)s") as log:  # type: ignore[no-untyped-call]
            taken = provider.notify(body=parcel.content.decode(), body_format=apprise.NotifyFormat.TEXT)
            complaint = " ".join(log.getvalue().split())
        if taken:
            return Accepted("taken by the SMS provider")
        if "connection error" in complaint.casefold():
            return Unavailable(f"The SMS provider cannot be reached: {complaint}")
        return Postponed(f"The SMS provider did not take the message: {complaint}")

    def close(self) -> None:
        """Nothing is kept open."""


def write_sms(notice: Leased, order: Order) -> Parcel:
    """The message as bytes. Raises BadRecipient and what `render_sms` raises."""
    return Parcel("", telephone_number(notice.recipient, order.country), render_sms(notice, order).encode())


def telephone_number(text: str, country: str) -> str:
    """The number as +447700900123, one without a country taken as one of `country` (ISO 3166-1 alpha-2). Raises BadRecipient."""
    try:
        number = phonenumbers.parse(text, country or None)
    except NumberParseException as error:
        raise BadRecipient(f"This is no telephone number, {text[:40]!r}: {error}") from error
    if not phonenumbers.is_possible_number(number):
        raise BadRecipient(f"There can be no telephone number {text[:40]!r}.")
    return str(phonenumbers.format_number(number, PhoneNumberFormat.E164))
