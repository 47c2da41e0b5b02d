"""Dates, money and units written out in the words of a language, by Unicode's tables (CLDR, through Babel)."""

from __future__ import annotations

import datetime
import re
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import NumberFormatError, get_currency_name, parse_decimal
from babel.units import format_unit

_NUMBER = r"\d+(?:[.,'\u00a0\u202f]\d+)*"
_ISO_DATE = re.compile(r"(?<![\w-])(\d{4})-(\d{2})-(\d{2})(?![\w-])")
_CURRENCIES = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "₩": "KRW", "₽": "RUB", "₺": "TRY"}
_SIGNS = re.escape("".join(_CURRENCIES))
_MONEY = re.compile(rf"([{_SIGNS}])\s?({_NUMBER})|({_NUMBER})\s?([{_SIGNS}])")
_UNITS = {
    "km/h": "speed-kilometer-per-hour", "km": "length-kilometer", "cm": "length-centimeter", "mm": "length-millimeter",
    "m": "length-meter", "kg": "mass-kilogram", "g": "mass-gram", "l": "volume-liter", "ml": "volume-milliliter",
    "°C": "temperature-celsius", "°F": "temperature-fahrenheit", "min": "duration-minute", "h": "duration-hour",
    "GB": "digital-gigabyte", "MB": "digital-megabyte", "kW": "power-kilowatt", "Hz": "frequency-hertz",
}  # fmt: skip
_UNIT = re.compile(rf"(?<![\w.,])({_NUMBER})\s?({'|'.join(sorted(_UNITS, key=len, reverse=True))})(?![\w/])")


def written_out(text: str, language: str) -> str:
    """The text with ISO dates, amounts of money and measures in words; as it was for languages without tables."""
    try:
        locale = Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return text
    text = _ISO_DATE.sub(lambda found: _date(found, locale), text)
    text = _day_of_month(locale).sub(r"\1 ", text)
    text = _MONEY.sub(lambda found: _money(found, locale), text)
    return _UNIT.sub(lambda found: _measure(found, locale), text)


@lru_cache(maxsize=8)
def _day_of_month(locale: Locale) -> re.Pattern[str]:
    """A day with the full stop of an ordinal, before the name of a month: no sentence ends there."""
    months = "|".join(re.escape(name) for name in locale.months["format"]["wide"].values())
    return re.compile(rf"\b(\d{{1,2}})\.\s+(?=(?:{months})\b)")


def _date(found: re.Match[str], locale: Locale) -> str:
    try:
        return format_date(datetime.date(*map(int, found.groups())), "long", locale)
    except ValueError:  # the 45th of a 13th month
        return found.group()


def _money(found: re.Match[str], locale: Locale) -> str:
    number, sign = (found[2], found[1]) if found[1] else (found[3], found[4])
    try:
        name = get_currency_name(_CURRENCIES[sign], parse_decimal(number, locale), locale)
    except NumberFormatError:
        return found.group()
    return f"{number} {name}"


def _measure(found: re.Match[str], locale: Locale) -> str:
    try:
        return format_unit(parse_decimal(found[1], locale), _UNITS[found[2]], "long", locale=locale)
    except NumberFormatError:
        return found.group()
