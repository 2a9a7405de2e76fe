"""Many rows at once: a list of new ones, changes by key, changes and deletions by filter.

Everything is in one transaction, so that all of it happens or nothing. A caller who asks for
``results=each`` gets the outcome of each row instead, and what is right is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import colander
import msgspec
from sqlalchemy.exc import IntegrityError

from benben.kernel.problems import FieldError, InvalidInput, NotFound, Problem
from benben.kernel.wire import write_json
from benben.resource.access.problems import RowNotPermitted
from benben.resource.answers import finished, preferences_of, rows_answer
from benben.resource.bounds import TooManyAffected
from benben.resource.changes import MERGE
from benben.resource.pages import CACHE_CONTROL
from benben.resource.query import Query
from benben.resource.write import JSON_PATCH, Writer, prefixed, require_watched
from benben.rest.faults import field_errors
from benben.rest.preconditions import Outcome, Preconditions, evaluate, read_etags
from benben.rest.preferences import NO_PREFERENCES, Preferences
from benben.rest.problems import MalformedPrecondition, PreconditionFailed, pointer_to
from benben.rest.service import json_response
from benben.rest.validation import validate

if TYPE_CHECKING:
    from pyramid.response import Response

    from benben.kernel.request import Request

MULTI_STATUS = 207
IF_MATCH: Final = "If-Match"
"""The member of a change in a list that names the state which it is of; no field has such a name."""
ONLY_FILTERS = ("sort", "limit", "cursor", "count", "fields", "embed", "aggregate", "group")


class BulkWriter:
    """The writing views of the list of one resource."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.bound = writer.bound
        self.changes = writer.changes
        self.bodies = writer.bodies

    def post(self, request: Request) -> Response:
        """Create an item, or all items of a list."""
        body: Any = request.validated
        if not isinstance(body, list):
            return self.writer.create(request, validate(self.bodies.create, body), body)
        preferences = preferences_of(request)
        if preferences.results == "each":
            return self._each(request, preferences, body, self.bodies.create_list, self._create_one)
        rows = self._insert_all(request, preferences, validate(self.bodies.create_list, body), body)
        return rows_answer(request, preferences, [row[0] for row in rows], len(rows), status=201)

    def insert(self, request: Request, items: Sequence[Any], *, merges: bool = False) -> int:
        """Insert *items* as they would be sent and return how many there are.

        Args: merges: into the rows that have the client's key already.
        Raises: Problem: nothing of *items* may be kept then.
        """
        preferences = Preferences(resolution=MERGE) if merges else NO_PREFERENCES
        return len(self._insert_all(request, preferences, validate(self.bodies.create_list, items), items))

    def patch(self, request: Request) -> Response:
        """Change what a filter matches, or each row that a list names by its key."""
        preferences = preferences_of(request)
        if not isinstance(request.validated, list) or request.content_type == JSON_PATCH:
            return self._patch_matching(request, preferences)
        if request.environ.get("QUERY_STRING"):
            raise InvalidInput("A list of changes names its rows by their keys; it takes no filter.")
        listed, expected = self._conditions_of(request.validated)
        change = partial(self._patch_one, expected=expected)
        if preferences.results == "each":
            self._lock(request, self._keys_of(listed))
            return self._each(request, preferences, listed, self.bodies.patch_list, change)
        rows: list[Any] = []
        faults: list[FieldError] = []
        items = validate(self.bodies.patch_list, listed)
        self._lock(request, [item[self.bodies.key] for item in items])
        for place, (item, sent) in enumerate(zip(items, listed, strict=True)):
            try:
                rows.append(change(request, preferences, item, sent, (place,))[1])
            except PreconditionFailed as exc:
                # The others are looked at as well, so that one answer names all.
                faults += exc.errors
        if faults:
            raise PreconditionFailed(errors=faults)
        return rows_answer(request, preferences, [row[0] for row in rows], len(rows))

    def delete(self, request: Request) -> Response:
        """Delete what a filter matches."""
        preferences = preferences_of(request)
        query, maximum = self._matching(request, preferences)
        statement = self.changes.delete_matching(query.shape.where)
        values = {**query.values, "maximum": maximum + 1}
        known = self._watch_matching(request, query, maximum)
        rows = self.writer.constraints.run(request, statement, values, {})
        self._check_number(len(rows), maximum)
        if known is not None:
            require_watched(known, [("", *row) for row in rows])
        for (key,) in rows:
            self.writer.notify(request, "deleted", key, "")
        return rows_answer(request, preferences, (), len(rows), shows=False)

    def _insert_all(
        self, request: Request, preferences: Preferences, items: Sequence[Mapping[str, Any]], sent: Sequence[Mapping[str, Any]]
    ) -> Sequence[Any]:
        """Insert every item, which was *sent* like that, and return their rows in the same order."""
        if any(name in item for item in items for name in self.bound.resource.nested) or preferences.resolution is not None:
            merged = self._merge_list(request, preferences, items, sent)
            if merged is not None:
                return merged
            pairs = enumerate(zip(items, sent, strict=True))
            return [self.writer.insert(request, item, given, preferences, (place,))[0] for place, (item, given) in pairs]
        listed = [self.changes.new_values(request, self.writer.by_column(item, is_new=True)) for item in items]
        if (
            self.writer.constraints.is_guarded
            or request.registry.runner.dialect.name != "postgresql"
            or len({frozenset(values) for values in listed}) != 1
        ):
            rows = [self._insert_one(request, values, (place,)) for place, values in enumerate(listed)]
        else:
            rows = list(self._insert_list(request, listed))
        for row in rows:
            self.writer.notify(request, "created", row[1], row[0])
        return rows

    def _merge_list(
        self, request: Request, preferences: Preferences, items: Sequence[Mapping[str, Any]], sent: Sequence[Mapping[str, Any]]
    ) -> Sequence[Any] | None:
        """Merge every item by one statement; None where they have to be merged one by one.

        PERF: as `_insert_list`. Rows of different fields, a key that comes twice and whoever has
        to know what a row was before need the long way.
        """
        plain = preferences.resolution == MERGE and self.bound.version is not None and not self.bound.resource.nested
        if (
            not plain
            or request.registry.row_watches
            or self.writer.constraints.is_guarded
            or request.registry.runner.dialect.name != "postgresql"
        ):
            return None
        listed = [self.changes.new_values(request, self.writer.by_column(item, is_new=True)) for item in items]
        _, unique = self.writer.conflict(preferences)
        keys = {tuple(values.get(name) for name in unique) for values in listed}
        if len({frozenset(values) for values in listed}) != 1 or len({frozenset(item) for item in sent}) != 1:
            return None
        if len(keys) != len(listed) or any(None in key for key in keys):
            return None
        merged = self.writer.merged_columns(sent[0], items[0])
        statement = self.changes.merge_list(listed[0], unique=unique, merged=merged)
        # In one order whatever the list's is: two lists of the same rows would else wait for each other.
        order = sorted(range(len(listed)), key=lambda place: repr([listed[place][name] for name in unique]))
        arrays = {f"f_{name}": [listed[place][name] for place in order] for name in listed[0]}
        try:
            with request.dbsession.connection().begin_nested():
                written = self.writer.runner.write(request, statement, arrays)
        except IntegrityError:
            return None
        rows = [row for _, row in sorted(zip(order, written, strict=True), key=lambda pair: pair[0])]
        for row in rows:
            self.writer.notify(request, "created" if row[2] == 1 else "replaced", row[1], row[0])
        return rows

    def _insert_one(self, request: Request, values: Mapping[str, Any], where: tuple[Any, ...]) -> Any:
        return self.writer.constraints.run(request, self.changes.insert(values), prefixed(values), values, where)[0]

    def _insert_list(self, request: Request, listed: Sequence[Mapping[str, Any]]) -> Sequence[Any]:
        """Insert rows of the same columns by one statement.

        PERF: a thousand rows take one round trip. A failure does not say which row it was, so
        that they are then tried one by one, for the sake of the answer.
        """
        statement = self.changes.insert_list(listed[0])
        arrays = {f"f_{name}": [values[name] for values in listed] for name in listed[0]}
        connection = request.dbsession.connection()
        try:
            with connection.begin_nested():
                return self.writer.runner.write(request, statement, arrays)
        except IntegrityError:
            return [self._insert_one(request, values, (place,)) for place, values in enumerate(listed)]

    def _create_one(
        self, request: Request, preferences: Preferences, item: Mapping[str, Any], sent: Mapping[str, Any], where: tuple[Any, ...]
    ) -> tuple[int, Any]:
        row, is_new = self.writer.insert(request, item, sent, preferences, where)
        return (201 if is_new else 200), row

    def _patch_one(
        self,
        request: Request,
        _preferences: Preferences,
        item: Mapping[str, Any],
        sent: Mapping[str, Any],
        where: tuple[Any, ...],
        *,
        expected: Mapping[int, Any],
    ) -> tuple[int, Any]:
        """Change one row by its key; *item* is what the schema made of what was *sent*.

        Args: expected: the ETags that rows have to have, by their place in the list.
        Raises: NotFound, PreconditionFailed, InvalidInput: naming its place in the list.
        """
        key = item[self.bodies.key]
        if where[0] in expected:
            self._require(request, key, expected[where[0]], pointer_to((*where, IF_MATCH)))
        changed = {name: value for name, value in item.items() if name != self.bodies.key}
        row = self.writer.locked(request, key) if self.bodies.needs_row or not changed else ()
        if row and changed:
            changed = self.writer.merged(row[0], {name: value for name, value in sent.items() if name != self.bodies.key})
        row = self.writer.update_row(request, "patched", key, changed, None, where) if changed and row is not None else row
        if row is None:
            if self.writer.locked(request, key) is not None:
                raise RowNotPermitted()
            fault = FieldError(pointer_to((*where, self.bodies.key)), "There is no such row.", "not-found")
            raise NotFound(errors=[fault])
        return 200, row

    def _lock(self, request: Request, keys: list[Any]) -> None:
        """Lock the rows of *keys*, which is what SQLite does with all by itself."""
        if len(keys) > 1 and request.registry.runner.dialect.name == "postgresql":
            self.writer.runner.write(request, self.changes.locks, {"keys": keys})

    def _keys_of(self, listed: list[Any]) -> list[Any]:
        """Return the keys in *listed* that are any; each row is judged by itself later."""
        node, found = self.bodies.patch_list.children[0][self.bodies.key], []
        for item in listed[: self.bodies.maximum]:
            try:
                found.append(node.deserialize(item[self.bodies.key]))
            except (colander.Invalid, KeyError, TypeError):
                continue
        return found

    def _conditions_of(self, listed: list[Any]) -> tuple[list[Any], dict[int, Any]]:
        """Return *listed* without the preconditions of its rows, and these by their place."""
        if IF_MATCH in self.bodies.writable or not any(isinstance(item, dict) and IF_MATCH in item for item in listed):
            return listed, {}
        rest = [{name: item[name] for name in item if name != IF_MATCH} if isinstance(item, dict) else item for item in listed]
        return rest, {place: item[IF_MATCH] for place, item in enumerate(listed) if isinstance(item, dict) and IF_MATCH in item}

    def _require(self, request: Request, key: Any, text: Any, pointer: str) -> None:
        """Refuse a row that is not as its caller saw it, and lock it.

        Raises: PreconditionFailed, InvalidInput: *text* is not the value of If-Match.
        """
        try:
            conditions = Preconditions(if_match=read_etags(text if isinstance(text, str) else "", IF_MATCH))
        except MalformedPrecondition:
            raise InvalidInput(errors=[FieldError(pointer, 'Must be an ETag such as "v3", in its quotes.', "format")]) from None
        row = self.writer.locked(request, key)
        etag = None if row is None else self.writer.etag(row)
        if etag is not None and evaluate("PATCH", conditions, etag) is not Outcome.PROCEED:
            raise PreconditionFailed(errors=[FieldError(pointer, f"The row is another one by now, {etag}.", "precondition")])

    def _patch_matching(self, request: Request, preferences: Preferences) -> Response:
        """Change every row that the filter of the address matches."""
        query, maximum = self._matching(request, preferences)
        values = {**query.values, "maximum": maximum + 1}
        is_json_patch = request.content_type == JSON_PATCH
        if is_json_patch or self.bodies.needs_row or self.bound.resource.nested or self.writer.files.names:
            rows = self.writer.runner.write(request, self.changes.matching(query.shape.where), values)
            self._check_number(len(rows), maximum)
            change = self.writer.operated if is_json_patch else self.writer.merged
            if not is_json_patch:
                validate(self.bodies.patch, request.validated)
            rows = [self._changed(request, row, change(row[0], request.validated)) for row in rows]
        else:
            sent = validate(self.bodies.patch, request.validated)
            changed = self.changes.defaults(on_update=True) | self.writer.by_column(sent)
            statement = self.changes.update_matching(tuple(sorted(changed)), query.shape.where)
            known = self._watch_matching(request, query, maximum)
            rows = self.writer.constraints.run(request, statement, {**values, **prefixed(changed)}, changed)
            self._check_number(len(rows), maximum)
            if known is not None:
                require_watched(known, rows)
            for row in rows:
                self.writer.notify(request, "patched", row[1], row[0])
        return rows_answer(request, preferences, [row[0] for row in rows], len(rows), shows=False)

    def _changed(self, request: Request, row: Any, sent: Mapping[str, Any]) -> Any:
        return self.writer.update_row(request, "patched", row[1], sent) if sent else row

    def _matching(self, request: Request, preferences: Preferences) -> tuple[Query, int]:
        """Return the filter of the address and how many rows it may touch.

        Raises: InvalidInput: there is no filter, or no maximum.
        """
        query = self.writer.reader.query(request.environ.get("QUERY_STRING", ""))
        allowed, faults = self.writer.bounds.max_affected, []
        faults += [
            FieldError(name, "Does not go together with a change.", "conflict", "query")
            for name in ONLY_FILTERS
            if name in request.GET
        ]
        if query.shape.where is None:
            faults.append(
                FieldError("filter", "Name the rows by a filter; a change of all of them is refused.", "required", "query")
            )
        maximum = preferences.max_affected
        if maximum is None or not 0 <= maximum <= allowed:
            sentence = f"Send max-affected, from 0 to {allowed}: more rows than that are not touched."
            faults.append(FieldError("Prefer", sentence, "required" if maximum is None else "range", "header"))
        if faults or maximum is None:
            raise InvalidInput(errors=faults)
        return query, maximum

    def _watch_matching(self, request: Request, query: Query, maximum: int) -> set[Any] | None:
        """Watch what the filter matches and return its keys, None where nobody watches.

        Raises: TooManyAffected.
        """
        if not request.registry.row_watches:
            return None
        values = {**query.values, "maximum": maximum + 1}
        rows = self.writer.runner.write(request, self.changes.matching(query.shape.where), values)
        self._check_number(len(rows), maximum)
        self.writer.watch(request, [row[1] for row in rows])
        return {row[1] for row in rows}

    def _check_number(self, number: int, maximum: int) -> None:
        if number > maximum:
            raise TooManyAffected(f"More than {maximum} rows match; none was changed.", maximum=maximum)

    def _each(
        self,
        request: Request,
        preferences: Preferences,
        items: list[Any],
        schema: colander.SchemaNode,
        change: Callable[..., tuple[int, Any]],
    ) -> Response:
        """Answer the outcome of each item; one that fails leaves the others alone."""
        if not 1 <= len(items) <= self.bodies.maximum:
            validate(schema, items)
        results = [
            self._outcome(request, preferences, item, schema.children[0], change, place) for place, item in enumerate(items)
        ]
        headers = [CACHE_CONTROL, *finished(request, preferences)]
        return json_response(write_json({"results": results}), status=MULTI_STATUS, headers=headers)

    def _outcome(
        self, request: Request, preferences: Preferences, item: Any, node: Any, change: Callable[..., tuple[int, Any]], place: int
    ) -> dict[str, Any]:
        try:
            read = node.deserialize(item)
            with request.dbsession.connection().begin_nested():
                status, row = change(request, preferences, read, item, (place,))
        except colander.Invalid as exc:
            return _refused(InvalidInput(errors=_moved(field_errors(exc), place)))
        except Problem as exc:
            if exc.status >= 500:
                raise
            return _refused(exc)
        return {"status": status, "item": msgspec.Raw(row[0].encode())}


def _refused(problem: Problem) -> dict[str, Any]:
    return {"status": problem.status, "problem": problem.as_dict()}


def _moved(faults: Iterable[FieldError], place: int) -> list[FieldError]:
    return [FieldError(pointer_to((place,)) + fault.pointer, fault.detail, fault.code, fault.where) for fault in faults]
