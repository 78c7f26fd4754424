"""
Alarms to a chat through Apprise, over real HTTP.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from orderpipe.channels.chat import ChatOutlet, is_chat
from orderpipe.channels.outlets import Accepted, BadRecipient, Postponed
from orderpipe.channels.samples import ORDER, notice
from orderpipe.local.ports import free_port
from orderpipe.local.sms_catcher import SmsCatcher, messages_in

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # Apprise asks for it while it loads


def test_says_the_letter_s_subject_and_text(tmp_path: Path) -> None:
    with SmsCatcher(tmp_path) as catcher:
        url = f"json://127.0.0.1:{catcher.http_port}/sms?-to=%2B4917012345678"
        leased = replace(notice("office-target-breached", channel="chat"), recipient=url)
        outlet = ChatOutlet()
        assert outlet.deliver(outlet.write(leased, ORDER)) == Accepted("taken by the service")
        (message,) = messages_in(tmp_path)
    assert "312 orders at main are overdue" in message["text"]
    assert "orderpipe target ack A-12" in message["text"]


def test_tries_again_what_the_service_does_not_take() -> None:
    leased = replace(notice("office-target-breached", channel="chat"), recipient=f"json://127.0.0.1:{free_port()}/")
    outlet = ChatOutlet()
    assert isinstance(outlet.deliver(outlet.write(leased, ORDER)), Postponed)


@pytest.mark.parametrize("url", [
    "dingtalk://0123456789abcdef0123456789abcdef", "wecombot://0123456789abcdef0123456789abcdef", "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ",
    "feishu://0123456789abcdef",
])
def test_knows_the_services_that_offices_use(url: str) -> None:
    assert is_chat(url)


def test_never_says_the_url_which_may_hold_a_secret() -> None:
    leased = replace(notice("office-target-breached", channel="chat"), recipient="nonsense://secret")
    with pytest.raises(BadRecipient) as refused:
        ChatOutlet().write(leased, ORDER)
    assert "secret" not in str(refused.value)
    assert not is_chat("nonsense://secret")
