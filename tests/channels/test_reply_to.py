"""
Where customers' replies go: each letter has an address of its own when the installation has one for replies.
"""

import pytest

from orderpipe.channels.email import write_mail
from orderpipe.channels.mime import parse
from orderpipe.channels.samples import ORDER, notice
from orderpipe.domain.letter_ids import letter_id, named_in


@pytest.mark.parametrize(("kind", "has_one"), [("question", True), ("office-parked", False)])
def test_customers_reply_to_an_address_that_tells_the_letter(kind: str, *, has_one: bool) -> None:
    told = notice(kind)
    message = parse(write_mail(told, ORDER, default_from="orders@tea.example", replies="reply@tea.example").content)
    assert (message["Reply-To"] is not None) == has_one
    named = named_in(f"{message['Message-ID']} {message['Reply-To'] or ''}")
    assert len(named) == 1 + has_one
    assert all(one.notification_id == told.id and one.is_proved_by(told.dedupe_key, told.facts) for one in named)


def test_replies_go_to_the_sender_where_there_is_no_such_address() -> None:
    told = notice("question")
    message = parse(write_mail(told, ORDER, default_from="orders@tea.example").content)
    assert message["Reply-To"] is None
    assert str(message["Message-ID"]) == f"<{letter_id(told.id, told.dedupe_key, told.facts)}@tea.example>"
