"""
Bar codes: what a scanner reads, as a trade item number, a logistic unit or the shop's own SKU.

After the GS1 General Specifications; a number with a wrong check digit is taken for none.
"""

import re
from dataclasses import dataclass
from datetime import date

from biip import ParseConfig, ParseError
from biip.checksums import gs1_standard_check_digit
from biip.gs1_digital_link_uris import GS1DigitalLinkURI
from biip.gs1_element_strings import GS1ElementStrings
from biip.gs1_messages import GS1Message

_GTIN_LENGTHS = frozenset({8, 12, 13, 14})
_SSCC_LENGTH = 18
_LONGEST = 2000
_FNC1 = "\x1d"
_MARK = re.compile(r"\][A-Za-z][0-9A-Za-z].")
_WITH_ADD_ON = "]E3"  # the two or five digits that magazines and books carry beside their number
_MARKS_OF_MESSAGES = ("]C1", "]d2", "]Q3", "]J1", "]e0", "]e1", "]e2")
_CONFIG = ParseConfig(gs1_element_strings_verify_date=False)  # some print zeros where they have no date


class NotANumber(ValueError):
    """This is no GS1 number of that kind; a digit may be mistyped."""


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a bar code says. `text` is it without symbology marks, the SKU where `gtin` (14 digits) and `sscc` are None."""

    text: str
    gtin: str | None = None
    sscc: str | None = None
    lot: str | None = None
    serial: str | None = None
    expires_on: date | None = None
    quantity: int | None = None


def read_barcode(raw: str) -> Scanned:
    """
    What the scanned or typed text says; it never fails, for what has no other meaning is an SKU.

    Understood are a plain GTIN or SSCC, GS1 element strings with or without the scanner's mark (`]C1`, `]d2` …) or with brackets
    as printed beneath, and GS1 Digital Links. An SKU of digits may look like a GTIN: try the GTIN, then `text`.
    """
    mark, text = _without_mark(raw.strip(" \t\r\n"))
    if len(text) > _LONGEST:
        return Scanned(text)
    if mark not in _MARKS_OF_MESSAGES and _is_number(text):
        if len(text) in _GTIN_LENGTHS:
            return Scanned(text, gtin=text.zfill(14))
        if len(text) == _SSCC_LENGTH:
            return Scanned(text, sscc=text)
    try:
        return _from_elements(text, _elements(mark, text))
    except (ParseError, ValueError):
        return Scanned(text)


def gtin14(text: str) -> str:
    """A GTIN-8, -12, -13 or -14, with or without spaces and hyphens, as 14 digits. Raises NotANumber."""
    digits = text.replace(" ", "").replace("-", "")
    if len(digits) not in _GTIN_LENGTHS or not _is_number(digits):
        raise NotANumber(f"{text!r} is no GTIN; a digit may be mistyped.")
    return digits.zfill(14)


def sscc18(extension_digit: int, company_prefix: str, serial: int) -> str:
    """The 18 digits of a logistic unit: extension digit, company prefix (4 to 12), serial, check digit. Raises NotANumber."""
    room = 16 - len(company_prefix)
    if not _are_digits(company_prefix) or not 4 <= room <= 12 or not 0 <= extension_digit <= 9:
        raise NotANumber(f"An SSCC needs an extension digit and a company prefix of 4 to 12 digits, not {company_prefix!r}.")
    if not 0 <= serial < 10**room:
        raise NotANumber(f"The company prefix {company_prefix} leaves {room} digits for the serial; {serial} does not fit.")
    digits = f"{extension_digit}{company_prefix}{serial:0{room}d}"
    return f"{digits}{check_digit(digits)}"


def check_digit(digits: str) -> int:
    """The GS1 check digit (modulo 10, weights 3 and 1 from the right) that follows these digits. Raises NotANumber."""
    if not _are_digits(digits):
        raise NotANumber(f"{digits!r} are no digits.")
    return gs1_standard_check_digit(digits)


def _without_mark(text: str) -> tuple[str, str]:
    """The symbology mark, with a leading FNC1 counting as one, and the rest."""
    if _MARK.match(text):
        mark, text = text[:3], text[3:].removeprefix(_FNC1)
        return mark, text[:13] if mark == _WITH_ADD_ON else text
    return ("]C1", text[1:]) if text.startswith(_FNC1) else ("", text)


def _elements(mark: str, text: str) -> GS1ElementStrings:
    """The element strings; without a mark only those that begin with a number, for many an SKU begins like some identifier."""
    if text.startswith(("http://", "https://")):
        return GS1DigitalLinkURI.parse(text, config=_CONFIG).element_strings
    if text.startswith("("):
        return GS1Message.parse_hri(text, config=_CONFIG).element_strings
    if mark in _MARKS_OF_MESSAGES or (not mark and text.startswith(("00", "01", "02"))):
        return GS1Message.parse(text, config=_CONFIG).element_strings
    raise ParseError(f"There is no GS1 message in {text!r}.")


def _from_elements(text: str, elements: GS1ElementStrings) -> Scanned:
    item = elements.get(ai="01") or elements.get(ai="02")
    unit, expiry = elements.get(ai="00"), elements.get(ai="17")
    count = _value(elements, "37") or _value(elements, "30")
    return Scanned(
        text,
        gtin=item.gtin.as_gtin_14() if item and item.gtin else None,
        sscc=unit.sscc.value if unit and unit.sscc else None,
        lot=_value(elements, "10"),
        serial=_value(elements, "21"),
        expires_on=expiry.date if expiry else None,
        quantity=int(count) if count else None,
    )


def _value(elements: GS1ElementStrings, identifier: str) -> str | None:
    element = elements.get(ai=identifier)
    return element.value if element else None


def _is_number(text: str) -> bool:
    """Whether these are digits with the right check digit; nothing but zeros names nothing."""
    return len(text) > 1 and _are_digits(text) and bool(text.strip("0")) and gs1_standard_check_digit(text[:-1]) == int(text[-1])


def _are_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()
