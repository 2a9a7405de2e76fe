"""What is wrong with a resource is told at the start, not by the first request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from benben.kernel.mistakes import Mistake
from benben.resource.query.aggregates import group_path
from benben.resource.query.paths import PathError

if TYPE_CHECKING:
    from benben.kernel.assemble import Assembly
    from benben.resource.definition import BoundResource


def resource_mistakes(assembly: Assembly) -> Iterable[Mistake]:
    """Yield a mistake for every name of a resource that leads nowhere."""
    registry = assembly.config.registry
    for bound in registry.resources.values():
        for sentence in _wrong_names(bound, registry.resource_bounds.max_depth):
            yield Mistake(f"resource {bound.name}", sentence)


def _wrong_names(bound: BoundResource, max_depth: int) -> Iterator[str]:
    for name in bound.resource.groups:
        try:
            group_path(bound, name, max_depth)
        except PathError as exc:
            yield f"groups: {exc.sentence}"
    for name in bound.resource.nested:
        relation = bound.relations.get(name)
        if relation is None or not relation.is_many or relation.through is not None:
            yield f"nested: {name} is not a relation to many rows of a resource"
