"""``aggregate=count,avg:price&group=author&sort=-count``: what is counted, and for each of what."""

from __future__ import annotations

from benben.kernel.problems import FieldError
from benben.kernel.settings import Values
from benben.resource.definition import AGGREGATES, BoundResource, lookups_of
from benben.resource.query.paths import PathError, follow, meant, words_of
from benben.resource.query.terms import Group, Measure, Path, Rank
from benben.rest.nodes import Decimal, Float, Integer

NUMBERS = (Integer, Float, Decimal)


def read_measures(bound: BoundResource, text: str, faults: list[FieldError]) -> tuple[Measure, ...]:
    """Return the measures that *text* lists."""
    found: list[Measure] = []
    for word in text.split(","):
        measure = _measure(bound, word, faults)
        if measure in found:
            faults.append(FieldError("aggregate", f"names {word[:40]} twice.", "repeated", "query"))
        elif measure is not None:
            found.append(measure)
    return tuple(found)


def read_groups(bound: BoundResource, text: str | None, bounds: Values, faults: list[FieldError]) -> tuple[Group, ...]:
    """Return what *text* groups by; a relation stands for the key of its row."""
    found: list[Group] = []
    for word in text.split(",") if text is not None else ():
        name = "__".join(words_of(word))
        if name not in bound.resource.groups:
            sentence = f"has an unknown name{meant(name[:60], bound.resource.groups)}"
            faults.append(FieldError("group", sentence, "unknown", "query"))
        elif name in [group.name for group in found]:
            faults.append(FieldError("group", f"names {name} twice.", "repeated", "query"))
        else:
            found.append(Group(name, group_path(bound, name, bounds.max_depth)))
    return tuple(found)


def group_path(bound: BoundResource, name: str, max_depth: int) -> Path:
    """Return the path that *name* groups by.

    Raises: PathError: there is none, or it has many values for a row.
    """
    relations, rest = follow(bound, words_of(name), max_depth)
    owner = relations[-1].target if relations else bound
    if len(rest) == 1 and rest[0] in owner.relations and rest[0] not in owner.fields:
        relations, rest = (*relations, owner.relations[rest[0]]), [owner.relations[rest[0]].target.key.name]
        owner = relations[-1].target
    item = owner.fields.get(rest[0]) if len(rest) == 1 else None
    if item is None or not item.is_sortable:
        raise PathError(f"{name} is nothing to group by")
    path = Path(relations, item)
    if not path.is_to_one:
        raise PathError(f"{name} has many values for a row")
    return path


def read_order(
    text: str | None, measures: tuple[Measure, ...], groups: tuple[Group, ...], faults: list[FieldError]
) -> tuple[Rank, ...]:
    """Return the members to sort by; the groups are always the last of them."""
    known = [*(group.name for group in groups), *(measure.name for measure in measures)]
    found: dict[str, Rank] = {}
    for word in text.split(",") if text is not None else ():
        name = "__".join(words_of(word.removeprefix("-")))
        if name not in known:
            sentence = f"has an unknown name; here it is one of {', '.join(known)}{meant(name[:60], known)}"
            faults.append(FieldError("sort", sentence, "unknown", "query"))
        elif name in found:
            faults.append(FieldError("sort", f"names {name} twice.", "repeated", "query"))
        else:
            found[name] = Rank(name, word.startswith("-"))
    return (*found.values(), *(Rank(group.name) for group in groups if group.name not in found))


def _measure(bound: BoundResource, word: str, faults: list[FieldError]) -> Measure | None:
    function, _, name = word.partition(":")
    measures = bound.resource.measures
    if function not in AGGREGATES:
        faults.append(FieldError("aggregate", f"has an unknown function{meant(function[:20], AGGREGATES)}", "unknown", "query"))
    elif not name and function != "count":
        faults.append(FieldError("aggregate", f"{function} needs a field, {function}:<field>.", "required", "query"))
    elif name and name not in measures:
        faults.append(FieldError("aggregate", f"has an unknown field{meant(name[:60], measures)}", "unknown", "query"))
    elif name and function in ("sum", "avg") and not isinstance(bound.fields[name].node.typ, NUMBERS):
        faults.append(FieldError("aggregate", f"{function} is for numbers; {name} is none.", "type", "query"))
    elif name and function in ("min", "max") and "lt" not in lookups_of(bound.fields[name].node):
        faults.append(FieldError("aggregate", f"{name} has no order.", "type", "query"))
    else:
        return Measure(function, bound.fields[name] if name else None)
    return None
