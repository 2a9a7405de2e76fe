"""The query string of a list or an item becomes a `Query`, or all of its faults at once."""

from __future__ import annotations

from urllib.parse import parse_qsl

from benben.kernel.problems import FieldError, InvalidInput
from benben.kernel.settings import Values
from benben.resource.bounds import QueryTooExpensive
from benben.resource.definition import BoundResource
from benben.resource.query.aggregates import read_groups, read_measures, read_order
from benben.resource.query.filters import Filters
from benben.resource.query.paths import meant, nearest_path
from benben.resource.query.selection import EmbedReader, read_fields, read_sort
from benben.resource.query.terms import Query, Shape

SHARED = ("fields", "embed", "format")
ONLY_LISTS = ("sort", "limit", "cursor", "count", "filter", "q", "aggregate", "group")
MAX_PARAMETERS = 200
ENDLESS = "all"
COUNTS = ("none", "exact", "estimated")


class Parser:
    """Reads the query strings of one resource.

    Args:
        is_list: an item knows only what shapes its document.
    """

    def __init__(self, bound: BoundResource, bounds: Values, *, is_list: bool) -> None:
        self.bound = bound
        self.bounds = bounds
        self.is_list = is_list
        resource = bound.resource
        absent = {"q"} if resource.search is None else set()
        absent |= set() if resource.measures or resource.groups else {"aggregate", "group"}
        self.reserved = tuple(word for word in (*SHARED, *(ONLY_LISTS if is_list else ())) if word not in absent)

    def parse(self, text: str) -> Query:
        """Return the query that *text* writes.

        Raises:
            InvalidInput: every parameter that is wrong, with its nearest known name.
            QueryTooExpensive: it is right and asks for too much.
        """
        faults: list[FieldError] = []
        single, terms = self._sorted_out(text, faults)
        filters = Filters(self.bound, self.bounds, faults)
        for name, value in terms:
            filters.add_parameter(name, value)
        if "filter" in single:
            filters.add_expression(single["filter"])
        if "q" in single:
            filters.add_text(single["q"])
        filters.check()
        read = self._aggregate if "aggregate" in single or "group" in single else self._rows
        query = read(single, filters, faults)
        if faults:
            raise InvalidInput("The query cannot be read.", errors=faults)
        return query

    def _rows(self, single: dict[str, str], filters: Filters, faults: list[FieldError]) -> Query:
        """Return a query for rows."""
        embeds = EmbedReader(self.bounds, faults)
        shape = Shape(
            fields=read_fields(self.bound, single.get("fields"), faults),
            embeds=embeds.read(self.bound, single.get("embed")),
            where=filters.condition,
            sort=read_sort(self.bound, single.get("sort"), self.bounds, faults) if self.is_list else (),
            count=self._count(single.get("count"), faults),
        )
        is_endless = self.is_list and single.get("limit") == ENDLESS
        limit = 0 if is_endless or not self.is_list else self._limit(single.get("limit"), faults)
        if is_endless:
            self._check_endless(single, faults)
        if not faults:
            self._check_related(embeds, shape, 1 if is_endless else max(limit, 1))
        relations = [*filters.relations, *embeds.relations, *(way for key in shape.sort for way in key.path.relations)]
        return Query(
            shape=shape,
            values={**filters.values, **embeds.values},
            filters=filters.text,
            relations=tuple(dict.fromkeys(relations)),
            limit=limit,
            is_endless=is_endless,
            cursor=single.get("cursor", ""),
        )

    def _aggregate(self, single: dict[str, str], filters: Filters, faults: list[FieldError]) -> Query:
        """Return a query for groups of rows."""
        measures = read_measures(self.bound, single.get("aggregate", "count"), faults)
        groups = read_groups(self.bound, single.get("group"), self.bounds, faults)
        for name in ("fields", "embed", "count"):
            if name in single:
                faults.append(FieldError(name, "Does not go together with aggregate.", "conflict", "query"))
        relations = [*filters.relations, *(relation for group in groups for relation in group.path.relations)]
        return Query(
            shape=Shape(fields=(), where=filters.condition),
            values=filters.values,
            filters=filters.text,
            relations=tuple(dict.fromkeys(relations)),
            limit=self._limit(single.get("limit"), faults),
            cursor=single.get("cursor", ""),
            measures=measures,
            groups=groups,
            order=read_order(single.get("sort"), measures, groups, faults),
        )

    def _sorted_out(self, text: str, faults: list[FieldError]) -> tuple[dict[str, str], list[tuple[str, str]]]:
        try:
            pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_PARAMETERS)
        except ValueError as exc:
            raise InvalidInput(f"At most {MAX_PARAMETERS} parameters are read.") from exc
        single: dict[str, str] = {}
        terms: list[tuple[str, str]] = []
        for name, value in pairs:
            if "\x00" in value or any("\ud800" <= char <= "\udfff" for char in value if char > "\ud7ff"):
                faults.append(FieldError(name, "must not hold a NUL character.", "format", "query"))
            elif name not in self.reserved:
                self._take(name, value, terms, faults)
            elif name in single:
                faults.append(FieldError(name, "may be given once.", "repeated", "query"))
            else:
                single[name] = value
        return single, terms

    def _take(self, name: str, value: str, terms: list[tuple[str, str]], faults: list[FieldError]) -> None:
        """Keep a filter; an item has none, and what resembles a reserved name is told so."""
        first = name.replace(".", "__").partition("__")[0]
        if self.is_list and (first in self.bound.fields or first in self.bound.relations):
            terms.append((name, value))
            return
        hint = (
            nearest_path(self.bound, name[:80], self.bounds.max_depth, self.reserved)
            if self.is_list
            else meant(name[:80], self.reserved)
        )
        faults.append(FieldError(name, f"is not a parameter here{hint}", "unknown", "query"))

    def _limit(self, text: str | None, faults: list[FieldError]) -> int:
        if text is None:
            return self.bound.resource.page_size
        maximum = self.bound.resource.max_page_size
        digits = text.isascii() and text.isdigit() and len(text) < 9
        if not digits or not 1 <= int(text) <= maximum:
            sentence = f"must be a whole number from 1 to {maximum}, or all for an export."
            faults.append(FieldError("limit", sentence, "range", "query"))
            return 1
        return int(text)

    def _count(self, text: str | None, faults: list[FieldError]) -> str:
        if text is None:
            return "none"
        if text not in COUNTS:
            faults.append(FieldError("count", f"must be one of {', '.join(COUNTS)}{meant(text[:20], COUNTS)}", "choice", "query"))
        return text

    def _check_endless(self, single: dict[str, str], faults: list[FieldError]) -> None:
        for name in ("cursor", "count"):
            if name in single:
                faults.append(FieldError(name, "Does not go together with limit=all.", "conflict", "query"))

    def _check_related(self, embeds: EmbedReader, shape: Shape, limit: int) -> None:
        """Refuse more embedded rows than one answer may have.

        Raises: QueryTooExpensive: saying which limit would fit.
        """
        each, maximum = embeds.rows(shape.embeds), self.bounds.max_related_rows
        if limit * each <= maximum:
            return
        fitting = maximum // each
        advice = f"limit={fitting} would fit" if fitting else "give the embedded lists a lower limit: embed=name(limit:10)"
        sentence = f"{limit} rows with up to {each} embedded ones each are more than {maximum}; {advice}."
        raise QueryTooExpensive(errors=[FieldError("embed", sentence, "too-many", "query")], maximum=maximum)
