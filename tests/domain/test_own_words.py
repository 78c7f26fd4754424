"""
What somebody wrote is told from what their mail program quoted, as the common programs do it.
"""

import time

import pytest

from orderpipe.domain.own_words import LONGEST, own_words

REPLIES = {
    "gmail": "3\n\nOn Tue, Nov 3, 2026 at 1:00 PM Tea <orders@tea.example> wrote:\n\n> How many?\n> TEA\n",
    "gmail, broken": "3\n\nOn Tue, Nov 3, 2026 at 1:00 PM Tea Company of a Long Name <\norders@tea.example> wrote:\n\n> How many?\n",
    "gmail in German": "3\n\nAm Di., 3. Nov. 2026 um 13:00 Uhr schrieb Tea <orders@tea.example>:\n\n> How many?\n",
    "gmail in Chinese": "3\n\nTea <orders@tea.example> 于2026年11月3日周二 13:00写道：\n\n> How many?\n",
    "apple": "3\n\nSent from my iPhone\n\n> On 3 Nov 2026, at 13:00, Tea <orders@tea.example> wrote:\n> \n> How many?\n",
    "apple in Chinese": "3\n\n发自我的iPhone\n\n> 在 2026年11月3日，13:00，Tea <orders@tea.example> 写道：\n> \n> How many?\n",
    "outlook": "3\n\n________________________________\nFrom: Tea <orders@tea.example>\nSent: Tuesday, 3 November 2026 13:00\n"
               "To: Ann\nSubject: A question\n\nHow many?\n",
    "outlook, no line": "3\n\nFrom: Tea <orders@tea.example>\nSent: Tuesday, 3 November 2026 13:00\nTo: Ann\nSubject: A question\n\nHow?\n",
    "old outlook": "3\n\n-----Original Message-----\nFrom: Tea <orders@tea.example>\nSent: today\nTo: Ann\n\nHow many?\n",
    "outlook in Chinese": "3\n\n发件人: Tea <orders@tea.example>\n发送时间: 2026年11月3日 13:00\n收件人: Li\n主题: 关于\n\nHow many?\n",
    "qq": '3\n\n\n\n------------------ 原始邮件 ------------------\n发件人: "Tea" <orders@tea.example>;\n'
          '发送时间: 2026年11月3日(星期二) 下午1:00\n收件人: "Li"<li@customers.example>;\n主题: 关于您的订单\n\nHow many?\n',
    "163": '3\n\n\n\n\n\n\n\nAt 2026-11-03 13:00:00, "Tea" <orders@tea.example> wrote:\n\nHow many?\n',
    "163 in Chinese": '3\n\n\n在 2026-11-03 13:00:00，"Tea" <orders@tea.example> 写道：\n\nHow many?\n',
    "yahoo": "3\n\n    On Tuesday, November 3, 2026 at 01:00:00 PM GMT+1, Tea <orders@tea.example> wrote:  \n \n How many?\n",
    "below the quote": "On Tue, Nov 3, 2026 at 1:00 PM Tea <orders@tea.example> wrote:\n> How many?\n\n3\n",
    "with a signature": "3\n-- \nAnn Ok\n1 High Street\n",
    "nothing quoted": "3",
}


@pytest.mark.parametrize("program", REPLIES)
def test_leaves_out_what_is_quoted(program: str) -> None:
    assert own_words(REPLIES[program]) == "3"


@pytest.mark.parametrize(("text", "own"), [
    ("yes\n- but only the blue one\n", "yes\n- but only the blue one"),
    ("yes\nBest regards,\nbut not before May", "yes\nBest regards,\nbut not before May"),
    ("yes\n\nOn Tue, Nov 3, 2026, Tea <o@tea.example> wrote:\n> Is it right?\n\nno, wait", "yes\n\nno, wait"),
    ("> How many?\n3\n> How would you pay?\ninvoice", "3\ninvoice"),
])
def test_loses_no_word_that_may_turn_the_answer_round(text: str, own: str) -> None:
    assert own_words(text) == own


def test_concludes_nothing_from_a_text_of_any_length() -> None:
    assert own_words("3\n" + "x" * LONGEST) is None


@pytest.mark.parametrize("text", [
    "On a ", "\n", "From: x\n", "> ", "x\n", "-\n", "2026年\n", "wrote:\n", "在2026-", "_", "sent from ", "\n\n_ ",
])
def test_takes_no_time_however_nasty_the_text(text: str) -> None:
    begun = time.process_time()
    own_words((text * LONGEST)[:LONGEST])
    assert time.process_time() - begun < 10
