"""
What letters are kept with: the four that every customer gets, as a dictionary for compressing the others.

`python -m tests.typical_letters` writes the next dictionary of each language. Name it in `orderpipe/channels/keeping.py`; never change
one that is in use.
"""

from dataclasses import replace
from itertools import count

from orderpipe.channels.email import write_mail
from orderpipe.channels.samples import CHINESE_ORDER, ORDER, notice
from orderpipe.domain.notices import Order
from tests.needs import REPOSITORY

FOLDER = REPOSITORY / "src" / "orderpipe" / "channels" / "dictionaries"
USUAL = ("shipped", "thank-you", "delivery-date", "acknowledgement")
ORDERS = {"en": ORDER, "zh": CHINESE_ORDER}


def typical_letters(language: str) -> bytes:
    """The usual letters of a language, one after the other."""
    return b"".join(letter(kind, language, ORDERS[language]) for kind in USUAL)


def letter(kind: str, language: str, order: Order, key: str = "") -> bytes:
    """One letter as it travels."""
    told = notice(kind, language=language)
    return write_mail(replace(told, dedupe_key=key or told.dedupe_key), order, default_from="orders@shop.example").content


def _write_next(language: str) -> None:
    FOLDER.mkdir(exist_ok=True)
    path = next(path for number in count(1) if not (path := FOLDER / f"{language}-{number}.eml").exists())
    path.write_bytes(typical_letters(language))


if __name__ == "__main__":
    for one in ORDERS:
        _write_next(one)
