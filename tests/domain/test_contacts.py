"""
Ways to reach a customer, judged by their form.
"""

import json
from xml.etree import ElementTree

import phonenumbers
import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from orderpipe.domain.contacts import blank, channel_of, email_problem, international, phone_problem, sms_number
from tests.needs import require


def _is_valid(email: str) -> bool:
    try:
        validate_email(email, check_deliverability=False)
    except EmailNotValidError:
        return False
    return True


@pytest.mark.parametrize("email", ["jane@shop.example", "j.doe+orders@mail.shop-one.co.uk", "李@例子.广告", "o'hara@shop.ie"])
def test_takes_good_addresses(email: str) -> None:
    assert email_problem(email) is None


@pytest.mark.parametrize(
    "email",
    [
        "", "jane", "jane@", "@shop.com", "jane@shop", "jane..doe@shop.com", "jane@shop..com", "jane@-shop.com", "jane@shop.com\n",
        "jane@shop.test", "jane@localhost", "a@b.com, c@d.com", "jane@shop.com\r\nBcc: x@y.com",
        "jane@" + "a" * 300 + ".com",
    ],
)
def test_says_what_is_wrong_with_an_address(email: str) -> None:
    assert (email_problem(email) or "").endswith(".")


parts = st.text("abcAZ09._%+-@xn", max_size=70)


@given(st.builds("{}@{}.{}".format, parts, parts, st.sampled_from(["com", "co.uk", "test", "local", "x", "c0m", "-a"])))
def test_takes_no_address_quickly_that_the_full_check_refuses(email: str) -> None:
    assert (email_problem(email) is None) == _is_valid(email)


def test_agrees_with_the_full_check_on_a_collection_of_odd_addresses() -> None:
    tree = ElementTree.parse(require("real-data") / "email_addresses" / "tests.xml")
    addresses = [test.findtext("address") or "" for test in tree.iter("test")]
    assert len(addresses) > 100
    for address in addresses:
        assert (email_problem(address) is None) == (len(address) <= 254 and _is_valid(address))


def test_takes_a_mobile_number_of_every_region() -> None:
    numbers = json.loads((require("real-data") / "phone" / "examples.mobile.json").read_text())
    unreachable = {region: number for region, number in numbers.items() if not international(number, region)}
    assert len(unreachable) <= 3, unreachable


@pytest.mark.parametrize("phone", ["", "12", "+44", "call me", "+999 123456", "0" * 5000, "+44 20 7946 09581234"])
def test_says_that_nobody_can_be_called_at_such_a_number(phone: str) -> None:
    assert phone_problem(phone, "GB")


def test_reads_a_number_without_country_code_as_one_of_the_given_country() -> None:
    assert international("(020) 7946-0958", "GB") == "+442079460958"
    assert international("138 1234 5678", "CN") == "+8613812345678"
    assert phone_problem("020 7946 0958", "")


def test_writes_by_mail_before_message_and_never_to_a_landline() -> None:
    mobile, landline = "+44 7400 123456", "+44 20 7946 0958"
    assert channel_of({"email": "jane@shop.example", "phone": mobile}, "GB") == "email"
    assert channel_of({"email": "jane@", "phone": mobile}, "GB") == "sms"
    assert channel_of({"phone": landline}, "GB") == ""
    assert channel_of({}, "GB") == ""
    assert sms_number(mobile, "GB") == "+447400123456"
    assert sms_number(landline, "GB") == ""


@given(st.text(max_size=60), st.sampled_from(["GB", "CN", "", "ZZ"]))
def test_takes_any_text_for_a_number_without_falling_over(phone: str, country: str) -> None:
    number = international(phone, country)
    assert number == "" or phonenumbers.is_valid_number(phonenumbers.parse(number))


@given(st.text(max_size=20))
def test_calls_blank_only_what_shows_nothing(text: str) -> None:
    assert not blank(text + "x")
    assert blank("\u200b \t" + "\x00")
