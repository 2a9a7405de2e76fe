"""Conditional requests: entity tags, dates, and the order in which they are judged.

What the caller sends is read before a database connection is taken; what it means is
judged when the current state is known. A write does not judge it in Python at all: it takes
`ETags.versions` into its WHERE clause, so that two writers cannot both win.

Source: RFC 9110, sections 8.8.3 and 13.
"""

from __future__ import annotations

import base64
import enum
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal

from benben.kernel.problems import FieldError
from benben.rest.problems import MalformedPrecondition, PreconditionRequired

# An honest list names a few states; a longer one is refused rather than searched.
MAX_TAGS = 100
IGNORING_METHODS = frozenset({"CONNECT", "OPTIONS", "TRACE"})
READING_METHODS = frozenset({"GET", "HEAD"})

_DIGEST_BYTES = 12
_TAG = re.compile(r'(W/)?("[\x21\x23-\x7e\x80-\xff]*")')
_VERSION = re.compile(r'"v(0|[1-9][0-9]{0,18})"')
_DAYS = "Mon|Tue|Wed|Thu|Fri|Sat|Sun"
_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_TIME = "[0-9]{2}:[0-9]{2}:[0-9]{2}"
# The three forms of section 5.6.7; the parser of the library takes many more.
_HTTP_DATE = re.compile(
    rf"(?:{_DAYS}), [0-9]{{2}} (?:{_MONTHS}) [0-9]{{4}} {_TIME} GMT"
    rf"|(?:{_DAYS})[a-z]{{3,6}}, [0-9]{{2}}-(?:{_MONTHS})-[0-9]{{2}} {_TIME} GMT"
    rf"|(?:{_DAYS}) (?:{_MONTHS}) [ 0-9][0-9] {_TIME} [0-9]{{4}}"
)


class Outcome(enum.Enum):
    """What the preconditions make of a request."""

    PROCEED = "proceed"
    NOT_MODIFIED = "not modified"
    PRECONDITION_FAILED = "precondition failed"


@dataclass(frozen=True, slots=True)
class ETags:
    """The list of an If-Match or If-None-Match header.

    Args:
        is_any: the header is ``*``.
        strong, weak: the opaque tags with their quotes and without ``W/``.
    """

    is_any: bool = False
    strong: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()

    def match_strongly(self, etag: str | None) -> bool:
        """Tell whether *etag*, None if there is no state, is named byte for byte."""
        if etag is None:
            return False
        return self.is_any or etag in self.strong

    def match_weakly(self, etag: str | None) -> bool:
        """Tell whether *etag*, None if there is no state, is named as equivalent."""
        if etag is None:
            return False
        opaque = etag.removeprefix("W/")
        return self.is_any or opaque in self.strong or opaque in self.weak

    def versions(self) -> tuple[int, ...]:
        """Return the versions that the strong tags name; other tags name none."""
        found = (version_of(tag) for tag in self.strong)
        return tuple(version for version in found if version is not None)


@dataclass(frozen=True, slots=True)
class Preconditions:
    """The conditions of one request; None is a header that is absent or to be ignored."""

    if_match: ETags | None = None
    if_unmodified_since: datetime | None = None
    if_none_match: ETags | None = None
    if_modified_since: datetime | None = None


NO_PRECONDITIONS = Preconditions()


def read_preconditions(headers: Mapping[str, str]) -> Preconditions:
    """Return the conditions among *headers*, which are known by their usual names.

    A date that cannot be read is ignored, as the specification wants it.

    Raises: MalformedPrecondition: a list of entity tags that cannot be read.
    """
    if_match = headers.get("If-Match")
    if_none_match = headers.get("If-None-Match")
    unmodified = headers.get("If-Unmodified-Since")
    modified = headers.get("If-Modified-Since")
    if if_match is if_none_match is unmodified is modified is None:
        return NO_PRECONDITIONS
    return Preconditions(
        if_match=None if if_match is None else read_etags(if_match, "If-Match"),
        if_unmodified_since=None if unmodified is None else read_http_date(unmodified),
        if_none_match=None if if_none_match is None else read_etags(if_none_match, "If-None-Match"),
        if_modified_since=None if modified is None else read_http_date(modified),
    )


def read_etags(text: str, header: Literal["If-Match", "If-None-Match"]) -> ETags:
    """Return the entity tags of the value *text* of *header*; empty elements are skipped.

    Raises: MalformedPrecondition: not ``*`` nor a list of at least one entity tag.
    """
    if text.strip(" \t") == "*":
        return ETags(is_any=True)
    strong: list[str] = []
    weak: list[str] = []
    position, expects_tag = 0, True
    while position < len(text):
        if text[position] in " \t,":
            expects_tag = expects_tag or text[position] == ","
            position += 1
            continue
        found = _TAG.match(text, position) if expects_tag else None
        if found is None or len(strong) + len(weak) == MAX_TAGS:
            raise _malformed(header)
        (weak if found[1] else strong).append(found[2])
        position, expects_tag = found.end(), False
    if not strong and not weak:
        raise _malformed(header)
    return ETags(strong=tuple(strong), weak=tuple(weak))


def read_http_date(text: str) -> datetime | None:
    """Return the instant of an HTTP date in any of its three forms, or None if it is none."""
    if _HTTP_DATE.fullmatch(text.strip(" \t")) is None:
        return None
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found.replace(tzinfo=UTC)


def evaluate(
    method: str,
    preconditions: Preconditions,
    etag: str | None,
    *,
    last_modified: datetime | None = None,
) -> Outcome:
    """Return what *preconditions* make of *method* on the current state.

    Args:
        etag: of the current representation; None if there is no representation.
        last_modified: aware; None if it is not known, which ignores the dates.
    Source: RFC 9110, section 13.2.2.
    """
    if preconditions is NO_PRECONDITIONS or method in IGNORING_METHODS:
        return Outcome.PROCEED
    # A header carries whole seconds.
    changed_at = None if last_modified is None else last_modified.replace(microsecond=0)
    if not _is_expected(preconditions, etag, changed_at):
        return Outcome.PRECONDITION_FAILED
    is_reading = method in READING_METHODS
    if preconditions.if_none_match is not None:
        is_known = preconditions.if_none_match.match_weakly(etag)
    else:
        since = preconditions.if_modified_since
        is_known = is_reading and changed_at is not None and since is not None and changed_at <= since
    if not is_known:
        return Outcome.PROCEED
    return Outcome.NOT_MODIFIED if is_reading else Outcome.PRECONDITION_FAILED


def require_condition(preconditions: Preconditions) -> None:
    """Refuse a write that does not say which state its caller saw.

    Raises: PreconditionRequired.
    """
    if preconditions.if_match is None and preconditions.if_unmodified_since is None:
        raise PreconditionRequired("Send If-Match with the ETag of the state that you saw.")


def etag_of(version: int) -> str:
    """Return the strong entity tag of the *version* of a row."""
    return f'"v{version}"'


def version_of(etag: str) -> int | None:
    """Return the version that a strong tag of `etag_of` names; None for any other tag."""
    found = _VERSION.fullmatch(etag)
    return int(found[1]) if found else None


def etag_of_bytes(body: bytes) -> str:
    """Return a strong entity tag of the representation *body*, 18 characters."""
    # PERF: processors have instructions for SHA-256, and none for BLAKE2.
    digest = hashlib.sha256(body).digest()[:_DIGEST_BYTES]
    return f'"{base64.urlsafe_b64encode(digest).decode()}"'


def _is_expected(preconditions: Preconditions, etag: str | None, changed_at: datetime | None) -> bool:
    """Tell whether the current state is one that the caller names as seen."""
    if preconditions.if_match is not None:
        return preconditions.if_match.match_strongly(etag)
    since = preconditions.if_unmodified_since
    return since is None or changed_at is None or changed_at <= since


def _malformed(header: str) -> MalformedPrecondition:
    """Return the problem that names *header*."""
    detail = f'Must be "*" or a list of entity tags, at most {MAX_TAGS}, each in its quotes.'
    return MalformedPrecondition(errors=[FieldError(header, detail, "format", "header")])
