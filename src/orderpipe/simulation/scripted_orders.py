"""
The orders that play the exceptions of the script; each is made so that only its own exception happens to it.
"""

from collections.abc import Callable
from dataclasses import replace

from orderpipe.simulation.catalogue import LANTERN, SHANHE
from orderpipe.simulation.forms import OFFICE, SampleOrder, fill_in
from orderpipe.simulation.people import person
from orderpipe.simulation.script import script_for

_FIRST_PERSON = 900_000
"""Customers from this number on play in the script and order nothing else."""


def scripted_orders(size: int) -> list[SampleOrder]:
    """The orders of the exceptions that are played with a sample of this size, in the order of the script."""
    return [_MAKERS[one.name](one.name, _FIRST_PERSON + place) for place, one in enumerate(script_for(size)) if one.end]


def _english(name: str, who: int, pieces: dict[str, int], **more: str) -> SampleOrder:
    return fill_in(LANTERN, f"STORY-{name.upper()}", person("en", who), pieces, script=name, **more)


def _chinese(name: str, who: int, pieces: dict[str, int], **more: str) -> SampleOrder:
    return fill_in(SHANHE, f"STORY-{name.upper()}", person("zh-CN", who), pieces, script=name, **more)


def _wrong_article(name: str, who: int) -> SampleOrder:
    order = _english(name, who, {"MUG-BLUE": 2}).with_sent({"/lines/0/sku": "MUG-BLEU"})
    return replace(order, slips={"/lines/0/sku": "MUG-BLAU"})


def _by_phone_only(name: str, who: int) -> SampleOrder:
    return _english(name, who, {"NOTEBOOK-A5": 3}).with_sent({"/customer/email": None, "/payment_method": None})


def _service(name: str, who: int) -> SampleOrder:
    return fill_in(LANTERN, f"STORY-{name.upper()}", person("en", who), {"LAMP-CARE": 1}, by=OFFICE, script=name, type="service")


def _unreachable(name: str, who: int) -> SampleOrder:
    return _english(name, who, {"MUG-BLUE": 1}).with_sent({"/customer/email": None, "/customer/phone": None})


_MAKERS: dict[str, Callable[[str, int], SampleOrder]] = {
    "split": lambda name, who: _english(name, who, {"RUG-WOOL": 1, "KETTLE-STEEL": 1}),
    "backorder": lambda name, who: _english(name, who, {"CLOCK-BRASS": 3}, backorder_policy="as-available"),
    "all-at-once": lambda name, who: _english(name, who, {"CHAIR-ASH": 4}, backorder_policy="all-at-once"),
    "no-name": lambda name, who: _chinese(name, who, {"TEA-LONGJING": 1}).with_sent({"/customer/name": None}),
    "wrong-article": _wrong_article,
    "wrong-total": lambda name, who: _english(name, who, {"LAMP-OAK": 1}).with_sent({"/total": "46.00"}),
    "no-address": lambda name, who: _english(name, who, {"CANDLE-BEE": 2}).with_sent({"/ship_to": None}),
    "by-phone-only": _by_phone_only,
    "no-answer": lambda name, who: _english(name, who, {"MUG-BLUE": 1}).with_sent({"/payment_method": None}),
    "wrong-scan": lambda name, who: _english(name, who, {"MUG-BLUE": 2}),
    "short-pick": lambda name, who: _english(name, who, {"TEAPOT-IRON": 2}),
    "canceled-in-time": lambda name, who: _english(name, who, {"LAMP-OAK": 1}, type="prepaid", payment_method="transfer"),
    "canceled-too-late": lambda name, who: _english(name, who, {"CANDLE-BEE": 1}, type="express"),
    "rest-canceled": lambda name, who: _english(name, who, {"GLOBE-1930": 2}, backorder_policy="as-available"),
    "lost-parcel": lambda name, who: _english(name, who, {"MUG-BLUE": 3}),
    "returned-parcel": lambda name, who: _english(name, who, {"RUG-WOOL": 1, "KETTLE-STEEL": 1}),
    "paid-late": lambda name, who: _chinese(name, who, {"POT-YIXING": 1}, type="prepaid", payment_method="transfer"),
    "sent-twice": lambda name, who: _english(name, who, {"NOTEBOOK-A5": 1}),
    "service": _service,
    "waits": lambda name, who: _english(name, who, {"VASE-GLASS": 2}),
    "part-now": lambda name, who: _english(name, who, {"STOOL-OAK": 3}),
    "gives-up": lambda name, who: _english(name, who, {"MIRROR-OVAL": 2}, type="prepaid", payment_method="transfer"),
    "slow-carrier": lambda name, who: _english(name, who, {"KETTLE-STEEL": 1}),
    "new-address": lambda name, who: _english(name, who, {"NOTEBOOK-A5": 2}),
    "one-fewer": lambda name, who: _chinese(name, who, {"CUP-CELADON": 3}),
    "damaged": lambda name, who: _english(name, who, {"MUG-BLUE": 2}),
    "missing": lambda name, who: _chinese(name, who, {"CUP-CELADON": 2}),
    "sent-back": lambda name, who: _english(name, who, {"LAMP-OAK": 1}, type="prepaid", payment_method="transfer"),
    "withdrawn": lambda name, who: _english(name, who, {"CANDLE-BEE": 1, "NOTEBOOK-A5": 1}, type="prepaid", payment_method="transfer"),
    "rated-well": lambda name, who: _chinese(name, who, {"TEA-PUER": 1}),
    "rated-low": lambda name, who: _english(name, who, {"CANDLE-BEE": 1}),
    "unsubscribed": lambda name, who: _english(name, who, {"LAMP-OAK": 1}),
    "nothing": lambda name, who: _english(name, who, {}),
    "unreachable": _unreachable,
}
