"""
What a reply to our question says, where it says it beyond doubt: a number, one of the answers we named, yes, cancel, labelled lines.

Nothing is guessed. Whatever else somebody writes is for a person to read.
"""

import dataclasses
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from orderpipe.domain.contacts import email_problem
from orderpipe.domain.merging import RULES
from orderpipe.domain.queries import Answer

ADDRESS = "/ship_to"

CANCEL_ORDER = frozenset({
    "cancel", "cancel it", "cancel order", "cancel the order", "cancel my order", "please cancel", "please cancel it",
    "please cancel the order", "please cancel my order", "取消", "取消订单", "请取消", "请取消订单", "请取消我的订单",
})  # fmt: skip
_SAME = frozenset({
    "same order", "the same order", "it is the same order", "it's the same order", "同一份订单", "是同一份订单", "重复了", "重复下单了",
})  # fmt: skip
_MERGE = frozenset({
    "merge", "please merge", "merge them", "please merge them", "add it to that order", "add it to that one", "add it to my first order",
    "add to my first order", "add it to the first order", "please add it to that order", "合并", "请合并", "并入那份订单", "请并入那份订单",
    "加到第一份订单", "合并到第一份订单",
})  # fmt: skip
_YES = frozenset({
    "yes", "yes please", "yes, please", "confirm", "confirmed", "i confirm", "correct", "yes, correct", "right", "是", "是的", "对", "对的",
    "确认", "我确认", "没错", "正确",
})  # fmt: skip
_GREETING = re.compile(r"(hi|hello|hallo|dear|good (morning|afternoon|evening)|您好|你好)(?P<name> .{1,60})?[:,]?", re.IGNORECASE)
_GREETED = frozenset({"", "all", "team", "there", "sir or madam", "sirs"})
_CLOSING = re.compile(
    r"(many )?(thanks|thank you|thx)( (a lot|very much|in advance))?|(best|kind|warm|many)( regards| wishes)?|regards|cheers|"
    r"谢谢|谢谢您|谢谢你|多谢|感谢|此致|敬礼|祝好|顺颂商祺",
    re.IGNORECASE,
)
_POINT = re.compile(r"\(?(\d{1,2})\s?[.):、．）]\s*(\S.*)")
_PIECES = re.compile(r"(\d{1,7})( ?(pcs?|pieces?|x|units?|个|件|盒|瓶|包|袋|本|只))?", re.IGNORECASE)
_POSTAL_CODE = re.compile(r"(?=.*\d)[A-Z0-9]([A-Z0-9 -]{0,8}[A-Z0-9])", re.IGNORECASE)
_SKU = re.compile(r"\S{2,100}")
_PHONE = re.compile(r"\+?[\d (){}./-]{5,30}")
_LABELS = {
    "name": ("name", "recipient", "姓名", "收件人", "收货人"),
    "line1": ("street", "address", "street and house number", "街道", "地址", "详细地址"),
    "line2": ("address line 2", "apartment", "门牌"),
    "city": ("city", "town", "城市"),
    "region": ("region", "state", "county", "province", "省", "省份"),
    "postal_code": ("postal code", "postcode", "post code", "zip", "zip code", "邮编", "邮政编码"),
    "country": ("country", "国家", "国家或地区"),
}
_PARTS = {label: part for part, labels in _LABELS.items() for label in labels}
_LABELLED = re.compile(r"([^:：]{1,30})\s?[:：]\s*(\S.*)")


@dataclass(frozen=True, slots=True)
class Point:
    """
    One thing that was asked: the doubt's rule and field, what stands there, and the answers the letter named, each in words with its value.

    `confirmable`: the customer may say that it is right as it stands.
    """

    rule: str
    field: str
    have: object = None
    choices: Sequence[tuple[str, object]] = ()
    countries: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """ISO 3166-1 alpha-2 codes by the countries' names, in small letters."""
    confirmable: bool = False


def understood(words: str, points: Sequence[Point], names: Collection[str] = ()) -> Answer | None:
    """The answer that these words give beyond doubt, None where there is any; `names` may stand in greeting and signature."""
    lines = meant(words, names)
    if not lines or not points:
        return None
    if len(lines) == 1 and lines[0].casefold() in CANCEL_ORDER:
        return Answer({}, cancel=True)
    if len(lines) == 1 and any(point.rule in RULES for point in points) and lines[0].casefold() in _SAME | _MERGE:
        return Answer({}, cancel=lines[0].casefold() in _SAME, merge=lines[0].casefold() in _MERGE)
    if all(point.field.startswith(ADDRESS) for point in points) and (changes := _address(lines, points)):
        return Answer(changes)
    if len(points) == 1:
        return _as_answer([_told(lines, points[0])])
    numbered = [_POINT.fullmatch(line) for line in lines]
    told = {int(found[1]): found[2] for found in numbered if found}
    if len(lines) != len(points) or set(told) != set(range(1, len(points) + 1)):
        return None
    return _as_answer([_told([as_meant(told[place])], point) for place, point in enumerate(points, 1)])


def meant(words: str, names: Collection[str] = ()) -> list[str]:
    """The lines that say something, as they were meant; greeting, thanks and these names alone say nothing."""
    return _without_courtesy([as_meant(line) for line in words.split("\n")], {as_meant(name).casefold() for name in names if name})


@dataclass(frozen=True, slots=True)
class _Told:
    changes: Mapping[str, object] = dataclasses.field(default_factory=dict)
    confirms: str = ""


def _as_answer(told: Sequence[_Told | None]) -> Answer | None:
    clear = [one for one in told if one is not None]
    changes = {pointer: value for one in clear for pointer, value in one.changes.items()}
    if len(clear) < len(told) or len(changes) < sum(len(one.changes) for one in clear):
        return None
    return Answer(changes, frozenset(one.confirms for one in clear if one.confirms))


def _told(lines: Sequence[str], point: Point) -> _Told | None:
    if point.rule == "contact-missing":
        return _contact(lines)
    if len(lines) != 1:
        return None
    said = lines[0]
    if point.confirmable and point.have is not None and said.casefold() in _YES:
        return _Told(confirms=f"{point.rule} {point.field}")
    chosen = {str(value): value for words, value in point.choices if said.casefold() in (as_meant(words).casefold(), str(value).casefold())}
    if len(chosen) == 1:
        return _Told({point.field: next(iter(chosen.values()))})
    read = _READERS.get(point.field.rpartition("/")[2])
    return read(said, point) if read and not chosen and said.casefold() not in _YES else None


def _contact(lines: Sequence[str]) -> _Told | None:
    """An e-mail address, a telephone number, or one of each; whether the number is one, the rules judge."""
    found: dict[str, object] = {}
    for line in lines:
        part = "email" if not email_problem(line) else "phone" if _PHONE.fullmatch(line) else ""
        if not part or f"/customer/{part}" in found:
            return None
        found[f"/customer/{part}"] = line
    return _Told(found)


def _quantity(said: str, point: Point) -> _Told | None:
    found = _PIECES.fullmatch(said)
    return _Told({point.field: int(found[1])}) if found else None


def _total(said: str, point: Point) -> _Told | None:
    """One of the two sums that the letter names; any other would leave the same doubt."""
    amount = re.sub(r"[^\d.,]", "", said)
    if not re.fullmatch(r"\D{0,4}[\d.,]+\D{0,4}", said):
        return None
    sums = {Decimal(str(value)): value for _, value in point.choices}
    meant = next((one for one in sums if amount in _spelled(one)), None)
    if point.have is not None and amount in _spelled(Decimal(str(point.have))):
        return _Told(confirms=f"{point.rule} {point.field}") if meant is None else None
    return _Told({point.field: str(sums[meant])}) if meant is not None else None


def _spelled(amount: Decimal) -> set[str]:
    """A sum as people write it, with point or comma before the cents."""
    english = {f"{amount:.2f}", f"{amount:,.2f}"}
    whole = {f"{amount:.0f}"} if amount == int(amount) else set()
    return english | {one.translate(str.maketrans(",.", ".,")) for one in english} | whole


def _postal_code(said: str, point: Point) -> _Told | None:
    return _Told({point.field: said}) if _POSTAL_CODE.fullmatch(said) else None


def _sku(said: str, point: Point) -> _Told | None:
    """An article number; whether the shop has it, the rules judge."""
    return _Told({point.field: said}) if _SKU.fullmatch(said) else None


def _email(said: str, point: Point) -> _Told | None:
    return None if email_problem(said) else _Told({point.field: said})


_READERS: dict[str, Callable[[str, Point], _Told | None]] = {
    "quantity": _quantity, "total": _total, "postal_code": _postal_code, "sku": _sku, "email": _email,
}


def _address(lines: Sequence[str], points: Sequence[Point]) -> dict[str, object]:
    """The parts of an address, each on a line with its name before it, and each once; {} for anything else."""
    whole = any(point.field == ADDRESS for point in points)
    changes: dict[str, object] = {}
    for line in lines:
        found = _LABELLED.fullmatch(line)
        part = _PARTS.get(found[1].strip().casefold(), "") if found else ""
        if not found or not part or part in changes:
            return {}
        countries = points[0].countries
        changes[part] = countries.get(found[2].casefold(), found[2]) if part == "country" else found[2]
    return {ADDRESS: changes} if whole else {f"{ADDRESS}/{part}": value for part, value in changes.items()}


def as_meant(line: str) -> str:
    """A line as it was meant: width, spaces and the marks at its end do not matter."""
    return " ".join(unicodedata.normalize("NFKC", line).split()).rstrip(".!。！,， ").strip()


def _without_courtesy(lines: Sequence[str], names: Collection[str]) -> list[str]:
    """Without greeting, thanks and the writer's name, where a line is nothing else."""
    kept = [line for line in lines if line]
    if kept and (found := _GREETING.fullmatch(kept[0])) and (found["name"] or "").strip(" ,:").casefold() in {*_GREETED, *names}:
        kept.pop(0)
    while kept and (_CLOSING.fullmatch(kept[-1]) or kept[-1].casefold() in names):
        kept.pop()
    return kept
