"""
Bar codes: what a scanner reads, as a trade item number, a logistic unit or the shop's own SKU.

After the GS1 General Specifications; a wrong check digit is never taken for a number.
"""

from dataclasses import dataclass
from datetime import date


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
    """What the scanned or typed text says: a plain GTIN, a GS1 element string (with or without its ]C1 … mark), else an SKU."""
    raise NotImplementedError


def gtin14(text: str) -> str:
    """A GTIN-8, -12, -13 or -14 as 14 digits. Raises NotANumber."""
    raise NotImplementedError


def sscc18(extension_digit: int, company_prefix: str, serial: int) -> str:
    """The 18 digits of a logistic unit: extension digit, company prefix (4 to 12), serial, check digit. Raises NotANumber."""
    raise NotImplementedError


def check_digit(digits: str) -> int:
    """The GS1 check digit (modulo 10, weights 3 and 1 from the right) that follows these digits."""
    raise NotImplementedError
