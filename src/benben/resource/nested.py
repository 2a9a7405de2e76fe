"""Rows that are written with their parent: its children, in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from benben.db.runner import Statement
from benben.kernel.problems import FieldError, InvalidInput
from benben.resource.access.problems import RowNotPermitted
from benben.resource.changes import Changes
from benben.resource.constraints import Constraints
from benben.resource.definition import Relation, readable
from benben.resource.events import ResourceChanged
from benben.resource.files import Files
from benben.resource.plan import require
from benben.resource.query.selection import read_sort
from benben.resource.query.terms import Embed, Shape
from benben.resource.statement.binds import bind
from benben.resource.statement.reads import Statements
from benben.rest.problems import pointer_to

if TYPE_CHECKING:
    from benben.kernel.request import Request
    from benben.resource.write import Writer

Lists = Mapping[str, Sequence[Mapping[str, Any]]]


class Children:
    """The relations of a resource whose rows its bodies may bring along."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.runner = writer.runner

    @cached_property
    def parts(self) -> dict[str, Part]:
        """Return what is needed to write each relation; they are known once all are added."""
        return {name: Part(relation, self.writer) for name, relation in self.writer.bodies.nested.items()}

    def split(self, body: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the fields of the row itself and the lists of its children."""
        nested = self.writer.bound.resource.nested
        if not nested:
            return dict(body), {}
        own = {name: value for name, value in body.items() if name not in nested}
        return own, {name: body[name] for name in nested if name in body}

    def create(self, request: Request, row: Sequence[Any], children: Lists, where: tuple[Any, ...] = ()) -> Any:
        """Insert the children of a new row and return it with them."""
        for name, items in children.items():
            part = self.parts[name]
            part.authorise(request)
            for place, item in enumerate(items):
                part.insert(request, row[1], item, (*where, name, place))
        return self._shown(request, row, children)

    def replace(self, request: Request, row: Sequence[Any], children: Lists, where: tuple[Any, ...] = ()) -> Any:
        """Make *children* those of a row that is there: change, add and delete."""
        for name, items in children.items():
            part = self.parts[name]
            part.authorise(request)
            part.replace(request, row[1], items, (*where, name))
        return self._shown(request, row, children)

    def _shown(self, request: Request, row: Sequence[Any], children: Lists) -> Any:
        """Return the row with the documents of its children."""
        names = tuple(name for name in self.parts if name in children)
        embeds = tuple(self.parts[name].embed(place) for place, name in enumerate(names))
        shape = Shape(fields=readable(self.writer.bound.fields.values()), embeds=embeds)
        values = {"key": row[1], **{f"e{place}": len(children[name]) for place, name in enumerate(names)}}
        document, *_ = self.runner.write(request, self.writer.reader.statements.item(shape), values)[0]
        return (document, *row[1:])


class Part:
    """One relation to many, written from the side of the parent."""

    def __init__(self, relation: Relation, writer: Writer) -> None:
        self.relation = relation
        self.target = relation.target
        self.bounds = writer.bounds
        self.runner = writer.runner
        self.changes = Changes(self.target, Statements(self.target, writer.runner, writer.bounds))
        self.constraints = Constraints(self.target, writer.runner)
        self.columns = {item.name: item.column.name for item in self.target.fields.values()}
        self.files = Files(self.target, writer.bounds)

    def authorise(self, request: Request) -> None:
        """Refuse a caller who may not write the children by themselves.

        Raises: Unauthenticated, Forbidden.
        """
        require(request, self.target.write_permission, f"Writing {self.relation.name} needs")

    def insert(self, request: Request, parent: Any, item: Mapping[str, Any], where: tuple[Any, ...]) -> None:
        """Insert one child of *parent*."""
        values = self.changes.new_values(request, self._by_column(item, is_new=True)) | {self.relation.remote.name: parent}
        row = self._run(request, self.changes.insert(values), {}, values, where)[0]
        self._check(request, row[1])
        self._notify(request, "created", row[1], row[0])

    def replace(self, request: Request, parent: Any, items: Sequence[Mapping[str, Any]], where: tuple[Any, ...]) -> None:
        """Make *items* the children of *parent*; those without a key are new.

        Raises: InvalidInput: a key of no child of this parent.
        """
        name = self.target.key.name
        known = {row[0] for row in self.runner.write(request, self._keys, {"parent": parent})}
        faults = [
            FieldError(pointer_to((*where, place, name)), "Is not among the rows of this one.", "reference")
            for place, item in enumerate(items)
            if name in item and item[name] not in known
        ]
        if faults:
            raise InvalidInput(errors=faults)
        for key in known - {item[name] for item in items if name in item}:
            self._watch(request, key)
            if not self._run(request, self.changes.delete(None), {"key": key}, {}, where):
                raise RowNotPermitted()
            self._notify(request, "deleted", key, "")
        for place, item in enumerate(items):
            self._write(request, parent, item, (*where, place))

    def embed(self, place: int) -> Embed:
        """Return the children as they are sent along."""
        fields = tuple(item for item in readable(self.target.fields.values()) if item.is_rendered)
        return Embed(self.relation, fields, (), read_sort(self.target, None, self.bounds, []), place)

    @cached_property
    def _keys(self) -> Statement:
        """Return the statement of the keys of all children of ``parent``."""
        remote = self.target.table.columns[self.relation.remote.name]
        mine = remote == bind("parent", remote)
        return self.runner.compile(select(self.target.key.column).where(mine, *self.target.conditions()))

    def _write(self, request: Request, parent: Any, item: Mapping[str, Any], where: tuple[Any, ...]) -> None:
        key = item.get(self.target.key.name)
        if key is None:
            self.insert(request, parent, item, where)
            return
        rest = {name: value for name, value in item.items() if name != self.target.key.name}
        values = self.changes.defaults(on_update=True) | self._by_column(rest)
        self._watch(request, key)
        rows = self._run(request, self.changes.update(values, None), {"key": key}, values, where)
        if not rows:
            raise RowNotPermitted()
        self._check(request, key)
        self._notify(request, "patched", key, rows[0][0])

    def _watch(self, request: Request, key: Any) -> None:
        for watch in request.registry.row_watches:
            watch(request, self.target.name, [key])

    def _notify(self, request: Request, action: str, key: Any, document: str) -> None:
        """Tell of a child as of any other row."""
        if request.registry.has_listeners:
            request.registry.notify(ResourceChanged(request, self.target.name, action, key, document.encode()))

    def _check(self, request: Request, key: Any) -> None:
        if self.changes.is_guarded and not self.runner.write(request, self.changes.permitted, {"key": key}):
            raise RowNotPermitted()

    def _run(
        self, request: Request, statement: Statement, arguments: Mapping[str, Any], values: Mapping[str, Any], where: Any
    ) -> Sequence[Any]:
        prefixed = {f"f_{name}": value for name, value in values.items()}
        return self.constraints.run(request, statement, {**arguments, **prefixed}, values, where)

    def _by_column(self, sent: Mapping[str, Any], *, is_new: bool = False) -> dict[str, Any]:
        found = {self.columns[name]: value for name, value in sent.items()}
        return self.files.spread(found, is_new=is_new) if self.files.names else found
