"""What of a row is sent: ``fields``, ``embed`` and their own options, ``sort``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from benben.kernel.problems import FieldError
from benben.kernel.settings import Values
from benben.resource.definition import BoundResource, Field, Relation, readable
from benben.resource.query.paths import SEPARATOR, PathError, follow, meant, nearest_path, words_of
from benben.resource.query.terms import Embed, Path, SortKey

NULLS: Mapping[str, Any] = MappingProxyType({"nullsfirst": True, "nullslast": False})
EMBED_OPTIONS = ("fields", "embed", "limit", "sort", "count")


def read_fields(bound: BoundResource, text: str | None, faults: list[FieldError], name: str = "fields") -> tuple[Field, ...]:
    """Return the fields that *text* lists, in the order of the schema; all without a text."""
    every = {item.name: item for item in readable(bound.fields.values())}
    if text is None:
        return tuple(every.values())
    wanted = checked_names(name, text.split(","), every, faults)
    return tuple(every[word] for word in every if word in wanted)


def read_sort(
    bound: BoundResource, text: str | None, bounds: Values, faults: list[FieldError], name: str = "sort"
) -> tuple[SortKey, ...]:
    """Return the keys of the order; the primary key is always the last of them."""
    keys: list[SortKey] = []
    if text is None:
        # The resource may sort by what the caller may not; its own order was checked at the start.
        keys = [SortKey(Path((), bound.fields[word.removeprefix("-")]), word.startswith("-")) for word in bound.sort]
    else:
        for word in text.split(","):
            try:
                key = sort_key(bound, word, bounds.max_depth)
            except PathError as exc:
                faults.append(exc.at(name))
            else:
                if any(known.path == key.path for known in keys):
                    faults.append(FieldError(name, f"names {key.path} twice.", "repeated", "query"))
                keys.append(key)
    if len(keys) > bounds.max_terms:
        faults.append(FieldError(name, f"At most {bounds.max_terms} keys are taken.", "too-many", "query"))
    own = Path((), bound.key)
    if own not in [key.path for key in keys]:
        # In the direction of the key before it, so that one index serves both.
        keys.append(SortKey(own, bool(keys) and keys[-1].descending))
    return tuple(keys)


def sort_key(bound: BoundResource, word: str, max_depth: int) -> SortKey:
    """Return the key that *word* writes: ``-author__name:nullsfirst``.

    Raises: PathError.
    """
    text, _, nulls = word.partition(":")
    if nulls and nulls not in NULLS:
        raise PathError(f"knows nullsfirst and nullslast only{meant(nulls, NULLS)}", "choice")
    name = text.removeprefix("-")
    relations, rest = follow(bound, words_of(name), max_depth)
    owner = relations[-1].target if relations else bound
    item = owner.fields.get(rest[0]) if len(rest) == 1 else None
    if item is None or not item.is_sortable:
        raise PathError(f"{name[:40]} is not a field to sort by{nearest_path(bound, SEPARATOR.join(words_of(name)), max_depth)}")
    path = Path(relations, item)
    if not path.is_to_one:
        raise PathError(f"{name} has many values for a row; only one can be sorted by.", "many")
    return SortKey(path, text.startswith("-"), NULLS.get(nulls, False))


def checked_names(name: str, words: Iterable[str], known: Mapping[str, Any], faults: list[FieldError]) -> set[str]:
    """Return those of *words* that are known; the others are faults of the parameter *name*."""
    found: set[str] = set()
    for word in words:
        if word not in known:
            faults.append(FieldError(name, f"has an unknown name{meant(word[:60], known)}", "unknown", "query"))
        elif word in found:
            faults.append(FieldError(name, f"names {word} twice.", "repeated", "query"))
        found.add(word)
    return found


@dataclass
class EmbedReader:
    """Reads ``embed=author(fields:name),reviews(limit:3;sort:-created_at)``.

    Attributes:
        values: the limits by the name of their bind.
        relations: every relation that is sent along.
    """

    bounds: Values
    faults: list[FieldError]
    values: dict[str, Any] = field(default_factory=dict)
    relations: list[Relation] = field(default_factory=list)

    def read(self, bound: BoundResource, text: str | None, *, depth: int = 1) -> tuple[Embed, ...]:
        """Return what *text* lists, in the order of the relations of *bound*."""
        if text is None:
            return ()
        parts = dict(self._parts(text))
        wanted = checked_names("embed", parts, bound.relations, self.faults) if len(parts) else set()
        if depth > self.bounds.max_depth:
            self.faults.append(FieldError("embed", f"At most {self.bounds.max_depth} levels are sent.", "too-deep", "query"))
            return ()
        return tuple(self._embed(bound.relations[name], parts[name], depth) for name in bound.relations if name in wanted)

    def rows(self, embeds: Iterable[Embed]) -> int:
        """Return how many rows *embeds* may bring along for one row."""
        total = 0
        for embed in embeds:
            limit = self.values[f"e{embed.place}"] if embed.relation.is_many else 1
            total += limit * (1 + self.rows(embed.embeds))
        return total

    def _embed(self, relation: Relation, text: str, depth: int) -> Embed:
        self.relations.append(relation)
        options = self._options(relation, text)
        place = len(self.relations) - 1
        target = relation.target
        if relation.is_many:
            self.values[f"e{place}"] = self._limit(options.get("limit"))
        return Embed(
            relation,
            self._fields(target, options.get("fields")),
            self.read(target, options.get("embed"), depth=depth + 1),
            self._sort(target, options.get("sort")) if relation.is_many else (),
            place,
            self._counted(options.get("count")),
        )

    def _options(self, relation: Relation, text: str) -> dict[str, str]:
        found: dict[str, str] = {}
        known = EMBED_OPTIONS if relation.is_many else EMBED_OPTIONS[:2]
        for option in split_outside(text, ";") if text else ():
            name, colon, value = option.partition(":")
            if name not in known or not colon:
                sentence = f"{relation.name} has the options {', '.join(known)}, each with a colon{meant(name[:20], known)}"
                self.faults.append(FieldError("embed", sentence, "unknown", "query"))
            elif name in found:
                self.faults.append(FieldError("embed", f"gives {name} of {relation.name} twice.", "repeated", "query"))
            else:
                found[name] = value
        return found

    def _fields(self, target: BoundResource, text: str | None) -> tuple[Field, ...]:
        """Return the fields of an embedded row; only what the databases write can be inside another."""
        found = read_fields(target, text, self.faults, "embed")
        if text is not None and not all(item.is_rendered for item in found):
            names = ", ".join(item.name for item in found if not item.is_rendered)
            self.faults.append(FieldError("embed", f"{names} of {target.name} cannot be embedded.", "unsupported", "query"))
        return tuple(item for item in found if item.is_rendered)

    def _sort(self, target: BoundResource, text: str | None) -> tuple[SortKey, ...]:
        keys = read_sort(target, text, self.bounds, self.faults, "embed")
        if any(key.path.relations for key in keys):
            self.faults.append(FieldError("embed", "sorts by own fields only.", "unsupported", "query"))
            return ()
        return keys

    def _limit(self, text: str | None) -> int:
        if text is None:
            return int(self.bounds.embedded_rows)
        maximum = self.bounds.max_related_rows
        if not (text.isascii() and text.isdigit() and len(text) < 9 and 0 < int(text) <= maximum):
            self.faults.append(FieldError("embed", f"limit must be a whole number from 1 to {maximum}.", "range", "query"))
            return 1
        return int(text)

    def _counted(self, text: str | None) -> bool:
        if text not in (None, "exact", "none"):
            self.faults.append(FieldError("embed", "count must be exact or none.", "choice", "query"))
        return text == "exact"

    def _parts(self, text: str) -> Iterable[tuple[str, str]]:
        """Yield the name and the options of each relation that *text* lists."""
        seen: set[str] = set()
        for part in split_outside(text, ","):
            name, bracket, options = part.partition("(")
            if bracket and not options.endswith(")"):
                self.faults.append(FieldError("embed", "has a bracket that is not closed.", "syntax", "query"))
                options = ""
            if name in seen:
                self.faults.append(FieldError("embed", f"names {name[:40]} twice.", "repeated", "query"))
            seen.add(name)
            yield name, options[:-1]


def split_outside(text: str, separator: str) -> list[str]:
    """Return the parts of *text* between separators that stand in no bracket."""
    parts, depth, begin = [], 0, 0
    for place, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if char == separator and depth == 0:
            parts.append(text[begin:place])
            begin = place + 1
    return [*parts, text[begin:]]
