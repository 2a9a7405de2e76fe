"""Kinds of callers: whoever has the same rows and fields is served by the same parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from benben.resource.access.guard import RuleGuard
from benben.resource.access.rules import VERBS, Rules, condition_of, read_rules
from benben.resource.access.variables import Variable, asked_value
from benben.resource.definition import BoundResource, Resource
from benben.resource.query.aggregates import group_path
from benben.resource.query.paths import PathError

if TYPE_CHECKING:
    from benben.kernel.request import Request
    from benben.resource.services import Parts
    from benben.rest.nodes import Schema
    from benben.security.identity import Identity

KINDS = 64
"""Kinds that are remembered; each keeps the statements of its callers."""
Kind = tuple[Any, ...]


class Access:
    """The access of one application; ``registry.access``.

    Attributes:
        tenant: tells the tenant of a request; None while tenants are not kept apart.
    """

    def __init__(self, registry: Any, build: Callable[[Any, BoundResource], Parts]) -> None:
        self._registry = registry
        self._build_parts = build
        self.rules: dict[str, Rules] = {}
        self.tenant: Callable[[Request], str | None] | None = None
        # PERF: what serves a kind holds hundreds of compiled statements.
        self._of_kind = lru_cache(KINDS)(self._build)

    def add(self, source: Any, resource: Resource) -> None:
        """Read the rules of *resource*."""
        self.rules[resource.name] = read_rules(source, resource)
        self._registry.services.claimed |= self.rules[resource.name].keys

    def tenant_of(self, request: Request) -> str | None:
        """Return the tenant that the request is for, None if there is none."""
        return None if self.tenant is None else self.tenant(request)

    def parts(self, request: Request, name: str) -> Parts:
        """Return what serves the resource *name* to this caller."""
        if not self.is_limiting:
            parts: Parts = self._registry.resource_parts[name]
            return parts
        return self._of_kind(self.kind(self._registry.security.identity(request)))[name]

    def parts_of(self, kind: Kind) -> Mapping[str, Parts]:
        """Return what serves callers of *kind*, by the name of the resource."""
        return self._of_kind(kind) if self.is_limiting else self._registry.resource_parts

    @cached_property
    def is_limiting(self) -> bool:
        """Tell whether any caller is different from any other."""
        return self.tenant is not None or any(rules.rows or rules.fields for rules in self.rules.values())

    def kind(self, identity: Identity | None) -> Kind:
        """Return what is different between callers, and nothing else of them."""
        return tuple(
            (
                name,
                *(rules.rows_of(identity, verb) for verb in VERBS),
                *(rules.refused_fields(identity, verb) for verb in VERBS),
            )
            for name, rules in self.rules.items()
            if rules.rows or rules.fields
        )

    def stamps(self, bound: BoundResource) -> Mapping[str, Callable[[Any], Any]]:
        """Return the columns that a new row of *bound* takes from its request."""
        wanted = dict(bound.resource.stamps)
        if bound.resource.tenant:
            wanted[bound.resource.tenant] = "$tenant"
        fields = {item.column.name: item for item in bound.fields.values()}
        found: dict[str, Callable[[Any], Any]] = {}
        for name, text in wanted.items():
            variable = Variable(text)
            found[name] = asked_value(fields[name], variable) if name in fields else variable.of
        return found

    def _build(self, kind: Kind) -> Mapping[str, Parts]:
        """Return what serves callers of *kind*, every resource of it."""
        limits = {name: tuple(rest) for name, *rest in kind}
        views: dict[type, BoundResource] = {}
        for model, base in self._registry.resources.items():
            views[model] = self._view(base, limits.get(base.name, (None, None, frozenset(), frozenset())), views)
        for view in views.values():
            groups = tuple(name for name in view.resource.groups if self._leads(view, name))
            nested = tuple(name for name in view.resource.nested if name in view.relations)
            view.resource = replace(view.resource, groups=groups, nested=nested)
        return {view.name: self._build_parts(self._registry, view) for view in views.values()}

    def _view(self, base: BoundResource, limits: Any, views: Mapping[type, BoundResource]) -> BoundResource:
        """Return *base* without what its callers do not have."""
        read, write, unread, unwritten = limits
        return BoundResource(
            trimmed(base.resource, unread),
            limited_schema(base.schema, unread, unwritten),
            views,
            base.has_regex,
            guard=self._guard(base, read),
            write_guard=None if write is None else self._guard(base, write),
            stamps=base.stamps,
            must_condition=base.must_condition,
            hidden=frozenset(base.fields[name].column for name in unread),
        )

    def _guard(self, base: BoundResource, rules: Any) -> RuleGuard | None:
        bounds, runner = self._registry.resource_bounds, self._registry.runner
        tenant = (base.resource.tenant, self.tenant_of) if self.tenant is not None and base.resource.tenant else None
        if rules is None and tenant is None:
            return None
        written = None if rules is None else [condition_of(base, bounds, rule) for rule in rules]
        return RuleGuard(base, runner, written=written, tenant=tenant)

    def _leads(self, view: BoundResource, name: str) -> bool:
        try:
            group_path(view, name, self._registry.resource_bounds.max_depth)
        except PathError:
            return False
        return True


def trimmed(resource: Resource, hidden: frozenset[str]) -> Resource:
    """Return *resource* without any word of the fields *hidden*."""
    if not hidden:
        return resource
    search = resource.search
    if search is not None and hidden.intersection(search.fields):
        # SECURITY: an index over the hidden text would find rows by it.
        shown = tuple(name for name in search.fields if name not in hidden)
        search = replace(search, fields=shown, index="") if shown else None
    return replace(
        resource,
        sort=tuple(word for word in resource.sort if word.removeprefix("-") not in hidden),
        filters=None if resource.filters is None else tuple(name for name in resource.filters if name not in hidden),
        measures=tuple(name for name in resource.measures if name not in hidden),
        unique=() if hidden.intersection(resource.unique) else resource.unique,
        search=search,
    )


def limited_schema(schema: Schema, unread: frozenset[str], unwritten: frozenset[str]) -> Schema:
    """Return *schema* without the fields that are neither read nor written, the others marked.

    A field that is written and not read is as a password is; one that is read and not written
    is as an id is.
    """
    if not unread and not unwritten:
        return schema
    limited: Schema = schema.clone()
    limited.children = [node for node in limited.children if not (node.name in unread and node.name in unwritten)]
    for node in limited.children:
        if node.name in unread:
            node.write_only = True
        if node.name in unwritten:
            node.read_only = True
    return limited
