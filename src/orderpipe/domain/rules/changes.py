"""
Changes: how this order differs from what the customer gave before.

A new address is ordinary, for people move and give presents; one that is nearly the old one is a slip of the pen.
"""

import re
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher

from orderpipe.domain.contacts import international
from orderpipe.domain.rules.findings import Doubt
from orderpipe.domain.rules.limits import Limits, number
from orderpipe.domain.rules.subject import OrderToCheck

PARTS = ("line1", "line2", "city", "region", "postal_code", "country")


def address_slip(order: OrderToCheck, limits: Limits) -> Iterator[Doubt]:
    """One part of the delivery address is nearly, but not quite, what it was before."""
    before, now = _addresses(order)
    differs = _differences(before, now)
    if len(differs) != 1:
        return
    part, = differs
    old, new = before.get(part, ""), now.get(part, "")
    if old and new and not _other_number(old, new) and _likeness(old, new) >= number(limits, "likeness"):
        yield Doubt(f"/ship_to/{part}", new, (old,), {"before": old})


def address_new(order: OrderToCheck, _: Limits) -> Iterator[Doubt]:
    """The goods go elsewhere than the customer's last ones."""
    before, now = _addresses(order)
    if _differences(before, now):
        yield Doubt("/ship_to", _told(now), facts={"before": _told(before)})


def phone_new(order: OrderToCheck, _: Limits) -> Iterator[Doubt]:
    """The customer gives another telephone number than before."""
    known, phone = order.memory.known, order.customer.get("phone", "")
    if known and known.phone and phone and _number(known.phone, order) != _number(phone, order):
        yield Doubt("/customer/phone", phone, facts={"before": known.phone})


def email_new(order: OrderToCheck, _: Limits) -> Iterator[Doubt]:
    """A customer known by the telephone number gives another e-mail address than before."""
    known, email = order.memory.known, order.customer.get("email", "")
    if known and known.email and email and known.email.casefold() != email.casefold():
        yield Doubt("/customer/email", email, facts={"before": known.email})


def _addresses(order: OrderToCheck) -> tuple[Mapping[str, str], Mapping[str, str]]:
    known = order.memory.known
    return (known.address if known else None) or {}, order.ship_to or {}


def _differences(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """The parts that a postman would call different; none while one of the addresses is not known."""
    if not before or not now or before == now:
        return []
    return [part for part in PARTS if _bare(before.get(part, "")) != _bare(now.get(part, ""))]


def _bare(text: str) -> str:
    """The text without what makes no difference to a postman."""
    return re.sub(r"[\W_]+", "", text).casefold()


def _other_number(old: str, new: str) -> bool:
    """Whether another house is meant: numbers of another length, or with another first digit, are no slip."""
    before, now = re.findall(r"\d+", old), re.findall(r"\d+", new)
    return before != now and (len(before) != len(now) or sorted("".join(before)) != sorted("".join(now)))


def _likeness(old: str, new: str) -> float:
    return SequenceMatcher(None, _bare(old), _bare(new)).ratio()


def _number(phone: str, order: OrderToCheck) -> str:
    return international(phone, order.phone_country) or phone


def _told(address: Mapping[str, str]) -> dict[str, str]:
    return {part: address[part] for part in PARTS if address.get(part)}
