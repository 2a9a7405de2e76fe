"""Create, replace, patch and delete one row; a precondition is part of the statement."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec
from pyramid_retry import mark_error_retryable

from benben.db.runner import Runner
from benben.kernel.problems import FieldError, InvalidInput, NotFound
from benben.kernel.settings import Values
from benben.resource.access.problems import RowNotPermitted
from benben.resource.answers import finished, preferences_of, quiet_response, row_answer
from benben.resource.bodies import Bodies
from benben.resource.changes import IGNORE, MERGE, Changes
from benben.resource.constraints import Constraints
from benben.resource.definition import BoundResource
from benben.resource.events import ResourceChanged, RowsMoved
from benben.resource.files import Files, require_kept
from benben.resource.nested import Children
from benben.resource.read import Reader
from benben.rest.patch import json_patch, merge_patch
from benben.rest.preconditions import (
    Outcome,
    Preconditions,
    etag_of,
    etag_of_bytes,
    evaluate,
    read_preconditions,
    require_condition,
)
from benben.rest.problems import PreconditionFailed, pointer_to
from benben.rest.validation import validate

if TYPE_CHECKING:
    from pyramid.response import Response

    from benben.kernel.request import Request
    from benben.rest.preferences import Preferences

JSON_PATCH = "application/json-patch+json"


class Writer:
    """The writing views of one resource for one row."""

    def __init__(self, bound: BoundResource, changes: Changes, reader: Reader) -> None:
        self.bound = bound
        self.changes = changes
        self.reader = reader
        self.bounds: Values = reader.bounds
        self.runner: Runner = changes.runner
        self.bodies = Bodies(bound, reader.bounds.max_bulk)
        self.constraints = Constraints(bound, changes.runner)
        self.children = Children(self)
        self.columns = {item.name: item.column.name for item in bound.fields.values()}
        self.files = Files(bound, reader.bounds)
        self.must_condition = bound.must_condition

    def create(self, request: Request, body: Mapping[str, Any], sent: Mapping[str, Any]) -> Response:
        """Create an item, or merge it into the one that has its key already where asked for.

        Args: body: what the schema made of what was *sent*.
        """
        preferences = preferences_of(request)
        row, is_new = self.insert(request, body, sent, preferences)
        headers = [("Location", self.address(request, row[1]))] if is_new else []
        return row_answer(request, preferences, row, status=201 if is_new else 200, headers=headers)

    def replace(self, request: Request) -> Response:
        """Replace an item as a whole; where the client sets the key, create it."""
        preferences, conditions = preferences_of(request), self._conditions(request)
        sent = validate(self.bodies.replace, request.validated)
        self._check_key(request, sent)
        row = None
        if not (self._sets_key and conditions.if_none_match is not None and conditions.if_none_match.is_any):
            row = self._update(request, "replaced", sent, conditions, must_exist=not self._sets_key)
        if row is not None:
            return row_answer(request, preferences, row)
        return self._put_new(request, sent, preferences, conditions)

    def patch(self, request: Request) -> Response:
        """Change some fields of an item."""
        preferences, conditions = preferences_of(request), self._conditions(request)
        patch, is_json_patch = request.validated, request.content_type == JSON_PATCH
        if not is_json_patch and (not isinstance(patch, dict) or (patch and not self.bodies.needs_row)):
            row = self._update(request, "patched", validate(self.bodies.patch, patch), conditions)
            return row_answer(request, preferences, row or ())
        current = self._current(request)
        self._require(request, current, conditions)
        sent = self.operated(current[0], patch) if is_json_patch else self.merged(current[0], patch)
        if not sent:
            return row_answer(request, preferences, current)
        return row_answer(request, preferences, self._update(request, "patched", sent, conditions) or ())

    def delete(self, request: Request) -> Response:
        """Delete an item."""
        preferences, conditions = preferences_of(request), self._conditions(request)
        key = self.reader.key(request)
        versions = self._versions(request, conditions)
        values = {"key": key, **_numbered(versions)}
        statement = self.changes.delete(None if versions is None else len(versions))
        self.watch(request, [key])
        if not self.constraints.run(request, statement, values, {}):
            self._refuse(request, conditions)
        self.notify(request, "deleted", key, "")
        request.row_count += 1
        return quiet_response(204, finished(request, preferences))

    def insert(
        self,
        request: Request,
        body: Mapping[str, Any],
        sent: Mapping[str, Any],
        preferences: Preferences,
        where: tuple[Any, ...] = (),
    ) -> tuple[Any, bool]:
        """Insert a row and its children; return it, and whether it is new.

        Args: sent: as it came; a merge writes these fields only, not the defaults of others.
        Raises: Problem: what the rules of the table refuse, at *where* in the body.
        """
        own, children = self.children.split(body)
        values = self.changes.new_values(request, self.by_column(own, is_new=True))
        conflict, unique = self.conflict(preferences)
        merged = self.merged_columns(sent, own) if conflict == MERGE else ()
        statement = self.changes.insert(values, on_conflict=conflict, unique=unique, merged=merged)
        known = self._watch_merged(request, values, unique) if conflict == MERGE and request.registry.row_watches else None
        rows = self.constraints.run(request, statement, prefixed(values), values, where)
        if not rows:
            row = self._existing(request, values, unique)
            if conflict == MERGE:
                self.check(request, row[1])
            return row, False
        row = rows[0]
        if children:
            row = self.children.create(request, row, children, where)
        is_new = conflict != MERGE or (len(row) > 2 and row[2] == 1)
        if known is not None and not is_new:
            require_watched(known, rows)
        self.notify(request, "created" if is_new else "replaced", row[1], row[0])
        return row, is_new

    def update_row(
        self,
        request: Request,
        action: str,
        key: Any,
        sent: Mapping[str, Any],
        versions: tuple[int, ...] | None = None,
        where: tuple[Any, ...] = (),
    ) -> Any:
        """Update the row of *key* and return it, None if there is none of these *versions*."""
        own, children = self.children.split(sent)
        if self.files.names:
            require_kept(own, lambda: self.locked(request, key))
        values = self.changes.defaults(on_update=True) | self.by_column(own)
        statement = self.changes.update(values, None if versions is None else len(versions))
        self.watch(request, [key])
        rows = self.constraints.run(request, statement, {"key": key, **_numbered(versions), **prefixed(values)}, values, where)
        if not rows:
            return None
        row = rows[0]
        if children:
            row = self.children.replace(request, row, children, where)
        self.notify(request, action, row[1], row[0])
        return row

    def conflict(self, preferences: Preferences) -> tuple[str, tuple[str, ...]]:
        """Return what happens to a row that is there already, and the columns that tell.

        Raises: InvalidInput: the resource has no key of the client's.
        """
        if preferences.resolution is None:
            return "", ()
        unique = self.bound.resource.unique or ((self.bound.key.name,) if self._sets_key else ())
        if not unique:
            sentence = "resolution: this resource has no key that a client sets."
            raise InvalidInput(errors=[FieldError("Prefer", sentence, "unsupported", "header")])
        return preferences.resolution, tuple(self.columns[name] for name in unique)

    def merged(self, document: str, patch: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields that a merge *patch* names, as they become.

        The others are not written: what *document* does not show, a password, would be lost.
        A null of a field itself is a value that its node judges, as in every other body.

        Raises: InvalidInput.
        """
        known = msgspec.json.decode(document)
        changed = {name: merge_patch(known.get(name), value) for name, value in patch.items()}
        rest = {name: value for name, value in known.items() if name in self.bodies.writable} if self.bodies.has_rules else {}
        merged = validate(self.bodies.merged, rest | changed)
        return {name: value for name, value in merged.items() if name in patch}

    def operated(self, document: str, operations: Any) -> dict[str, Any]:
        """Return the fields that a JSON patch changes, as they become.

        Raises: Problem: the patch is malformed, or does not fit the row; InvalidInput.
        """
        known = msgspec.json.decode(document)
        found = json_patch(known, operations)
        if not isinstance(found, dict):
            raise InvalidInput(errors=[FieldError("", "The patch must leave an object.", "type")])
        faults = [
            FieldError(pointer_to((name,)), "This field is read-only; leave it out.", "read-only")
            for name in sorted(self.bodies.read_only & (known.keys() | found.keys()))
            if found.get(name) != known.get(name)
        ]
        if faults:
            raise InvalidInput(errors=faults)
        whole = validate(self.bodies.whole, {name: value for name, value in found.items() if name not in self.bodies.read_only})
        return {name: value for name, value in whole.items() if name not in known or found.get(name) != known[name]}

    def notify(self, request: Request, action: str, key: Any, document: str) -> None:
        """Tell subscribers what happened, inside the transaction.

        Raises: RowNotPermitted: the row is now one that its caller may not write.
        """
        if action != "deleted":
            self.check(request, key)
        if request.registry.has_listeners:
            request.registry.notify(ResourceChanged(request, self.bound.name, action, key, document.encode()))

    def watch(self, request: Request, keys: Sequence[Any]) -> None:
        """Show the rows of *keys* to whoever has to know what they were, before they change."""
        for watch in request.registry.row_watches:
            watch(request, self.bound.name, keys)

    def check(self, request: Request, key: Any) -> None:
        """Refuse a row that its caller may not write as it is now.

        Raises: RowNotPermitted.
        """
        if self.changes.is_guarded and not self.runner.write(request, self.changes.permitted, {"key": key}):
            raise RowNotPermitted()

    def by_column(self, sent: Mapping[str, Any], *, is_new: bool = False) -> dict[str, Any]:
        """Return the values of fields by the name of their column."""
        found = {self.columns[name]: value for name, value in sent.items()}
        return self.files.spread(found, is_new=is_new) if self.files.names else found

    def merged_columns(self, sent: Mapping[str, Any], own: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the columns that a merge writes: those of the fields that were *sent* and are of the row itself."""
        names = [name for name in sorted(sent) if name in own]
        return (*(self.columns[name] for name in names), *self.files.content_columns(names))

    def locked(self, request: Request, key: Any) -> Any:
        """Return the row of *key*, locked until the transaction ends; None if there is none."""
        rows = self.runner.write(request, self.changes.current(lock=True), {"key": key})
        return rows[0] if rows else None

    def address(self, request: Request, key: Any) -> str:
        """Return the address of the item *key*."""
        return f"{quote(request.script_name + request.path_info).rstrip('/')}/{segment(key)}"

    def etag(self, row: Any) -> str:
        """Return the ETag of *row* as JSON."""
        return etag_of(row[2]) if len(row) > 2 else etag_of_bytes(row[0].encode())

    @property
    def _sets_key(self) -> bool:
        return self.bound.key.name in self.bodies.writable

    def _check_key(self, request: Request, sent: dict[str, Any]) -> None:
        """Refuse a body whose key is another than that of its address.

        Source: RFC 9110, section 9.3.4: what is sent has to fit its address.
        """
        key = self.reader.key(request)
        if sent.get(self.bound.key.name, key) != key:
            fault = FieldError(pointer_to((self.bound.key.name,)), "Must be the key that the address names.", "key")
            raise InvalidInput(errors=[fault])

    def _update(
        self, request: Request, action: str, sent: dict[str, Any], conditions: Preconditions, *, must_exist: bool = True
    ) -> Any:
        """Return the changed row; None if there is none and there need not be.

        Raises: NotFound, PreconditionFailed.
        """
        self._check_key(request, sent)
        versions = self._versions(request, conditions, must_exist=must_exist)
        row = self.update_row(request, action, self.reader.key(request), sent, versions)
        if row is None and (must_exist or conditions.if_match is not None):
            self._refuse(request, conditions)
        return row

    def _put_new(self, request: Request, sent: dict[str, Any], preferences: Preferences, conditions: Preconditions) -> Response:
        """Create the row that PUT names; of two that do so at once one replaces the other's."""
        own, children = self.children.split({**sent, self.bound.key.name: self.bodies.new_key(self.reader.key(request))})
        values = self.changes.new_values(request, self.by_column(own, is_new=True))
        statement = self.changes.insert(values, on_conflict=IGNORE, unique=(self.bound.key.column.name,))
        rows = self.constraints.run(request, statement, prefixed(values), values)
        if not rows:
            if conditions.if_none_match is not None:
                self._refuse(request, conditions)
            return row_answer(request, preferences, self._update(request, "replaced", sent, conditions))
        row = self.children.create(request, rows[0], children) if children else rows[0]
        self.notify(request, "created", row[1], row[0])
        return row_answer(request, preferences, row, status=201)

    def _existing(self, request: Request, values: Mapping[str, Any], unique: tuple[str, ...]) -> Any:
        """Return the row that was there before one that a caller wanted to be ignored."""
        rows = self.runner.write(request, self.changes.by_unique(unique), prefixed({name: values[name] for name in unique}))
        if not rows:
            raise self.constraints.duplicate(unique)
        return rows[0]

    def _watch_merged(self, request: Request, values: Mapping[str, Any], unique: tuple[str, ...]) -> list[Any] | None:
        """Watch the row that a merge will find and return its key; None where it cannot tell a new row."""
        rows = self.runner.write(request, self.changes.by_unique(unique), prefixed({name: values[name] for name in unique}))
        self.watch(request, [row[1] for row in rows])
        return None if self.bound.version is None else [row[1] for row in rows]

    def _conditions(self, request: Request) -> Preconditions:
        conditions = read_preconditions(request.headers)
        if self.must_condition and conditions.if_none_match is None:
            require_condition(conditions)
        return conditions

    def _versions(self, request: Request, conditions: Preconditions, *, must_exist: bool = True) -> tuple[int, ...] | None:
        """Return the versions that If-Match allows, None for any that exists.

        If-None-Match on a change of something that exists can only be met by another tag; it
        is judged by reading, which is what a rare header is worth.
        """
        if conditions.if_none_match is not None or (self.bound.version is None and conditions.if_match):
            self._require(request, self._current(request, must_exist=must_exist), conditions)
        if conditions.if_match is None or conditions.if_match.is_any:
            return None
        return None if self.bound.version is None else conditions.if_match.versions()

    def _current(self, request: Request, *, must_exist: bool = True) -> Any:
        """Return the row, locked until the transaction ends."""
        row = self.locked(request, self.reader.key(request))
        if row is None and must_exist:
            raise NotFound()
        return row

    def _require(self, request: Request, row: Any, conditions: Preconditions) -> None:
        """Refuse what the preconditions do not want; the row is locked.

        Raises: PreconditionFailed: with the present ETag and state.
        """
        etag = None if row is None else self.etag(row)
        if evaluate(request.method, conditions, etag) is not Outcome.PROCEED:
            raise self._failed(request, row)

    def _refuse(self, request: Request, conditions: Preconditions) -> None:
        """Say why nothing was changed: there is no such row, or it has another version.

        Raises: NotFound, RowNotPermitted, PreconditionFailed; RowsMoved: somebody has made it just now.
        """
        current = self._current(request)
        self.check(request, self.reader.key(request))
        if conditions.if_match is None and conditions.if_none_match is None:
            raise _moved()
        raise self._failed(request, current)

    def _failed(self, request: Request, row: Any) -> PreconditionFailed:
        """Return the refusal, with the item as it is for whoever may read it."""
        if row is None:
            return PreconditionFailed()
        may_read = request.registry.security.permits(request, None, self.bound.read_permission)
        members: dict[str, Any] = {"current": msgspec.Raw(row[0].encode())} if may_read else {}
        return PreconditionFailed(headers={"ETag": self.etag(row)}, **members)


def segment(key: Any) -> str:
    """Return *key* as a segment of a path; one of dots alone would lead elsewhere."""
    text = quote(str(key), safe="")
    return text.replace(".", "%2E") if text.strip(".") == "" else text


def require_watched(keys: Collection[Any], rows: Sequence[Any]) -> None:
    """Refuse changed *rows* that came up after those of *keys* were watched; another attempt finds them.

    Raises: RowsMoved.
    """
    if not {row[1] for row in rows}.issubset(keys):
        raise _moved()


def _moved() -> RowsMoved:
    moved = RowsMoved()
    mark_error_retryable(moved)
    return moved


def prefixed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of columns by the name of their bind."""
    return {f"f_{name}": value for name, value in values.items()}


def _numbered(versions: tuple[int, ...] | None) -> dict[str, int]:
    return {f"version{place}": version for place, version in enumerate(versions or ())}
