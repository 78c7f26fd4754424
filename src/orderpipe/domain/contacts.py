"""
Ways to reach a customer: which e-mail addresses and telephone numbers can be used, and which can be written to.

Judged by their form alone; nobody is called or looked up.
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

import phonenumbers
from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

# what the full check, thirty times slower, would let pass in any case
_PLAIN_EMAIL = re.compile(
    r"(?=.{6,254}\Z)(?!.{65,}@)(?!.*--)[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+(?P<top>[A-Za-z]{2,20})"
)
_LONGEST_EMAIL = 254
_LONGEST_PHONE = 60


def email_problem(email: str) -> str | None:
    """Why this is no e-mail address, as a sentence; None for a good one."""
    plain = _PLAIN_EMAIL.fullmatch(email)
    if plain and plain["top"].lower() not in SPECIAL_USE_DOMAIN_NAMES:
        return None
    return _email_problem(email)


def phone_problem(phone: str, country: str) -> str | None:
    """Why nobody can be called at this number, as a sentence; `country` is for numbers without a country code."""
    return None if international(phone, country) else ("This is no telephone number." if phone else "None was given.")


@lru_cache(maxsize=16384)
def international(phone: str, country: str) -> str:
    """The number as `+442079460958` (E.164), "" when it is none."""
    number = _parsed(phone, country)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if number else ""


@lru_cache(maxsize=16384)
def sms_number(phone: str, country: str) -> str:
    """The number to which a text message can go (E.164), "" for none, such as a landline."""
    number = _parsed(phone, country)
    if number is None or phonenumbers.number_type(number) not in _TAKE_MESSAGES:
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def channel_of(customer: Mapping[str, str], country: str) -> str:
    """How the customer can be written to: `email`, else `sms`, "" neither (they may still be called)."""
    if not email_problem(customer.get("email", "")):
        return "email"
    return "sms" if sms_number(customer.get("phone", ""), country) else ""


def masked(contact: str) -> str:
    """An e-mail address or a number as it may be shown to whoever knows it: `a…@customers.example`, `…0123`."""
    name, at, domain = contact.rpartition("@")
    return f"{name[:1]}…@{domain}" if at else f"…{contact[-4:]}"


def blank(text: str) -> bool:
    """Whether nothing of this text can be seen: it is empty, or all spaces and control characters."""
    if text.isprintable():
        return not text.strip()
    return all(unicodedata.category(letter)[0] in "ZC" for letter in text)


_TAKE_MESSAGES = frozenset({
    phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
    phonenumbers.PhoneNumberType.PERSONAL_NUMBER, phonenumbers.PhoneNumberType.PAGER,
})  # fmt: skip


@lru_cache(maxsize=16384)
def _email_problem(email: str) -> str | None:
    if not email:
        return "None was given."
    if len(email) > _LONGEST_EMAIL:
        return "An e-mail address has at most 254 characters."
    try:
        validate_email(email, check_deliverability=False)
    except EmailNotValidError as problem:
        return str(problem)
    return None


def _parsed(phone: str, country: str) -> phonenumbers.PhoneNumber | None:
    if not phone or len(phone) > _LONGEST_PHONE:
        return None
    try:
        number = phonenumbers.parse(phone, country or None)
    except phonenumbers.NumberParseException:
        return None
    return number if phonenumbers.is_valid_number(number) else None
