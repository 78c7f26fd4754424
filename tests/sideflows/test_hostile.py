"""
Hostile mails: every byte is kept, subject, name and words are shown as words, and nothing is concluded from any of it.
"""

from base64 import b64encode
from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import quote

import pytest

from orderpipe.domain.mails import LONGEST_LINE, storable
from tests import hostile
from tests.floor import Floor
from tests.mailed import ANN, named, receive


def _word(text: str) -> str:
    """As one encoded word, whatever stands in it."""
    return f"=?utf-8?b?{b64encode(text.encode()).decode()}?="


def _mail(text: str, *, answers: str, attached: bool = False) -> bytes:
    """A mail that says this in its subject, its sender's name, its words, and perhaps in the name of what it carries."""
    words = b64encode(text.replace("\n", "\r\n").encode()).decode()
    part = f'Content-Type: text/plain; charset="utf-8"\nContent-Transfer-Encoding: base64\n\n{words}\n'
    head = f"From: {_word(text)} <{ANN}>\nTo: orders@demo.example\nSubject: {_word(text)}\nIn-Reply-To: {answers}\nMIME-Version: 1.0\n"
    if not attached:
        return f"{head}{part}".encode()
    name = f"filename*=utf-8''{quote(text, safe='')}"
    file = f"Content-Type: application/octet-stream\nContent-Disposition: attachment; {name}\n\nnothing\n"
    return f'{head}Content-Type: multipart/mixed; boundary="b"\n\n--b\n{part}\n--b\n{file}\n--b--\n'.encode()


def _on_one_line(text: str) -> str:
    return " ".join(storable(text).split())[:LONGEST_LINE]


def _squeezed(text: str) -> str:
    """The words, however they are broken into lines."""
    return " ".join(text.split())


@pytest.mark.parametrize("attached", [False, True], ids=["alone", "with a file"])
def test_every_text_of_a_mail_is_kept_and_told_as_it_is(floor: Floor, *, attached: bool) -> None:
    letter = named(floor, floor.delivered(), "acknowledgement")
    _all_of_it(floor, hostile.few()[:: 3 if attached else 1], letter, attached=attached)


def test_every_naughty_string_in_a_mail_is_kept_and_told_as_it_is(floor: Floor) -> None:
    letter = named(floor, floor.delivered(), "acknowledgement")
    _all_of_it(floor, hostile.naughty()[::8], letter)


def _all_of_it(floor: Floor, texts: Sequence[str], letter: str, *, attached: bool = False) -> None:
    for text in texts:
        floor.now += timedelta(days=1)  # so many a day are too many
        raw = _mail(text, answers=letter, attached=attached)
        row = receive(floor, raw)
        assert bytes(row["raw"]) == raw
        assert (row["subject"], row["sender_name"], row["sender"]) == (_on_one_line(text), _on_one_line(text), ANN)
        assert row["kind"] == "about-order", (text, row)
        body = _last_word(floor)
        assert all(_squeezed(line) in _squeezed(body) or _cited(line.strip()) for line in storable(text).splitlines()), (text, body)


def _cited(line: str) -> bool:
    """What looks like a quotation, or like what mail programs write, is not repeated."""
    return line.startswith((">", "--", "__", "//", "<"))


def _last_word(floor: Floor) -> str:
    return str(floor.value("SELECT body FROM case_message ORDER BY id DESC LIMIT 1"))


def test_no_hostile_reply_is_an_answer(floor: Floor) -> None:
    texts = hostile.few()[::2]
    orders = [floor.order(payment_method="") for _ in texts]
    floor.receive(*orders)
    for order_id, text in zip(orders, texts, strict=True):
        row = receive(floor, _mail(text, answers=named(floor, order_id, "question")))
        assert (row["kind"], floor.row(order_id)["payment_method"]) == ("unclear-reply", "")
        assert floor.told(order_id, "office-unclear-reply")[0]["subject"] == _on_one_line(text)
