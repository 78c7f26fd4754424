"""
The kinds of field that requests are made of: texts of bounded length, instants, money.
"""

from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise PydanticCustomError("nul-character", "A text must not contain the NUL character (\\u0000).")
    return text


def _instant(value: Any) -> datetime:
    try:
        instant = datetime.fromisoformat(value)
        if instant.tzinfo is not None:
            return instant.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        pass
    raise PydanticCustomError("instant", 'This must be an instant with its offset from UTC, such as "2026-12-24T09:30:00Z".')


def _day(value: Any) -> date:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise PydanticCustomError("day", 'This must be a day, such as "2026-12-24".') from None


def _not_zero(amount: str) -> str:
    if not amount.strip("-0."):
        raise PydanticCustomError("zero", "An amount of 0 is no payment.")
    return amount


_bounded = AfterValidator(_without_nul)

Name = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"\S"), _bounded]
"""A short text that must not be blank: an id, a code, somebody's name."""

Word = Annotated[str, StringConstraints(max_length=100), _bounded]
"""A short text, may be empty."""

Text = Annotated[str, StringConstraints(max_length=2_000), _bounded]
"""A text of some sentences, may be empty."""

Barcode = Annotated[str, StringConstraints(min_length=1, max_length=300, strip_whitespace=True), _bounded]
"""What a scanner reads, with its control characters."""

Instant = Annotated[datetime, BeforeValidator(_instant), WithJsonSchema({"type": "string", "format": "date-time"})]
"""An instant, aware and in UTC, however it was written."""

Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
"""A calendar day, as a text."""

Amount = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,12}(\.[0-9]{1,2})?$"), AfterValidator(_not_zero)]
"""Money as a decimal string, not 0."""

Price = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,10}(\.[0-9]{1,4})?$")]
"""The price of one piece as a decimal string."""


class Part(BaseModel):
    """A JSON object as sent: unknown fields and values of another type are errors."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
