"""The formats of strings and numbers that are checked; a name that is not here says nothing.

Source: JSON Schema 2020-12, validation, section 7.3; the format registry of OpenAPI.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable, Mapping
from datetime import date, time
from types import MappingProxyType
from typing import Any

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"([0-9]{2}:[0-9]{2}):([0-9]{2})(?:\.[0-9]+)?(?:[Zz]|[+-]([0-9]{2}):([0-9]{2}))")
_HOUR = "(?:[01][0-9]|2[0-3])"
# A day that every month has, at a time without a leap second.
_USUAL = re.compile(
    "[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])[Tt]"
    rf"{_HOUR}:[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?(?:[Zz]|[+-]{_HOUR}:[0-5][0-9])"
)
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_EMAIL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@(?P<host>[^@\s]+)")
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_URI = re.compile(r"(?:%[0-9A-Fa-f]{2}|[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-])*")
_DURATION = re.compile(r"P(?!\Z)(?:[0-9]+W|(?:[0-9]+Y)?(?:[0-9]+M)?(?:[0-9]+D)?(?:T(?!\Z)(?:[0-9]+H)?(?:[0-9]+M)?(?:[0-9]+S)?)?)")
_POINTER = re.compile(r"(?:/(?:[^~/]|~[01])*)*")
_DECIMAL = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
Check = Callable[[Any], bool]


def is_date(text: str) -> bool:
    """Tell whether *text* is a day of the calendar."""
    return _DATE.fullmatch(text) is not None and _parses(date.fromisoformat, text)


def is_time(text: str) -> bool:
    """Tell whether *text* is a time with its offset; a leap second only where there can be one."""
    found = _TIME.fullmatch(text)
    if found is None or not text.isascii():
        return False
    if found[3] is not None and not (int(found[3]) < 24 and int(found[4]) < 60):
        return False
    if found[2] != "60":
        return _parses(time.fromisoformat, f"{found[1]}:{found[2]}")
    hour, minute = (int(part) for part in found[1].split(":"))
    shift = 0 if found[3] is None else (int(found[3]) * 60 + int(found[4])) * (-1 if "-" in text[8:] else 1)
    return hour < 24 and minute < 60 and (hour * 60 + minute - shift) % 1440 == 1439


def is_date_time(text: str) -> bool:
    """Tell whether *text* is an instant of RFC 3339."""
    # PERF: a third of the time; the year 0 is left to the calendar.
    if _USUAL.fullmatch(text) is not None and text[:4] != "0000":
        return True
    return len(text) > 11 and text[10] in "Tt " and is_date(text[:10]) and is_time(text[11:]) and text[10] != " "


def is_email(text: str) -> bool:
    """Tell whether *text* is an address of e-mail, without comments and quotes."""
    found = _EMAIL.fullmatch(text)
    return found is not None and _HOST.fullmatch(found["host"]) is not None


def is_uri(text: str) -> bool:
    """Tell whether *text* is an absolute URI."""
    return _SCHEME.match(text) is not None and _URI.fullmatch(text) is not None


def is_base64(text: str) -> bool:
    """Tell whether *text* is Base64 with its padding."""
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _parses(read: Callable[[str], Any], text: str) -> bool:
    try:
        read(text)
    except ValueError:
        return False
    return True


def _matches(pattern: re.Pattern[str]) -> Check:
    return lambda text: pattern.fullmatch(text) is not None


def _fits(bits: int) -> Check:
    bound = 2 ** (bits - 1)
    return lambda number: -bound <= number < bound


def _is_ip(kind: Callable[[str], Any]) -> Check:
    return lambda text: "%" not in text and _parses(kind, text)


STRINGS: Mapping[str, Check] = MappingProxyType(
    {
        "date": is_date,
        "time": is_time,
        "date-time": is_date_time,
        "duration": _matches(_DURATION),
        "email": is_email,
        "hostname": _matches(_HOST),
        "ipv4": _is_ip(ipaddress.IPv4Address),
        "ipv6": _is_ip(ipaddress.IPv6Address),
        "uuid": _matches(_UUID),
        "uri": is_uri,
        "uri-reference": _matches(_URI),
        "json-pointer": _matches(_POINTER),
        "regex": lambda text: _is_pattern(text),
        "byte": is_base64,
        "decimal": _matches(_DECIMAL),
    }
)
NUMBERS: Mapping[str, Check] = MappingProxyType({"int32": _fits(32), "int64": _fits(64)})
NAMES: Mapping[str, str] = MappingProxyType(
    {
        "date": "a date, YYYY-MM-DD",
        "time": "a time with its offset",
        "date-time": "an instant of RFC 3339",
        "duration": "a duration of ISO 8601",
        "email": "an e-mail address",
        "hostname": "the name of a host",
        "ipv4": "an IPv4 address",
        "ipv6": "an IPv6 address",
        "uuid": "a UUID",
        "uri": "a URI with its scheme",
        "uri-reference": "a URI or a relative reference",
        "json-pointer": "a JSON pointer",
        "regex": "a regular expression",
        "byte": "Base64",
        "decimal": "a decimal number",
        "int32": "a whole number of 32 bits",
        "int64": "a whole number of 64 bits",
    }
)


def _is_pattern(text: str) -> bool:
    try:
        re.compile(text)
    except re.error:
        return False
    return True


def keeps_format(name: str, value: Any) -> bool:
    """Tell whether *value* has the format *name*; of another kind, or an unknown name, it has."""
    if isinstance(value, str):
        check = STRINGS.get(name)
        return check is None or check(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        check = NUMBERS.get(name)
        return check is None or check(value)
    return True
