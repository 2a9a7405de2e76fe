"""Media types: which one the caller wants, and whether the one it sends is read here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from benben.kernel.problems import NotAcceptable, UnsupportedMediaType

# No honest header has more ranges; the rest of a hostile one is not looked at.
MAX_RANGES = 100

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_RANGE = re.compile(rf"({_TOKEN})/({_TOKEN})")
_QUALITY = re.compile(r"0?\.[0-9]{1,3}|0\.?|1(?:\.0{0,3})?")
# An open quote runs to the end: searching it again from every later quote is quadratic.
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)', re.DOTALL)
_CHARSETS = frozenset({"utf-8", "utf8"})


def choose(accept: str | None, offers: Sequence[str]) -> str:
    """Return the one of *offers* that the Accept header *accept* likes best.

    Of equal quality the earlier offer wins. Elements that cannot be read are passed over, as
    long as one can be; a bare ``*`` counts as ``*/*``, since a well-known client sends it.

    Args: offers: media types in lower case, the preferred one first.
    Raises: NotAcceptable: no offer is wanted, or the header cannot be read at all.
    Source: RFC 9110, section 12.5.1.
    """
    if not accept or accept == "*/*":
        return offers[0]
    if accept in offers:
        return accept
    ranges = list(_ranges(accept))
    best, best_quality = "", 0.0
    for offer in offers:
        quality = _quality_of(offer, ranges)
        if quality > best_quality:
            best, best_quality = offer, quality
    if not best:
        listed = ", ".join(offers)
        reason = "" if ranges else "The Accept header cannot be read. "
        raise NotAcceptable(f"{reason}This address gives {listed}.", available=list(offers))
    return best


def require_media_type(
    content_type: str | None,
    offers: Sequence[str],
    *,
    accept_header: str,
) -> str:
    """Return the one of *offers* that a body of *content_type* is.

    Parameters are tolerated; a charset has to be UTF-8, the only one that JSON has.

    Args: accept_header: ``Accept-Post`` or ``Accept-Patch``, by the method.
    Raises: UnsupportedMediaType: another type or none, with the header that lists *offers*.
    """
    if content_type is not None and content_type in offers:
        return content_type
    media_type, parameters = _split(content_type or "")
    if media_type in offers and parameters.get("charset", "utf-8") in _CHARSETS:
        return media_type
    listed = ", ".join(offers)
    if not media_type:
        detail = f"The body has no Content-Type; this address reads {listed}."
    elif media_type in offers:
        detail = "The charset of the body has to be UTF-8."
    else:
        detail = f"This address reads {listed}."
    raise UnsupportedMediaType(detail, headers={accept_header: listed})


def _ranges(accept: str) -> Iterator[tuple[str, str, Mapping[str, str], float]]:
    """Yield type, subtype, parameters and quality of every range that can be read."""
    # Commas and semicolons inside quoted values separate nothing.
    text = _QUOTED.sub(_without_separators, accept) if '"' in accept else accept
    for element in text.split(",", MAX_RANGES)[:MAX_RANGES]:
        media_range, parameters = _split(element)
        found = _RANGE.fullmatch("*/*" if media_range == "*" else media_range)
        quality = parameters.pop("q", "1")
        # A charset narrows nothing: JSON has one.
        parameters.pop("charset", None)
        if found is None or _QUALITY.fullmatch(quality) is None:
            continue
        if found[1] != "*" or found[2] == "*":
            yield found[1], found[2], parameters, float(quality)


def _quality_of(offer: str, ranges: Sequence[tuple[str, str, Mapping[str, str], float]]) -> float:
    """Return the quality that the most specific of *ranges* gives *offer*; 0 is refused."""
    media_type, offered = _split(offer)
    kind, _, subtype = media_type.partition("/")
    rank, quality = -1, 0.0
    for wanted_kind, wanted_subtype, parameters, weight in ranges:
        if wanted_kind not in (kind, "*") or wanted_subtype not in (subtype, "*"):
            continue
        if any(offered.get(name) != value for name, value in parameters.items()):
            continue
        specificity = (wanted_kind != "*") + (wanted_subtype != "*") + len(parameters)
        if specificity > rank:
            rank, quality = specificity, weight
    return quality


def _split(text: str) -> tuple[str, dict[str, str]]:
    """Return the media type of *text* and its parameters, in lower case.

    Of a parameter that is given twice the first counts, unless they differ: then both are
    kept as one value that equals nothing.
    """
    head, *tail = text.split(";")
    parameters: dict[str, str] = {}
    for part in tail:
        name, _, value = part.partition("=")
        name, value = name.strip().lower(), value.strip().strip('"').lower()
        if name:
            known = parameters.setdefault(name, value)
            parameters[name] = value if known == value else f"{known},{value}"
    return head.strip().lower(), parameters


def _without_separators(quoted: re.Match[str]) -> str:
    """Return a quoted value without the characters that separate elsewhere."""
    return quoted[0].replace(",", " ").replace(";", " ")
