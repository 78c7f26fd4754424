"""
What a reply to our letter about a delay chooses, where it says so beyond doubt: the number of a choice, the letter's words, or a plain one.

Nothing is guessed. A yes, a thank-you, a complaint, or two choices at once are for a person to read.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from orderpipe.domain.delay_terms import Choice
from orderpipe.domain.mailed_answers import CANCEL_ORDER, as_meant, meant

_NUMBER = re.compile(
    r"(?:(?:i choose|my choice(?: is)?|option|choice|no\.|nr\.|number|我?选择?|选项|方案)\s?:?\s?)*(?:[(#]?(?P<number>[1-9])\)?|"
    r"第\s?(?P<nth>[1-9一二三四])\s?[项个种]?)",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"\(?(?P<number>[1-9])\s?[.):、）]\s*(?P<words>\S.*)")
_THANKS = re.compile(r"(?<=\S)\s?[,.;!。！]\s?(many thanks|thanks|thank you|谢谢|多谢)$", re.IGNORECASE)
_DIGITS = str.maketrans("一二三四", "1234")
_PLAIN: Mapping[Choice, frozenset[str]] = {
    Choice.WAIT: frozenset({
        "wait", "i wait", "i will wait", "i'll wait", "i can wait", "i want to wait", "i would like to wait", "i'd like to wait", "we wait",
        "we will wait", "we'll wait", "please wait", "wait please", "wait for it", "keep waiting", "等", "等待", "我等", "我等待", "愿意等",
        "愿意等待", "我愿意等", "我愿意等待", "继续等", "继续等待", "我继续等", "我会等", "可以等",
    }),
    Choice.PART: frozenset({
        "part", "send part", "send the part", "send what is there", "send what you have", "send now what is there",
        "please send what is there", "please send what you have", "send the available part", "send the available part now",
        "please send the available part",
        "先发一部分", "先发现有的", "先发现有的部分", "先发有货的", "先发有货的部分", "部分发货", "分批发货",
    }),
    Choice.SUBSTITUTE: frozenset({
        "substitute", "the substitute", "send the substitute", "please send the substitute", "i take the substitute", "send something else",
        "send something else instead", "替代品", "要替代品", "发替代品", "改发替代品", "改发其他商品", "改发替代商品",
    }),
    Choice.CANCEL: frozenset({
        "cancel", "please cancel", "cancel please", "cancel it", "please cancel it", "cancel what is late", "please cancel what is late",
        "i want to cancel", "i want to cancel it", "取消", "请取消", "我要取消", "取消延迟的部分", "请取消延迟的部分",
    }),
}


@dataclass(frozen=True, slots=True)
class Offered:
    """
    What a letter offered, in its order, each choice in the letter's own words.

    `all_is_late`: to cancel the order and to cancel what is late of it are one.
    """

    words: Mapping[Choice, str]
    all_is_late: bool = False


def chosen(words: str, offered: Offered, names: Collection[str] = ()) -> Choice | None:
    """What these words choose beyond doubt, None where there is any; `names` may stand in greeting and signature."""
    lines = meant(words, names)
    if len(lines) != 1:
        return None
    said, by_number = as_meant(_THANKS.sub("", lines[0])), list(offered.words)
    if found := _NUMBER.fullmatch(said):
        return _at((found["number"] or found["nth"]).translate(_DIGITS), by_number)
    if found := _NUMBERED.fullmatch(said):
        meant_by_words = _by_words(as_meant(found["words"]), offered)
        return meant_by_words if meant_by_words == _at(found["number"], by_number) else None
    return _by_words(said, offered)


def _at(number: str, choices: Sequence[Choice]) -> Choice | None:
    place = int(number) - 1
    return choices[place] if place < len(choices) else None


def _by_words(said: str, offered: Offered) -> Choice | None:
    folded = _folded(said)
    if folded in CANCEL_ORDER - _PLAIN[Choice.CANCEL]:
        return Choice.CANCEL if offered.all_is_late and Choice.CANCEL in offered.words else None
    fitting = [choice for choice, words in offered.words.items() if folded == _folded(as_meant(words)) or folded in _PLAIN[choice]]
    return fitting[0] if len(fitting) == 1 else None


def _folded(said: str) -> str:
    return said.casefold().replace("’", "'").replace(",", "")
