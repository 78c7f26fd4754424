"""
The customers of the demo: made up by number, so that the same number is always the same person.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Person:
    """A customer: the name, an e-mail address, a mobile number, and where they live (parts as in an order's `ship_to`)."""

    name: str
    email: str
    phone: str
    address: Mapping[str, str]


def person(language: str, number: int) -> Person:
    """The customer of this number, a native of the language (`en` or `zh-CN`)."""
    return _chinese(number) if language.startswith("zh") else _english(number)


def _english(number: int) -> Person:
    first, last = _pick(_FIRST, number), _pick(_LAST, number // len(_FIRST) + number)
    city, code = _pick(_CITIES, number)
    address = {
        "name": f"{first} {last}", "line1": f"{number % 90 + 1} {_pick(_STREETS, number)}", "city": city,
        "postal_code": code, "country": "GB",
    }
    return Person(address["name"], f"{first}.{last}.{number}@customers.example".lower(), f"+44 7400 {number % 10**6:06}", address)


def _chinese(number: int) -> Person:
    name = _pick(_FAMILIES, number) + _pick(_GIVEN, number // len(_FAMILIES) + number)
    city, code, road = _pick(_CHINESE_CITIES, number)
    address = {
        "name": name, "line1": f"{road}{number % 200 + 1}号", "city": city, "postal_code": code, "country": "CN",
    }
    return Person(name, f"guke{number}@customers.example", f"+86 130 {number % 10**8:08}", address)


def _pick(items: Sequence[Item], number: int) -> Item:
    return items[number % len(items)]


_FIRST = ("Ada", "Ben", "Clara", "Daniel", "Edith", "Finn", "Grace", "Hugh", "Iris", "Jonas", "Kate", "Leo", "Maya", "Noah", "Olive")
_LAST = ("Archer", "Brook", "Carver", "Dale", "Ellis", "Fletcher", "Gray", "Harper", "Ingram", "Joyner", "Kemp", "Lowe", "Marsh")
_STREETS = ("High Street", "Station Road", "Church Lane", "Mill Road", "Park Avenue", "Orchard Close", "Harbour Street")
_CITIES = (("London", "N1 1AA"), ("Leeds", "LS1 4AP"), ("Bristol", "BS1 5TR"), ("York", "YO1 7HH"), ("Cardiff", "CF10 1EP"))
_FAMILIES = ("王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "周", "徐")
_GIVEN = ("明", "秀英", "伟", "芳", "静怡", "强", "磊", "晓梅", "建国", "雨桐", "思源", "佳", "文博")
_CHINESE_CITIES = (
    ("杭州市", "310006", "延安路"), ("上海市", "200001", "南京东路"), ("北京市", "100006", "东单北大街"),
    ("成都市", "610016", "春熙路"), ("广州市", "510030", "中山五路"),
)
