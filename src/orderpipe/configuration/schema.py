"""
What may stand in `orderpipe.toml`: calendars, types of order with their targets, desks with whom they wake, and locations.

Everything is brought into one form, so that the file and the database can be compared.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, TypeAdapter, field_validator

from orderpipe.channels.chat import is_chat
from orderpipe.domain.calendars import UnknownCountry, check_country
from orderpipe.domain.desks import OWNER
from orderpipe.domain.targets import STAGES
from orderpipe.flow import Lane

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_SHIFT = re.compile(r"([01]\d|2[0-3]):([0-5]\d) ?[-–] ?(?:([01]\d|2[0-3]):([0-5]\d)|24:00)")
_DURATION = re.compile(r"(?:(\d+) ?h)? ?(?:(\d+) ?(?:m|min))?")
_LONGEST_MINUTES = 60 * 24 * 366


def _shifts(written: Sequence[str]) -> list[str]:
    """As "09:00-17:00", in order. Raises ValueError."""
    spans = []
    for shift in written:
        if not isinstance(shift, str) or not _SHIFT.fullmatch(shift):
            raise ValueError(f'A shift is written "09:00-17:00" (or "22:00-06:00" into the next day), not {shift!r}.')
        begins, ends = (part.strip() for part in re.split("[-–]", shift))
        spans.append((begins, ends))
    spans.sort()
    for (_, before), (begins, _) in pairwise(spans):
        if begins < before:
            raise ValueError(f"The shift from {begins} begins before the one until {before} has ended.")
    return ["-".join(span) for span in spans]


def _days(named: str) -> Sequence[str]:
    """The days that "mon" or "mon-fri" names. Raises ValueError."""
    first, _, last = named.partition("-")
    if first in DAYS and (last or first) in DAYS and DAYS.index(first) <= DAYS.index(last or first):
        return DAYS[DAYS.index(first) : DAYS.index(last or first) + 1]
    raise ValueError(f'{named!r} is no day; days are written "mon" or "mon-fri".')


def _minutes(written: object) -> float:
    """Working minutes from 90, "90m", "4h" or "1h30m". Raises ValueError."""
    if isinstance(written, int | float) and not isinstance(written, bool):
        minutes = float(written)
    elif isinstance(written, str) and (found := _DURATION.fullmatch(written.strip())) and any(found.groups()):
        minutes = 60.0 * int(found[1] or 0) + int(found[2] or 0)
    else:
        raise ValueError(f'Working time is written "4h", "45m" or "1h30m" (ten days of eight hours are "80h"), not {written!r}.')
    if not 0 <= minutes <= _LONGEST_MINUTES:
        raise ValueError(f"{written!r} is not between nothing and a year.")
    return minutes


def _more_than_nothing(minutes: float) -> float:
    if minutes <= 0:
        raise ValueError("A target is more than no time at all; leave it out where there is none.")
    return minutes


def _day(written: str) -> str:
    try:
        return date.fromisoformat(written).isoformat()
    except ValueError:
        raise ValueError(f"{written!r} is no date; dates are written 2026-12-24.") from None


def _stage(name: str) -> str:
    if name not in STAGES:
        raise ValueError(f"There is no stage {name!r}; there is {', '.join(STAGES)}.")
    return name


def _recipient(address: str) -> str:
    if "://" in address:
        if not is_chat(address):
            raise ValueError("Apprise knows no such URL.")  # it may hold a secret, so it is not said
        return address
    try:
        validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError as reason:
        raise ValueError(f"{address!r} is neither an e-mail address nor an Apprise URL: {reason}") from None
    return address


def _time_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"{name!r} is no time zone; write it as Europe/Berlin or UTC.")
    return name


def _country(code: str) -> str:
    if code:
        try:
            check_country(code)
        except UnknownCountry as reason:
            raise ValueError(f"{reason} Write it as GB, or with its part as DE-BY.") from None
    return code


Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=60)]
Shifts = Annotated[list[str], BeforeValidator(lambda one: [one] if isinstance(one, str) else one), AfterValidator(_shifts)]
Day = Annotated[str, AfterValidator(_day)]
Minutes = Annotated[float, BeforeValidator(_minutes)]
Target = Annotated[float, BeforeValidator(_minutes), AfterValidator(_more_than_nothing)]
Stage = Annotated[str, AfterValidator(_stage)]


class Part(BaseModel):
    """A section of the file; what is not known in it is a mistake."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class Calendar(Part):
    """When a place works; closed on the public `holidays` of a country, save as `exceptions` say (none: closed)."""

    time_zone: Annotated[str, AfterValidator(_time_zone)]
    hours: dict[str, Shifts]
    holidays: Annotated[str, AfterValidator(_country)] = ""
    exceptions: dict[Day, Shifts] = Field(default_factory=dict)

    @field_validator("hours")
    @classmethod
    def _each_day_once(cls, hours: Mapping[str, list[str]]) -> dict[str, list[str]]:
        told: dict[str, list[str]] = {}
        for named, shifts in hours.items():
            for day in _days(named):
                if day in told:
                    raise ValueError(f"{day} stands there twice.")
                told[day] = shifts
        if not any(told.values()):
            raise ValueError("This calendar never works, so nothing by it would ever be due.")
        return {day: told[day] for day in DAYS if told.get(day)}

    @field_validator("exceptions")
    @classmethod
    def _by_date(cls, exceptions: Mapping[str, list[str]]) -> dict[str, list[str]]:
        return dict(sorted(exceptions.items()))


class OrderType(Part):
    """A type of order; `warn` is the share of a target at which its owner is warned."""

    lane: Lane
    prepaid: bool = False
    calendar: Code = "standard"
    warn: float = Field(0.8, gt=0, le=1)
    pauses: list[Literal["customer", "shop", "carrier"]] = ["customer", "shop", "carrier"]  # pydantic copies it
    targets: dict[Stage, Target] = Field(default_factory=dict)

    @field_validator("pauses")
    @classmethod
    def _in_order(cls, pauses: list[str]) -> list[str]:
        return [one for one in ("customer", "shop", "carrier") if one in pauses]


class Rung(Part):
    """Who hears of an alarm that nobody has taken `after` so much working time; without `to` it is the office."""

    level: Annotated[str, StringConstraints(min_length=1, max_length=60)] = OWNER
    after: Minutes = 0.0
    to: list[Annotated[str, AfterValidator(_recipient)]] = Field(default_factory=list)


class Desk(Part):
    """Who does the work of these stages, and by which calendar; without one it is that of the order's type."""

    stages: list[Stage]
    calendar: Code | Literal[""] = ""
    escalation: list[Rung] = Field(default_factory=list)

    @field_validator("stages")
    @classmethod
    def _in_order(cls, stages: list[str]) -> list[str]:
        return [stage for stage in STAGES if stage in stages]

    @field_validator("escalation")
    @classmethod
    def _upwards(cls, escalation: list[Rung]) -> list[Rung]:
        if any(later.after < earlier.after for earlier, later in pairwise(escalation)):
            raise ValueError("Each level hears of it later than the one before.")
        return escalation


class Location(Part):
    """A location, which is there already; by `calendar` its parcels are worked."""

    calendar: Code


class Sections(Part):
    """What holds for everybody, or for one shop."""

    calendars: dict[Code, Calendar] = Field(default_factory=dict)
    order_types: dict[Code, OrderType] = Field(default_factory=dict)
    desks: dict[Code, Desk] = Field(default_factory=dict)


class ShopSections(Sections):
    """What holds for one shop, before what holds for everybody."""

    locations: dict[Code, Location] = Field(default_factory=dict)


class File(Sections):
    """The whole file."""

    shops: dict[str, ShopSections] = Field(default_factory=dict)


SECTIONS = ("calendars", "order_types", "desks", "locations")

_FORM: dict[str, type[Part]] = {"calendars": Calendar, "order_types": OrderType, "desks": Desk, "locations": Location}

Key = tuple[str, str, str]
"""The shop's code ("" everybody), the section, and the name within it."""

Entries = dict[Key, dict[str, Any]]
"""A configuration in its one form, entry by entry."""


def entry_of(section: str, name: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """One entry in its one form. Raises pydantic's ValidationError."""
    _NAME.validate_python(name)
    return _FORM[section].model_validate(document).model_dump(mode="json")


_NAME = TypeAdapter(Code)


def entries_of(file: File) -> Entries:
    """Everything that stands in the file."""
    return {
        (shop, section, name): entry.model_dump(mode="json")
        for shop, sections in (("", file), *file.shops.items())
        for section in SECTIONS for name, entry in getattr(sections, section, {}).items()
    }
