"""
Alarms to staff by whatever Apprise knows: DingTalk, WeCom, Feishu, Slack, Telegram, ntfy and many more, each by its own URL.
"""

import logging

import apprise

from orderpipe.channels.letters import render_mail
from orderpipe.channels.outlets import Accepted, BadRecipient, Outcome, Parcel, Postponed
from orderpipe.domain.notices import Leased, Order


class ChatOutlet:
    """Hands a letter's subject and plain text to the service behind the recipient's Apprise URL."""

    def write(self, notice: Leased, order: Order) -> Parcel:
        """The letter as plain text, the subject on its first line. Raises BadRecipient and what `render_mail` raises."""
        if not is_chat(notice.recipient):
            raise BadRecipient("This is no URL that Apprise knows.")  # it may hold a secret, so it is not said here
        letter = render_mail(notice, order)
        return Parcel("", notice.recipient, f"{letter.subject}\n\n{letter.text}".encode())

    def deliver(self, parcel: Parcel) -> Outcome:
        """Hand it to the service, and say what became of it."""
        service = apprise.Apprise()
        if not service.add(parcel.recipient):
            return Postponed("This is no URL that Apprise knows.")
        title, _, body = parcel.content.decode().partition("\n\n")
        with apprise.LogCapture(level=logging.WARNING, fmt="%(message)s") as log:  # type: ignore[no-untyped-call]
            taken = service.notify(title=title, body=body, body_format=apprise.NotifyFormat.TEXT)
            complaint = " ".join(log.getvalue().split())
        return Accepted("taken by the service") if taken else Postponed(f"The service did not take the message: {complaint}")

    def close(self) -> None:
        """Nothing is kept open."""


def is_chat(url: str) -> bool:
    """Whether this is a URL that Apprise can send to."""
    return "://" in url and apprise.Apprise().add(url)
