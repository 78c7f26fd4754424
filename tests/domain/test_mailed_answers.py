"""
A reply counts as an answer where it leaves no doubt; everything else is left to a person.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderpipe.domain.mailed_answers import Point, understood
from orderpipe.domain.queries import Answer

QUANTITY = Point("quantity-not-positive", "/lines/0/quantity", -2, [("2", 2)])
TOTAL = Point("totals-differ", "/total", "34.50", [("€35.40", "35.40")], confirmable=True)
PAYMENT = Point("payment-method-missing", "/payment_method", "", [("on account, by invoice", "invoice"), ("in advance", "prepaid")])
PRODUCT = Point("product-unknown", "/lines/0/sku", "TEA-l", [("TEA-1", "TEA-1"), ("TEA-7", "TEA-7")])
CONTACT = Point("contact-missing", "/customer", {"email": "maria@", "phone": ""})
ADDRESS = Point("address-missing", "/ship_to", countries={"germany": "DE", "德国": "DE"})
POSTAL_CODE = Point("address-missing", "/ship_to/postal_code", "")
DESCRIPTION = Point("description-missing", "/lines/1/description", "")
NAME = Point("name-missing", "/customer/name", "")
NAMES = ["Ann Ok", "Ann", "Tea & Sons"]


@pytest.mark.parametrize(("words", "point", "expected"), [
    ("3", QUANTITY, {"/lines/0/quantity": 3}),
    ("３", QUANTITY, {"/lines/0/quantity": 3}),
    ("3 pieces.", QUANTITY, {"/lines/0/quantity": 3}),
    ("3个", QUANTITY, {"/lines/0/quantity": 3}),
    ("Hello Tea & Sons,\n\n3\n\nThanks!\nAnn", QUANTITY, {"/lines/0/quantity": 3}),
    ("您好：\n3\n谢谢", QUANTITY, {"/lines/0/quantity": 3}),
    ("35.40", TOTAL, {"/total": "35.40"}),
    ("35,40 EUR", TOTAL, {"/total": "35.40"}),
    ("€35.40", TOTAL, {"/total": "35.40"}),
    ("On account, by invoice.", PAYMENT, {"/payment_method": "invoice"}),
    ("invoice", PAYMENT, {"/payment_method": "invoice"}),
    ("TEA-7", PRODUCT, {"/lines/0/sku": "TEA-7"}),
    ("maria@customers.example.com", CONTACT, {"/customer/email": "maria@customers.example.com"}),
    ("+44 20 7946 0123", CONTACT, {"/customer/phone": "+44 20 7946 0123"}),
    ("maria@customers.example.com\n+44 20 7946 0123", CONTACT,
     {"/customer/email": "maria@customers.example.com", "/customer/phone": "+44 20 7946 0123"}),
    ("10827", POSTAL_CODE, {"/ship_to/postal_code": "10827"}),
    ("Street: Hauptstr. 1\nCity: Berlin\nPostal code: 10827\nCountry: Germany", ADDRESS,
     {"/ship_to": {"line1": "Hauptstr. 1", "city": "Berlin", "postal_code": "10827", "country": "DE"}}),
    ("地址：中山路1号\n城市：上海\n邮编：200000\n国家：德国", ADDRESS,
     {"/ship_to": {"line1": "中山路1号", "city": "上海", "postal_code": "200000", "country": "DE"}}),
    ("City: Berlin", Point("address-missing", "/ship_to/city"), {"/ship_to/city": "Berlin"}),
])
def test_understands_what_leaves_no_doubt(words: str, point: Point, expected: dict[str, object]) -> None:
    assert understood(words, [point], NAMES) == Answer(expected)


@pytest.mark.parametrize("words", ["yes", "Yes, please!", "confirmed", "是的。", "确认", "34.50", "34,50 €"])
def test_takes_a_yes_where_what_stands_may_be_right(words: str) -> None:
    assert understood(words, [TOTAL]) == Answer({}, frozenset({"totals-differ /total"}))


@pytest.mark.parametrize("words", ["cancel", "Please cancel my order.", "取消", "请取消订单。", "Hi,\ncancel\nThanks\nAnn Ok"])
@pytest.mark.parametrize("points", [[QUANTITY], [TOTAL, PAYMENT]])
def test_takes_a_cancellation_that_is_the_whole_answer(words: str, points: list[Point]) -> None:
    assert understood(words, points, NAMES) == Answer({}, cancel=True)


@pytest.mark.parametrize(("words", "point"), [
    ("", QUANTITY), ("yes", QUANTITY), ("about 3", QUANTITY), ("3 or 4", QUANTITY), ("-3", QUANTITY), ("3.5", QUANTITY),
    ("three", QUANTITY),
    ("3\nbut only the blue ones", QUANTITY), ("3\nThanks\nbut only if it is blue", QUANTITY), ("Hi cancel the other one\n3", QUANTITY),
    ("1,000", QUANTITY), ("33333333", QUANTITY), ("cancel one of them", QUANTITY), ("do not cancel", QUANTITY), ("no", TOTAL),
    ("36.00", TOTAL), ("yes", PAYMENT), ("by invoice or in advance", PAYMENT), ("the first", PRODUCT), ("yes", PRODUCT),
    ("TEA-1 or TEA-7", PRODUCT), ("anything you have", PRODUCT), ("maria@", CONTACT), ("call me", CONTACT),
    ("a@customers.example.com\nb@customers.example.com", CONTACT), ("Hauptstr. 1, 10827 Berlin", ADDRESS),
    ("City: Berlin\nCity: Paris", ADDRESS), ("City: Berlin\nplease ring twice", ADDRESS), ("the large blue one", DESCRIPTION),
    ("Maria Müller", NAME), ("Thanks", QUANTITY), ("1. 3", QUANTITY),
])
def test_leaves_the_rest_to_a_person(words: str, point: Point) -> None:
    assert understood(words, [point], NAMES) is None


def test_answers_several_points_by_their_numbers() -> None:
    expected = Answer({"/lines/0/quantity": 3, "/payment_method": "invoice"}, frozenset({"totals-differ /total"}))
    assert understood("1. 3\n2) invoice\n3: yes", [QUANTITY, PAYMENT, TOTAL]) == expected
    assert understood("2、invoice\n1、3件\n3、是的", [QUANTITY, PAYMENT, TOTAL]) == expected


@pytest.mark.parametrize("words", [
    "3\ninvoice", "1. 3", "1. 3\n2. perhaps", "1. 3\n1. 4", "1. 3\n2. invoice\nand hurry", "1. 3\n3. invoice", "yes", "1. 3 2. invoice",
])
def test_leaves_several_points_to_a_person_unless_each_is_clear(words: str) -> None:
    assert understood(words, [QUANTITY, PAYMENT]) is None


@given(st.text(), st.sampled_from([QUANTITY, TOTAL, PAYMENT, PRODUCT, CONTACT, ADDRESS, POSTAL_CODE, DESCRIPTION, NAME]))
def test_reads_whatever_is_written(words: str, point: Point) -> None:
    answer = understood(words, [point], NAMES)
    assert answer is None or answer.changes or answer.confirmed or answer.cancel
