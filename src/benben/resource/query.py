"""The query of a list: text parameters in, typed terms or all their faults out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any
from urllib.parse import parse_qsl

import colander

from benben.kernel.problems import FieldError, InvalidInput
from benben.resource.definition import BoundResource, Field, Relation, readable

RESERVED = ("sort", "fields", "embed", "limit", "cursor", "count")
MAX_PARAMETERS = 100
MAX_LIST = 200
MAX_RELATION_DEPTH = 1
SEPARATOR = "__"


@dataclass(frozen=True, slots=True)
class Term:
    """One condition: *path* leads through relations to *field*."""

    path: tuple[Relation, ...]
    field: Field
    lookup: str
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class SortKey:
    """One key of the order."""

    field: Field
    descending: bool


@dataclass(frozen=True, slots=True)
class Query:
    """What the caller asks of a list or an item."""

    fields: tuple[Field, ...]
    embed: tuple[Relation, ...]
    terms: tuple[Term, ...] = ()
    sort: tuple[SortKey, ...] = ()
    limit: int = 0
    cursor: str = ""
    count: bool = False


class Parser:
    """Reads the query strings of one resource.

    Args:
        is_list: an item knows only ``fields`` and ``embed``.
    """

    def __init__(self, bound: BoundResource, *, is_list: bool) -> None:
        self.bound = bound
        self.is_list = is_list
        self.reserved = RESERVED if is_list else ("fields", "embed")

    def parse(self, text: str) -> Query:
        """Return the query that *text* writes.

        Raises: InvalidInput: every parameter that is wrong, with its nearest known name.
        """
        faults: list[FieldError] = []
        single, terms = self._sorted_out(text, faults)
        query = Query(
            fields=self._fields(single.get("fields"), faults),
            embed=self._embed(single.get("embed"), faults),
            terms=tuple(term for name, value in terms if (term := self._term(name, value, faults)) is not None),
            sort=self._sort(single.get("sort"), faults) if self.is_list else (),
            limit=self._limit(single.get("limit"), faults),
            cursor=single.get("cursor", ""),
            count=self._count(single.get("count"), faults),
        )
        if faults:
            raise InvalidInput("The query cannot be read.", errors=faults)
        return query

    def _sorted_out(self, text: str, faults: list[FieldError]) -> tuple[dict[str, str], list[tuple[str, str]]]:
        try:
            pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_PARAMETERS)
        except ValueError as exc:
            raise InvalidInput(f"At most {MAX_PARAMETERS} parameters are read.") from exc
        single: dict[str, str] = {}
        terms = []
        for name, value in pairs:
            if "\x00" in value or any("\ud800" <= char <= "\udfff" for char in value if char > "\ud7ff"):
                faults.append(FieldError(name, "must not hold a NUL character.", "format", "query"))
            elif name not in self.reserved:
                terms.append((name, value))
            elif name in single:
                faults.append(FieldError(name, "may be given once.", "repeated", "query"))
            else:
                single[name] = value
        return single, terms

    def _term(self, name: str, value: str, faults: list[FieldError]) -> Term | None:
        found = self._resolve(name) if self.is_list else None
        if found is None:
            faults.append(FieldError(name, f"is not a parameter here{self._nearest(name)}", "unknown", "query"))
            return None
        path, item, lookup = found
        if lookup not in item.lookups:
            known = ", ".join(item.lookups) or "none"
            faults.append(FieldError(name, f"is not a lookup of this field; known: {known}.", "unknown", "query"))
            return None
        try:
            return Term(path, item, lookup, lookup_values(item, lookup, value))
        except colander.Invalid as exc:
            faults.append(FieldError(name, _message(exc), "type", "query"))
            return None

    def _resolve(self, name: str) -> tuple[tuple[Relation, ...], Field, str] | None:
        parts = name.split(SEPARATOR)
        bound, path = self.bound, []
        while parts and parts[0] in bound.relations and len(parts) > 1 and len(path) < MAX_RELATION_DEPTH:
            path.append(bound.relations[parts.pop(0)])
            bound = path[-1].target
        if not parts or parts[0] not in bound.fields or len(parts) > 2 or not bound.fields[parts[0]].lookups:
            return None
        return tuple(path), bound.fields[parts[0]], parts[1] if len(parts) == 2 else "exact"

    def _fields(self, text: str | None, faults: list[FieldError]) -> tuple[Field, ...]:
        every = {item.name: item for item in readable(self.bound.fields.values())}
        if text is None:
            return tuple(every.values())
        wanted = self._names("fields", text, every, faults)
        return tuple(every[name] for name in every if name in wanted)

    def _embed(self, text: str | None, faults: list[FieldError]) -> tuple[Relation, ...]:
        relations = self.bound.relations
        wanted = self._names("embed", text, relations, faults) if text is not None else ()
        return tuple(relations[name] for name in relations if name in wanted)

    def _sort(self, text: str | None, faults: list[FieldError]) -> tuple[SortKey, ...]:
        words = text.split(",") if text is not None else list(self.bound.sort)
        known = self.bound.fields
        if text is not None:
            # The resource may sort by what the caller may not; its own order was checked at the start.
            known = {name: item for name, item in known.items() if item.is_sortable}
            self._names("sort", ",".join(word.removeprefix("-") for word in words), known, faults)
        keys = [SortKey(known[word.removeprefix("-")], word.startswith("-")) for word in words if word.removeprefix("-") in known]
        # The primary key makes the order total; without it a page could lose or repeat rows.
        if all(key.field is not self.bound.key for key in keys):
            keys.append(SortKey(self.bound.key, descending=bool(keys) and keys[-1].descending))
        return tuple(keys)

    def _names(self, parameter: str, text: str, known: Iterable[str], faults: list[FieldError]) -> tuple[str, ...]:
        names = tuple(text.split(","))
        for name in names:
            if name not in known:
                nearest = get_close_matches(name, list(known), n=1)
                hint = f"; did you mean {nearest[0]}?" if nearest else f"; known: {', '.join(known)}."
                faults.append(FieldError(parameter, f"names something that is not there{hint}", "unknown", "query"))
        if len(set(names)) != len(names):
            faults.append(FieldError(parameter, "names something twice.", "repeated", "query"))
        return names

    def _limit(self, text: str | None, faults: list[FieldError]) -> int:
        largest = self.bound.resource.max_page_size
        if text is None:
            return self.bound.resource.page_size
        if not (text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= largest):
            faults.append(FieldError("limit", f"must be a whole number from 1 to {largest}.", "range", "query"))
            return 1
        return int(text)

    def _count(self, text: str | None, faults: list[FieldError]) -> bool:
        if text not in (None, "exact", "none"):
            faults.append(FieldError("count", "must be exact or none.", "choice", "query"))
        return text == "exact"

    def _nearest(self, name: str) -> str:
        known: dict[str, tuple[str, ...]] = dict.fromkeys(self.reserved, ())
        if self.is_list:
            known |= {item.name: item.lookups for item in self.bound.fields.values() if item.lookups}
            known |= {
                f"{relation.name}{SEPARATOR}{item.name}": item.lookups
                for relation in self.bound.relations.values()
                for item in relation.target.fields.values()
                if item.lookups
            }
        lookup = name.rpartition(SEPARATOR)[2]
        looking = [f"{word}{SEPARATOR}{lookup}" for word, lookups in known.items() if lookup in lookups]
        found = get_close_matches(name, [*known, *looking], n=1)
        return f"; did you mean {found[0]}?" if found else "."


def lookup_values(item: Field, lookup: str, text: str) -> tuple[Any, ...]:
    """Return the operands of *lookup* as Python values.

    Raises: colander.Invalid: the text is not of the type of the field.
    """
    if lookup == "isnull":
        if text not in ("true", "false"):
            raise colander.Invalid(item.node, "must be true or false.")
        return (text == "true",)
    if lookup in ("contains", "startswith"):
        return (text,)
    if lookup == "in":
        words = text.split(",")
        if len(words) > MAX_LIST:
            raise colander.Invalid(item.node, f"may list at most {MAX_LIST} values.")
        return tuple(value_of(item, word) for word in words)
    if lookup == "range":
        words = text.split(",")
        if len(words) != 2:
            raise colander.Invalid(item.node, "must be two values separated by a comma.")
        return tuple(value_of(item, word) for word in words)
    return (value_of(item, text),)


def value_of(item: Field, text: str) -> Any:
    """Return *text* as a value of the type of *item*; its bounds do not bind a comparison."""
    read = getattr(item.node.typ, "from_text", None)
    return read(item.node, text, bounded=False) if read else item.node.deserialize(text)


def _message(exc: colander.Invalid) -> str:
    messages = exc.messages()
    return str(messages[0]) if messages else "is not valid."
