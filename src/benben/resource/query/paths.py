"""From the words of a path to relations, a field, a place inside JSON and a lookup."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from benben.kernel.problems import FieldError
from benben.resource.definition import INSIDE_JSON, BoundResource, Field, Relation
from benben.resource.query.terms import Path
from benben.rest.nodes import JSON

SEPARATOR = "__"
MAX_STEPS = 10
MAX_KNOWN = 2_000
MAX_LISTED = 20


class PathError(Exception):
    """There is no such path; its text says what is wrong."""

    def __init__(self, sentence: str, code: str = "unknown") -> None:
        super().__init__(sentence)
        self.sentence, self.code = sentence, code

    def at(self, name: str) -> FieldError:
        """Return the fault of the parameter *name*."""
        return FieldError(name, self.sentence, self.code, "query")


@dataclass(frozen=True, slots=True)
class Resolved:
    """A path and what follows it: the steps inside a JSON field, and the lookup."""

    path: Path
    steps: tuple[str, ...]
    lookup: str


def words_of(text: str) -> list[str]:
    """Return the words of a path, which dots separate as well as double underscores do."""
    return text.replace(".", SEPARATOR).split(SEPARATOR)


def resolve(bound: BoundResource, words: Sequence[str], max_depth: int, lookup: str = "") -> Resolved:
    """Return what *words* name.

    Args: lookup: given elsewhere; empty where the last word may be one.
    Raises: PathError.
    """
    relations, rest = follow(bound, words, max_depth)
    owner = relations[-1].target if relations else bound
    item = owner.fields.get(rest[0]) if rest else None
    if item is None or not item.lookups:
        raise PathError(f"is not a field to filter by here{nearest_path(bound, SEPARATOR.join(words), max_depth)}")
    rest = rest[1:]
    if not lookup:
        lookup = rest[-1] if rest and (rest[-1] in item.lookups or rest[-1] in INSIDE_JSON) else "exact"
        rest = rest[:-1] if rest and rest[-1] == lookup else rest
    is_json = isinstance(item.node.typ, JSON)
    if rest and not is_json:
        raise PathError(_no_lookup(rest[-1], item))
    if len(rest) > MAX_STEPS or any(not step or '"' in step for step in rest):
        raise PathError(f"leads too deep into the field, or over a name that is empty or holds a quote (at most {MAX_STEPS}).")
    if lookup not in (INSIDE_JSON if rest else item.lookups):
        raise PathError(_no_lookup(lookup, item))
    return Resolved(Path(relations, item, bool(rest)), tuple(rest), lookup)


def follow(bound: BoundResource, words: Sequence[str], max_depth: int) -> tuple[tuple[Relation, ...], list[str]]:
    """Return the relations at the beginning of *words*, and the words behind them.

    Raises: PathError: there are more of them than *max_depth*.
    """
    relations: list[Relation] = []
    rest = list(words)
    while len(rest) > 1 and rest[0] in bound.relations and rest[0] not in bound.fields:
        relations.append(bound.relations[rest.pop(0)])
        bound = relations[-1].target
    if len(relations) > max_depth:
        raise PathError(f"reaches over {len(relations)} relations; at most {max_depth} are followed.", "too-deep")
    return tuple(relations), rest


def nearest_path(bound: BoundResource, name: str, max_depth: int, others: Iterable[str] = ()) -> str:
    """Return what *name* may be meant for, one of *others* perhaps, as the end of a sentence."""
    known: dict[str, tuple[str, ...]] = dict.fromkeys(others, ())
    for path, item in _known_paths(bound, "", min(max_depth, 2)):
        known[path] = item.lookups
        if len(known) >= MAX_KNOWN:
            break
    lookup = name.rpartition(SEPARATOR)[2]
    looking = [f"{path}{SEPARATOR}{lookup}" for path, lookups in known.items() if lookup in lookups]
    found = get_close_matches(name, [*known, *looking], n=1)
    return f"; did you mean {found[0]}?" if found else "."


def meant(word: str, known: Iterable[str]) -> str:
    """Return which of *known* the word may be meant for, or all of a few, as the end of a sentence."""
    names = list(known)
    found = get_close_matches(word, names, n=1)
    if found:
        return f"; did you mean {found[0]}?"
    return f"; known: {', '.join(names)}." if 0 < len(names) <= MAX_LISTED else "."


def _known_paths(bound: BoundResource, prefix: str, depth: int) -> Iterator[tuple[str, Field]]:
    for item in bound.fields.values():
        if item.lookups:
            yield prefix + item.name, item
    if depth:
        for relation in bound.relations.values():
            yield from _known_paths(relation.target, f"{prefix}{relation.name}{SEPARATOR}", depth - 1)


def _no_lookup(lookup: str, item: Field) -> str:
    known = ", ".join(item.lookups)
    return f"{lookup} is not a lookup of {item.name}; known: {known}."
