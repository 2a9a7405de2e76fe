"""What a write answers, as its caller prefers it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from pyramid.response import Response

from benben.resource.pages import CACHE_CONTROL
from benben.rest.preconditions import etag_of, etag_of_bytes
from benben.rest.preferences import NO_PREFERENCES, Preferences, read_preferences
from benben.rest.service import json_response

if TYPE_CHECKING:
    from benben.kernel.request import Request

Headers = Sequence[tuple[str, str]]
QUIET = ("minimal", "headers-only")


def preferences_of(request: Request) -> Preferences:
    """Return what the caller prefers.

    Raises: InvalidPreference: one that is not known, where they are to be taken strictly.
    """
    text = request.environ.get("HTTP_PREFER")
    return NO_PREFERENCES if text is None else read_preferences(text)


def row_answer(
    request: Request, preferences: Preferences, row: Sequence[Any], *, status: int = 200, headers: Headers = ()
) -> Response:
    """Return the answer to a change of one row.

    Args: row: its document, key and, where there is one, version.
    """
    request.row_count += 1
    body = row[0].encode()
    etag = etag_of(row[2]) if len(row) > 2 else etag_of_bytes(body)
    found = [("ETag", etag), CACHE_CONTROL, *headers, *finished(request, preferences)]
    if preferences.returns in QUIET:
        return quiet_response(status if status == 201 or preferences.returns == "headers-only" else 204, found)
    return json_response(body, status=status, headers=found)


def rows_answer(
    request: Request, preferences: Preferences, documents: Iterable[str], number: int, *, status: int = 200, shows: bool = True
) -> Response:
    """Return the answer to a change of many rows.

    Args: shows: the rows are sent unless the caller wants less; else only if it wants them.
    """
    request.row_count += number
    headers = [CACHE_CONTROL, *finished(request, preferences)]
    if preferences.returns in QUIET:
        return quiet_response(status if status == 201 else 204, headers)
    items = f'"items":[{",".join(documents)}],' if shows or preferences.returns == "representation" else ""
    return json_response(f'{{{items}"affected":{number}}}'.encode(), status=status, headers=headers)


def finished(request: Request, preferences: Preferences) -> list[tuple[str, str]]:
    """Return the header that names what was heeded; a dry run ends in a rollback."""
    if preferences is NO_PREFERENCES:
        return []
    heeded = []
    if preferences.tx is not None:
        heeded.append(f"tx={preferences.tx}")
        if preferences.tx == "rollback":
            request.tm.doom()
    for name, value in (
        ("return", preferences.returns),
        ("resolution", preferences.resolution),
        ("max-affected", preferences.max_affected),
        ("results", preferences.results),
        ("handling", preferences.handling),
    ):
        if value is not None:
            heeded.append(f"{name}={value}")
    return [("Preference-Applied", ", ".join(heeded))] if heeded else []


def quiet_response(status: int, headers: Headers) -> Response:
    """Return an answer without a body."""
    return Response(status=status, headerlist=[*headers, *([] if status == 204 else [("Content-Length", "0")])])
