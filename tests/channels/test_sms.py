"""
Text messages through Apprise, over real HTTP.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from orderpipe.channels.outlets import Accepted, BadRecipient, Parcel, Postponed, Unavailable
from orderpipe.channels.samples import CHINESE_ORDER, notice
from orderpipe.channels.sms import SmsOutlet, telephone_number
from orderpipe.local.ports import free_port
from orderpipe.local.sms_catcher import SmsCatcher, messages_in

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # Apprise asks for it while it loads


def test_sends_to_the_number_in_international_form(tmp_path: Path) -> None:
    with SmsCatcher(tmp_path) as catcher:
        outlet = SmsOutlet(catcher.sms_url)
        leased = replace(notice("shipped", language="zh", channel="sms"), recipient="138 0013 8000")
        assert outlet.deliver(outlet.write(leased, replace(CHINESE_ORDER, country="CN"))) == Accepted("taken by the SMS provider")
        (message,) = messages_in(tmp_path)
    assert message["to"] == "+8613800138000"
    assert message["text"].startswith("【清风茶庄】订单100042-7已发货")


def test_puts_the_number_into_the_query_as_well(tmp_path: Path) -> None:
    with SmsCatcher(tmp_path) as catcher:
        url = f"json://127.0.0.1:{catcher.http_port}/sms?-to={{to}}"
        assert isinstance(SmsOutlet(url).deliver(Parcel("", "+4917012345678", b"Hello")), Accepted)
    assert messages_in(tmp_path)[0]["to"] == "+4917012345678"


def test_tells_a_refusal_from_an_outage(tmp_path: Path) -> None:
    with SmsCatcher(tmp_path) as catcher:
        refused = SmsOutlet(catcher.sms_url).deliver(Parcel("", "+49170123450450", b"Hello"))
        assert isinstance(refused, Postponed)
        assert "450" in refused.reason
    down = SmsOutlet(f"json://127.0.0.1:{free_port()}/sms?:to={{to}}").deliver(Parcel("", "+4917012345678", b"Hello"))
    assert isinstance(down, Unavailable)
    assert isinstance(SmsOutlet("nonsense://{to}").deliver(Parcel("", "+4917012345678", b"Hello")), Unavailable)


@pytest.mark.parametrize(("text", "country", "number"), [
    ("020 7946 0123", "GB", "+442079460123"), ("+49 (170) 1234567", "GB", "+491701234567"), ("0170/1234567", "DE", "+491701234567"),
])
def test_understands_numbers_as_people_write_them(text: str, country: str, number: str) -> None:
    assert telephone_number(text, country) == number


@pytest.mark.parametrize("text", ["", "call me", "12", "+999123", "1" * 40])
def test_says_what_is_no_number(text: str) -> None:
    with pytest.raises(BadRecipient):
        telephone_number(text, "GB")
