"""
Letters: complete in each language, readable as text, harmless as HTML, and short as a text message.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from jinja2.exceptions import UndefinedError

from orderpipe import flow
from orderpipe.channels import letters
from orderpipe.channels.parts import UnsafeLink
from orderpipe.channels.samples import FACTS, LINK, ORDER, ORDERS, VARIANTS, notice, sample
from orderpipe.channels.wording import LANGUAGES, phrases_of, wording
from orderpipe.domain.cases import paragraphs
from orderpipe.domain.kinds import KINDS, OPTIONAL
from orderpipe.domain.notices import Order, OrderedLine
from tests.needs import require

EVERY_DOUBT = [
    {"rule": "name-missing", "field": "/customer/name", "have": "", "proposals": []},
    {"rule": "contact-missing", "field": "/customer", "have": {"email": "maria@", "phone": ""}, "proposals": []},
    {"rule": "address-missing", "field": "/ship_to", "have": {"line1": "Hauptstr. 1", "city": ""}, "proposals": []},
    {"rule": "description-missing", "field": "/lines/1/description", "have": "", "proposals": []},
    {"rule": "quantity-not-positive", "field": "/lines/0/quantity", "have": -2, "proposals": [2]},
    {"rule": "product-unknown", "field": "/lines/0/sku", "have": "TEA-l", "proposals": ["TEA-1", "TEA-7"]},
    {"rule": "payment-method-missing", "field": "/payment_method", "have": None, "proposals": ["invoice", "card"]},
    {"rule": "totals-differ", "field": "/total", "have": "34.50", "proposals": ["35.40"]},
    {"rule": "a-new-rule", "field": "/total", "have": None, "proposals": []},
    {"rule": "another-new-rule", "field": "/total", "text": "Shall we gift-wrap it?"},
]
FOLDER = Path(letters.__file__).parent / "templates"
OF_NO_ORDER = {"office-mail"}


class Elements(HTMLParser):
    """The tags of a page, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.said = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        assert not [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.said += data


TOLD = [(kind, facts) for kind, usual in FACTS.items() for facts in (usual, *VARIANTS.get(kind, ()))]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("kind", "facts"), TOLD, ids=[kind for kind, _ in TOLD])
def test_tells_every_kind_in_every_language(kind: str, facts: Mapping[str, Any], language: str) -> None:
    order = ORDERS[language]
    letter = letters.render_mail(notice(kind, language=language, facts=facts), order)
    assert order.number in letter.subject or kind in OF_NO_ORDER
    assert "\n" not in letter.subject
    assert len(letter.subject) < 70
    assert order.number in letter.text
    assert order.shop_name in letter.text
    assert "<" not in letter.text
    assert "\n\n\n" not in letter.text
    assert not {"{{", "}}", "None", "Undefined"} & set(letter.text.split())
    page = Elements(letter.html)
    assert order.number in page.said
    assert {link for link in page.links if not link.startswith(LINK)} == set()
    message = letters.render_sms(notice(kind, language=language, channel="sms", facts=facts), order)
    assert len(message) <= (160 if language == "en" else 75)
    assert order.number in message or kind in OF_NO_ORDER


@pytest.mark.parametrize(("language", "silence", "words", "briefly"), [
    ("en", "cancel", "we will cancel the order", "is canceled without your answer by Fri 6 Nov"),
    ("en", "proceed", "we will go on with the order as you placed it", "we go on with order 100042-7 as it is"),
    ("en", "wait", "we will try to call you", "waits for your answer"),
    ("zh", "cancel", "我们将取消该订单", "前未复将取消"), ("zh", "proceed", "按您原来的订单继续处理", "前未复将照原单处理"),
    ("zh", "wait", "给您打电话", "待您答复"),
])
def test_says_in_a_reminder_what_silence_means(language: str, silence: str, words: str, briefly: str) -> None:
    told = notice("question-reminder", language=language, facts={**FACTS["question-reminder"], "on_silence": silence})
    assert words in " ".join(letters.render_mail(told, ORDERS[language]).text.split())
    message = letters.render_sms(replace(told, channel="sms"), ORDERS[language])
    assert briefly in message
    assert len(message) <= (160 if language == "en" else 75)


@pytest.mark.parametrize("kind", ["question", "question-reminder", "office-question-unanswered"])
def test_writes_what_the_release_before_has_left_in_the_outbox(kind: str) -> None:
    before = {"query_id": 7, "link": LINK, "answer_until": FACTS["question"]["answer_until"], "doubts": FACTS["question"]["doubts"][:1]}
    letter = letters.render_mail(notice(kind, facts=before | {"contact": "Ann Ok"}), ORDER)
    assert "call" in letter.text if kind != "question" else "Before we start" in letter.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_asks_anew_in_one_message_and_counts_the_questions(language: str) -> None:
    first, anew = (notice("question", language=language, facts={**FACTS["question"], "again": again}) for again in (False, True))
    assert letters.render_mail(first, ORDERS[language]).text != letters.render_mail(anew, ORDERS[language]).text
    assert str(len(FACTS["question"]["doubts"])) in letters.render_sms(replace(anew, channel="sms"), ORDERS[language])


@pytest.mark.parametrize("language", LANGUAGES)
def test_has_every_kind_in_the_folder_and_every_phrase(language: str) -> None:
    assert {path.stem for path in (FOLDER / language).glob("*.jinja")} == set(FACTS)
    told = {kind for step in flow.STEPS for kind in step.tells}
    assert told <= set(FACTS)
    assert set(flow.WaitingFor) - {"promise"} <= set(phrases_of(language)["flow"])
    for section in ("words", "layout", "time", "payment", "targets", "doubts", "fields", "reasons"):
        assert set(phrases_of(language)[section]) == set(phrases_of("en")[section])


@pytest.mark.parametrize(("kind", "name"), [
    ("shipped", "tracking_number"), ("question", "link"), ("delivery-date", "until"), ("thank-you", "delivered_on"),
    ("canceled", "lines"), ("payment-received", "amount"), ("office-target-breached", "since"),
])
def test_says_clearly_when_a_fact_is_missing(kind: str, name: str) -> None:
    facts = {key: value for key, value in FACTS[kind].items() if key != name}
    with pytest.raises(UndefinedError, match=name):
        letters.render_mail(notice(kind, facts=facts), ORDER)


def test_refuses_a_kind_it_does_not_know() -> None:
    with pytest.raises(letters.UnknownKind, match="no letter of the kind 'love'"):
        letters.render_mail(notice("love", facts={}), ORDER)
    with pytest.raises(letters.UnknownKind):
        letters.render_sms(notice("../en/shipped", facts={}), ORDER)


@pytest.mark.parametrize(("tag", "language"), [("en-GB", "en"), ("zh-TW", "zh"), ("zh_Hans_CN", "zh"), ("de", "en"), ("", "en")])
def test_falls_back_to_a_language_we_write(tag: str, language: str) -> None:
    assert letters.render_mail(notice("shipped", language=tag), ORDER) == letters.render_mail(notice("shipped", language=language), ORDER)


@pytest.mark.parametrize(("kind", "expected"), [
    ("acknowledgement", ["Darjeeling First Flush, 100 g  €24.50", "Total: €34.50", "on account, by invoice", "10827 Berlin, Germany",
                         "by Friday, 6 November 2026, 17:00 (Berlin time)."]),
    ("delivery-date", ["Thursday, 5 November 2026 to Friday, 6 November 2026", "17:00 to 19:00 (Berlin time)"]),
    ("backorder", ["expected Friday, 20 November 2026", "date not known yet", LINK]),
    ("shipped", ["DHL Paket", "00340434161094021501", "Friday, 6 November 2026"]),
    ("thank-you", ["Friday, 6 November 2026", "were you satisfied", LINK]),
    ("question", ["The order came without a name.", "“maria@” does not work", "item 2? It came without a description", "The order says -2.",
                  "“TEA-l”. Perhaps: TEA-1 or TEA-7", "by card", "total of €34.50 right?", "Perhaps: €35.40", "Shall we gift-wrap it?"]),
])
def test_says_what_the_customer_needs_to_know(kind: str, expected: list[str]) -> None:
    facts = {**FACTS[kind], "doubts": EVERY_DOUBT} if kind == "question" else FACTS[kind]
    letter = letters.render_mail(notice(kind, facts=facts), ORDER)
    said = " ".join(Elements(letter.html).said.split())
    for words in expected:
        assert words in letter.text
        assert all(part.removeprefix("Total: ") in said for part in words.split("  ") if part != LINK)


def test_greets_nobody_by_an_empty_name() -> None:
    letter = letters.render_mail(notice("shipped"), replace(ORDER, customer={"email": "a@customers.example"}))
    assert letter.text.startswith("Hello,\n")


def test_asks_for_a_rating_only_when_there_is_a_link() -> None:
    assert "satisfied" not in letters.render_mail(notice("thank-you", facts={"delivered_on": "2026-11-06"}), ORDER).text


@pytest.mark.parametrize(("language", "everything"), [("en", "Everything in your order"), ("zh", "全部送达")])
def test_thanks_for_everything_only_where_everything_came(language: str, everything: str) -> None:
    facts = {"delivered_on": "2026-11-06T18:00:00+00:00", "lines": None}
    assert everything in letters.render_mail(notice("thank-you", language=language, facts=facts), ORDER).text
    part = letters.render_mail(notice("thank-you", language=language, facts=facts | {"lines": [{"number": 1, "quantity": 1}]}), ORDER).text
    assert everything not in part
    assert "1 × " in part


def test_shows_no_price_and_no_address_where_none_was_given() -> None:
    bare = replace(ORDER, ship_to=None, total=None, payment_method="", lines=(OrderedLine(1, "", "service", "", 1, None),))
    letter = letters.render_mail(notice("acknowledgement"), bare)
    assert "1 × Line 1\n" in letter.text
    assert "Total" not in letter.text
    assert "Delivery address" not in letter.text


def test_keeps_small_unit_prices_exact() -> None:
    screws = replace(ORDER, lines=(OrderedLine(1, "M3", "goods", "Screw", 1000, Decimal("0.0125")),))
    assert "€0.0125" in letters.render_mail(notice("acknowledgement"), screws).html


def test_counts_midnight_to_the_day_before() -> None:
    berlin = wording("en", "Europe/Berlin", "EUR")
    assert berlin.last_day("2026-11-05T23:00:00Z") == "Thursday, 5 November 2026"
    assert berlin.days("2026-11-04T23:00:00Z", "2026-11-05T23:00:00Z") == "Thursday, 5 November 2026"
    assert wording("zh", "Asia/Shanghai", "CNY").moment("2026-11-05T16:30:00Z") == "2026年11月6日 星期五 00:30（北京时间）"
    assert wording("en", "No/Where", "EUR").moment("2026-11-05T16:30:00Z") == "Thursday, 5 November 2026, 16:30 (UTC)"


def test_links_nowhere_but_to_the_web() -> None:
    for link in ("javascript:alert(1)", "https://a.example/ onclick=x", "data:text/html,x"):
        with pytest.raises(UnsafeLink):
            letters.render_mail(notice("backorder", facts={"lines": [], "link": link}), ORDER)


HOSTILE = [
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "{{ 7*7 }}{% raw %}", "A\r\nBcc: all@customers.example",
    "\u202egnp.exe", "Z\u0351\u036b\u0343a\u0327l\u0321go", "\ud800 half a pair", "\0", "x" * 5000, "{name.__class__}", "%s%n",
    "\u0645\u0631\u062d\u0628\u0627", "\U0001f3f3\ufe0f\u200d\U0001f308",
]


def hostile(text: str) -> Order:
    """An order that says nothing else."""
    return replace(
        ORDER, reference=text, customer={"name": text, "email": text, "phone": text}, ship_to={"line1": text, "city": text},
        payment_method=text, shop_name=text, time_zone=text, currency=text,
        lines=(OrderedLine(1, text, "goods", text, 1, Decimal("1.5")),),
    )


def check_harmless(text: str) -> None:
    plain = {kind: Elements(letters.render_mail(notice(kind), ORDER).html) for kind in ("acknowledgement", "question")}
    for kind, page in plain.items():
        facts = dict(FACTS[kind]) | {"doubts": [{"rule": text, "field": text, "have": text, "proposals": [text]}]}
        letter = letters.render_mail(notice(kind, facts=facts), hostile(text))
        elements = Elements(letter.html)
        assert set(elements.tags) <= set(page.tags)
        assert elements.links == page.links
        assert not any(mark in letter.subject + letter.text for mark in ("\r", "\0", "\u202e", "\n\n\n"))
        assert "\nBcc:" not in letter.text
        (letter.subject + letter.text + letter.html).encode()
        message = letters.render_sms(notice(kind, facts=facts, channel="sms"), hostile(text))
        assert len(message) <= 340
        assert message.isprintable() or not message.isascii()


@pytest.mark.parametrize("text", HOSTILE)
def test_says_hostile_words_as_they_stand(text: str) -> None:
    check_harmless(text)


def test_says_every_naughty_string_as_it_stands() -> None:
    strings = json.loads((require("real-data") / "naughty" / "blns.json").read_text("utf-8"))
    for text in strings:
        check_harmless(text)


@pytest.mark.parametrize("kind", ["case-progress", "case-response", "office-case", "office-low-score"])
def test_shows_naughty_words_harmlessly(kind: str) -> None:
    for words in json.loads((require("real-data") / "naughty" / "blns.json").read_text()):
        text = words if kind.startswith("office") else paragraphs(words)
        told = notice(kind, facts={**FACTS[kind], "text": text, "step": "written"})
        letter = letters.render_mail(told, ORDER)
        assert {"script", "img", "iframe", "svg", "b"}.isdisjoint(Elements(letter.html).tags)
        assert "\n" not in letter.subject
        assert len(letters.render_sms(told, ORDER)) <= 160


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_text_message_says_how_to_have_no_more_only_where_it_may_be_turned_off(kind: str, language: str) -> None:
    told, order = sample(kind, language)
    message = letters.render_sms(replace(told, channel="sms"), order)
    assert ("/u/" in message) == (kind in OPTIONAL)
    assert message.endswith(f"{phrases_of(language)['layout']['stop']}{told.unsubscribe}") == (kind in OPTIONAL)


def test_leads_customers_to_their_order_and_texts_them_the_link_where_it_matters() -> None:
    link = "https://orders.tea.example/t/AQEAAAAAAAAAKgAHyjMl"
    letter = letters.render_mail(replace(notice("acknowledgement"), page_link=link), ORDER)
    assert f"See your order: {link}" in letter.text
    assert f'<a href="{link}"' in letter.html
    assert "See your order" not in letters.render_mail(notice("acknowledgement"), ORDER).text
    for kind in ("delivery-date", "shipped"):
        for language in LANGUAGES:
            assert letters.render_sms(replace(notice(kind, language=language, channel="sms"), page_link=link), ORDER).endswith(link)
    assert link not in letters.render_sms(replace(notice("thank-you", channel="sms"), page_link=link), ORDER)


def test_tells_the_targets_by_the_customer_s_clock() -> None:
    told = {"targets": [{"what": "confirm", "until": "2026-11-25T17:00:00+00:00"}, {"what": "ship", "until": "2026-11-26T17:00:00+00:00"}]}
    there = replace(ORDERS["en"], time_zone="Europe/London", ship_to={"country": "CN", "city": "Shanghai"})
    letter = letters.render_mail(notice("acknowledgement", facts=told), there)
    assert "We confirm your order with its delivery date by Thursday, 26 November 2026, 01:00 (Beijing time)." in letter.text
    assert "It leaves us by Friday, 27 November 2026, 01:00 (Beijing time)." in letter.text
    assert "Thu 26 Nov" in letters.render_sms(notice("acknowledgement", facts=told, channel="sms"), there)
    home = replace(there, ship_to={"country": "GB"})
    assert "Wednesday, 25 November 2026, 17:00 (London time)" in letters.render_mail(notice("acknowledgement", facts=told), home).text
    chinese = letters.render_mail(notice("acknowledgement", language="zh", facts=told), there)
    assert "01:00（北京时间）" in chinese.text
