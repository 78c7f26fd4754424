"""
How a language says money, days and instants, and the phrases of its folder under `templates/`.

A letter reads the same for everyone in that language: dates with the month in words, times in the shop's zone, which is named.
"""

import tomllib
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale
from babel.dates import format_date, get_timezone_location
from babel.numbers import format_currency, format_decimal

from orderpipe.domain.countries import is_country

LANGUAGES = ("en", "zh")
FALLBACK = "en"


def language_of(tag: str) -> str:
    """The language we write in to somebody who reads `tag` (BCP 47): its main language if we have it, else English."""
    main = tag.replace("_", "-").partition("-")[0].lower()
    return main if main in LANGUAGES else FALLBACK


@lru_cache(maxsize=len(LANGUAGES))
def phrases_of(language: str) -> Mapping[str, Any]:
    """The phrases of a language, from the file `phrases.toml` in its folder."""
    return tomllib.loads((files(__package__) / "templates" / language / "phrases.toml").read_text("utf-8"))


class Wording:
    """Numbers and time as one language says them, in one time zone and currency."""

    def __init__(self, language: str, time_zone: str, currency: str) -> None:
        self.language = language
        self.currency = currency
        self.phrases = phrases_of(language)
        self._zone = _zone(time_zone)
        self._zone_name = _zone_name(language, time_zone)

    def money(self, amount: object, currency: str = "") -> str:
        """An amount (Decimal or its text) with its currency, by default the order's; what is no amount is said as it stands."""
        return _money(self.language, str(amount), currency or self.currency)

    def day(self, when: str | date | datetime) -> str:
        """The day of a date or of an instant here, with weekday and year."""
        return _day(self.language, self._local_day(when), "day")

    def short_day(self, when: str | date | datetime) -> str:
        """The same as short as a text message wants it."""
        return _day(self.language, self._local_day(when), "short_day")

    def country(self, code: str) -> str:
        """A country's name (ISO 3166-1 alpha-2); what is no such code is said as it stands."""
        return str(_locale(self.language).territories.get(code.upper(), code))

    @property
    def countries(self) -> Mapping[str, str]:
        """The codes of all countries by their names, in small letters."""
        return _countries(self.language)

    def last_day(self, end: str | datetime) -> str:
        """The last day of what ends at this instant; midnight still belongs to the day before."""
        return self.day(self._just_before(end))

    def short_last_day(self, end: str | datetime) -> str:
        """The same as short as a text message wants it."""
        return self.short_day(self._just_before(end))

    def moment(self, when: str | datetime) -> str:
        """Day and time of an instant, with the zone's name."""
        local = self._local(when)
        return self._say("moment", day=self.day(local), time=f"{local:%H:%M}", zone=self._zone_name)

    def window(self, start: str | datetime, end: str | datetime) -> str:
        """From one instant to another: the hours when both are on one day, else the two days."""
        first, last = self._local(start), self._local(end)
        if first.date() != self._just_before(end).date():
            return self.days(start, end)
        return self._say("hours", day=self.day(first), start=f"{first:%H:%M}", end=f"{last:%H:%M}", zone=self._zone_name)

    def days(self, start: str | datetime, end: str | datetime) -> str:
        """The day, or the first and the last day, of a window."""
        first, last = self._local(start), self._just_before(end)
        return self.day(last) if first.date() >= last.date() else self._say("days", first=self.day(first), last=self.day(last))

    def _say(self, phrase: str, **values: str) -> str:
        return str(self.phrases["time"][phrase]).format_map(values)

    def _local(self, when: str | datetime) -> datetime:
        instant = datetime.fromisoformat(when) if isinstance(when, str) else when
        return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(self._zone)

    def _just_before(self, end: str | datetime) -> datetime:
        return self._local(self._local(end) - timedelta(seconds=1))

    def _local_day(self, when: str | date | datetime) -> date:
        if isinstance(when, datetime) or (isinstance(when, str) and len(when) > len("2026-11-03")):
            return self._local(when).date()
        return when if isinstance(when, date) else date.fromisoformat(when)


@lru_cache(maxsize=200)
def wording(language: str, time_zone: str, currency: str) -> Wording:
    """The wording for a shop's letters; one is shared by all that want the same."""
    return Wording(language, time_zone, currency)


@lru_cache(maxsize=20_000)
def _money(language: str, amount: str, currency: str) -> str:
    locale = _locale(language)
    try:
        exact = Decimal(amount)
        plain = exact == round(exact, 2)
    except InvalidOperation:
        return f"{amount} {currency}".strip()
    if not currency:
        return format_decimal(exact, "#,##0.00" if plain else "#,##0.00##", locale=locale)
    # a unit price such as 0.0125 must not become 0.01
    return format_currency(exact, currency, locale=locale, currency_digits=plain, decimal_quantization=plain)


@lru_cache(maxsize=5_000)
def _day(language: str, day: date, pattern: str) -> str:
    return format_date(day, phrases_of(language)["time"][pattern], locale=_locale(language))


@lru_cache(maxsize=len(LANGUAGES))
def _locale(language: str) -> Locale:
    return Locale.parse({"zh": "zh_Hans_CN"}.get(language, language))


@lru_cache(maxsize=len(LANGUAGES))
def _countries(language: str) -> Mapping[str, str]:
    return {str(name).casefold(): str(code) for code, name in _locale(language).territories.items() if is_country(str(code))}


@lru_cache(maxsize=500)
def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a name too long for a file
        return UTC


@lru_cache(maxsize=500)
def _zone_name(language: str, name: str) -> str:
    time = phrases_of(language)["time"]
    zone = _zone(name)
    if zone is UTC or name in ("UTC", "Etc/UTC"):
        return "UTC"
    city = time["cities"].get(name) or get_timezone_location(name, locale=_locale(language), return_city=True)
    return str(time["zone"]).format(city=city)
