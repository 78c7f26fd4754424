"""
What a reply about a delay chooses: its number, its words or a plain word, in English and Chinese; everything else is left to a person.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderpipe.domain.delay_terms import Choice
from orderpipe.domain.mailed_choices import Offered, chosen

WORDS = {
    Choice.WAIT: "Wait for it.", Choice.PART: "Send now what is there, and the rest later.",
    Choice.SUBSTITUTE: "Send something else instead, at no higher price: Oolong.",
    Choice.CANCEL: "Cancel what is late, at no cost; what you have paid for it is returned.",
}
CHINESE = {Choice.WAIT: "继续等待。", Choice.CANCEL: "免费取消延迟的部分，已付款项将退还。"}
LETTER = Offered(WORDS)


@pytest.mark.parametrize(("words", "expected"), [
    ("1", Choice.WAIT), ("2.", Choice.PART), ("(3)", Choice.SUBSTITUTE), ("Option 4", Choice.CANCEL), ("No. 2", Choice.PART),
    ("my choice is 3", Choice.SUBSTITUTE), ("I choose option 1!", Choice.WAIT), ("#4", Choice.CANCEL), ("１", Choice.WAIT),
    ("1. Wait for it.", Choice.WAIT), ("Wait", Choice.WAIT), ("I’ll wait.", Choice.WAIT), ("please send what is there", Choice.PART),
    ("Send now what is there, and the rest later", Choice.PART), ("send the substitute", Choice.SUBSTITUTE), ("CANCEL", Choice.CANCEL),
    ("Hello Demo,\n\n2\n\nBest regards\nAnn", Choice.PART), ("cancel what is late", Choice.CANCEL),
    ("I will wait, thanks", Choice.WAIT), ("2. Thank you!", Choice.PART),
])  # fmt: skip
def test_understands_what_leaves_no_doubt(words: str, expected: Choice) -> None:
    assert chosen(words, LETTER, ["Ann", "Demo"]) == expected


@pytest.mark.parametrize(("words", "expected"), [
    ("1", Choice.WAIT), ("第二项", Choice.CANCEL), ("我选2", Choice.CANCEL), ("选项：1", Choice.WAIT), ("等待", Choice.WAIT),
    ("我愿意等，谢谢！", Choice.WAIT), ("继续等待", Choice.WAIT), ("您好：\n取消\n谢谢", Choice.CANCEL),
    ("免费取消延迟的部分，已付款项将退还", Choice.CANCEL),
])  # fmt: skip
def test_understands_chinese(words: str, expected: Choice) -> None:
    assert chosen(words, Offered(CHINESE)) == expected


@pytest.mark.parametrize("words", [
    "", "yes", "ok", "Thank you", "5", "0", "1 or 2", "1\n2", "2. Wait for it.", "don't wait", "I cannot wait", "wait, or cancel?",
    "2 pieces", "2个", "thanks", "no 1", "I want 2", "cancel and send it to my sister", "cancel my order", "取消订单", "不等了", "换货",
    "等什么？",
    "I will wait, but only until Friday", "why is it late?",
])  # fmt: skip
def test_leaves_the_rest_to_a_person(words: str) -> None:
    assert chosen(words, LETTER) is None


@pytest.mark.parametrize("words", ["cancel my order", "Please cancel the order.", "取消订单"])
def test_canceling_the_order_is_clear_where_all_of_it_is_late(words: str) -> None:
    assert chosen(words, Offered(WORDS, all_is_late=True)) == Choice.CANCEL
    assert chosen(words, Offered({Choice.WAIT: "Wait for it."}, all_is_late=True)) is None


def test_takes_only_what_the_letter_offered() -> None:
    assert chosen("send the substitute", Offered(CHINESE)) is None
    assert chosen("3", Offered(CHINESE)) is None


@given(st.text(max_size=300))
def test_reads_whatever_is_written(words: str) -> None:
    assert chosen(words, LETTER) in {None, *Choice}
