"""Create, replace, patch and delete: one statement each, a precondition is part of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec
from pyramid.response import Response

from benben.db.runner import Runner
from benben.kernel.problems import FieldError, InvalidInput, NotFound
from benben.resource.changes import Changes
from benben.resource.definition import BoundResource
from benben.resource.events import ResourceChanged
from benben.resource.read import CACHE_CONTROL, Reader
from benben.rest.nodes import JSON, Object
from benben.rest.patch import merge_patch
from benben.rest.preconditions import Outcome, etag_of, etag_of_bytes, evaluate, read_preconditions
from benben.rest.problems import PreconditionFailed, pointer_to
from benben.rest.service import json_response
from benben.rest.validation import derive_merged, has_rules, validate

if TYPE_CHECKING:
    from benben.kernel.request import Request


class Writer:
    """The writing views of one resource."""

    def __init__(self, bound: BoundResource, changes: Changes, reader: Reader) -> None:
        self.bound = bound
        self.changes = changes
        self.reader = reader
        self.runner: Runner = changes.runner
        fields = bound.fields.values()
        self._columns = {item.name: item.column.name for item in fields}
        # A rule over several fields needs the whole row, a value that is patched inside the one before.
        self._has_rules = has_rules(bound.write_schema)
        self._needs_row = self._has_rules or any(isinstance(item.node.typ, (JSON, Object)) for item in fields)
        self._merged_schema = derive_merged(bound.schema)
        self._writable = frozenset(node.name for node in bound.write_schema.children)

    def create(self, request: Request) -> Response:
        """Create an item."""
        values = self.changes.defaults(on_update=False) | self._by_column(request.validated)
        statement = self.changes.insert(values)
        document, key, *version = self.runner.write(request, statement, _prefixed(values))[0]
        location = f"{quote(request.script_name + request.path_info).rstrip('/')}/{quote(str(key), safe='')}"
        return self._written(request, "created", key, document, version, status=201, headers=[("Location", location)])

    def replace(self, request: Request) -> Response:
        """Replace an item as a whole."""
        return self._update(request, "replaced", request.validated)

    def patch(self, request: Request) -> Response:
        """Change some fields of an item."""
        patch = request.validated
        if not isinstance(patch, dict) or (patch and not self._needs_row):
            return self._update(request, "patched", validate(self.bound.patch_schema, patch))
        document, version = self._current(request)
        self._require(request, document, version)
        if not patch:
            return self._presented(document.encode(), version)
        return self._update(request, "patched", self._merged(msgspec.json.decode(document), patch))

    def _merged(self, document: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields that *patch* names, as they become.

        The others are not written: what *document* does not show, a password, would be lost.
        A null of a field itself is a value that its node judges, as in every other body.

        Raises: InvalidInput.
        """
        changed = {name: merge_patch(document.get(name), value) for name, value in patch.items()}
        rest = {name: value for name, value in document.items() if name in self._writable} if self._has_rules else {}
        merged = validate(self._merged_schema, rest | changed)
        return {name: value for name, value in merged.items() if name in patch}

    def delete(self, request: Request) -> Response:
        """Delete an item."""
        key = self.reader.key(request)
        versions = self._versions(request)
        statement = self.changes.delete(None if versions is None else len(versions))
        rows = self.runner.write(request, statement, {"key": key, **_numbered(versions)})
        if not rows:
            self._refuse(request)
        self._notify(request, "deleted", key, b"")
        return Response(status=204)

    def _update(self, request: Request, action: str, sent: Mapping[str, Any]) -> Response:
        key = self.reader.key(request)
        if sent.get(self.bound.key.name, key) != key:
            # RFC 9110, section 9.3.4: what is sent has to fit its address; this is no way to rename.
            fault = FieldError(pointer_to((self.bound.key.name,)), "Must be the key that the address names.", "key")
            raise InvalidInput(errors=[fault])
        versions = self._versions(request)
        values = self.changes.defaults(on_update=True) | self._by_column(sent)
        statement = self.changes.update(values, None if versions is None else len(versions))
        rows = self.runner.write(request, statement, {"key": key, **_numbered(versions), **_prefixed(values)})
        if not rows:
            self._refuse(request)
        document, key, *version = rows[0]
        return self._written(request, action, key, document, version)

    def _versions(self, request: Request) -> tuple[int, ...] | None:
        """Return the versions that If-Match allows, None for any that exists.

        If-None-Match on a change of something that exists can only be met by another tag; it
        is judged by reading, which is what a rare header is worth.
        """
        preconditions = read_preconditions(request.headers)
        if preconditions.if_none_match is not None or (self.bound.version is None and preconditions.if_match):
            self._require(request, *self._current(request))
        if preconditions.if_match is None or preconditions.if_match.is_any:
            return None
        return None if self.bound.version is None else preconditions.if_match.versions()

    def _current(self, request: Request) -> tuple[str, Any]:
        """Return the document and version of the row, locked until the transaction ends."""
        rows = self.runner.write(request, self.changes.current(lock=True), {"key": self.reader.key(request)})
        if not rows:
            raise NotFound()
        return rows[0][0], rows[0][1] if len(rows[0]) > 1 else None

    def _require(self, request: Request, document: str, version: Any) -> None:
        """Refuse what the preconditions do not want; the row is locked.

        Raises: PreconditionFailed: with the present ETag.
        """
        etag = etag_of_bytes(document.encode()) if version is None else etag_of(version)
        if evaluate(request.method, read_preconditions(request.headers), etag) is not Outcome.PROCEED:
            raise PreconditionFailed(headers={"ETag": etag})

    def _refuse(self, request: Request) -> None:
        """Say why nothing was changed: there is no such row, or it has another version.

        Raises: NotFound, PreconditionFailed.
        """
        document, version = self._current(request)
        etag = etag_of_bytes(document.encode()) if version is None else etag_of(version)
        raise PreconditionFailed(headers={"ETag": etag})

    def _written(
        self, request: Request, action: str, key: Any, document: str, version: list[Any], *, status: int = 200, headers: Any = ()
    ) -> Response:
        body = document.encode()
        self._notify(request, action, key, body)
        return self._presented(body, version[0] if version else None, status=status, headers=headers)

    def _presented(self, body: bytes, version: Any, *, status: int = 200, headers: Any = ()) -> Response:
        etag = etag_of_bytes(body) if version is None else etag_of(version)
        return json_response(body, status=status, headers=[("ETag", etag), CACHE_CONTROL, *headers])

    def _notify(self, request: Request, action: str, key: Any, document: bytes) -> None:
        if request.registry.has_listeners:
            request.registry.notify(ResourceChanged(request, self.bound.name, action, key, document))

    def _by_column(self, sent: Mapping[str, Any]) -> dict[str, Any]:
        return {self._columns[name]: value for name, value in sent.items()}


def _prefixed(values: Mapping[str, Any]) -> dict[str, Any]:
    return {f"f_{name}": value for name, value in values.items()}


def _numbered(versions: tuple[int, ...] | None) -> dict[str, int]:
    return {f"version{place}": version for place, version in enumerate(versions or ())}
