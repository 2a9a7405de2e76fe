"""Parameters of a path, a query, a header or a cookie: from text to a value of their schema."""

from __future__ import annotations

import copy
import difflib
import keyword
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benben.contract.schemas import Rule, Schemas
from benben.contract.shapes import MISSING, Shape
from benben.contract.styles import Pairs, Repeated, json_reader, other_reader, pairs_of, query_reader
from benben.kernel.problems import FieldError, Problem
from benben.rest.faults import MAX_ECHO, MAX_FAULTS, MAX_SUGGESTIONS

if TYPE_CHECKING:
    from benben.kernel.request import Request

IGNORED_HEADERS = frozenset({"accept", "content-type", "authorization"})
"""The specification reads nothing into parameters of these names (section 4.8.12.2)."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an operation, compiled.

    Args:
        key: the name of the argument of the handler.
        read: takes the texts of its place, returns the value or `MISSING`.
        known: names in the query that it takes; ``None`` in it means any.
        default: `MISSING` where the schema has none.
    """

    name: str
    where: str
    key: str
    is_required: bool
    rule: Rule
    read: Callable[[Any], Any]
    known: tuple[str | None, ...]
    default: Any
    allows_empty: bool = False


def compile_parameter(said: Mapping[str, Any], schemas: Schemas, placeholder: str = "") -> Parameter:
    """Return the parameter that the contract describes as *said*, with no reference at its top.

    Args: placeholder: its name in the route, where it is in the path.
    """
    name, where = said["name"], said["in"]
    content = said.get("content")
    holder = next(iter(content.values())) if content else said
    schema = holder.get("schema", True)
    rule = schemas.rule(schema)
    shape = Shape(schema, schemas)
    known: tuple[str | None, ...] = (name,)
    default_style = "form" if where in ("query", "cookie") else "simple"
    style = said.get("style", default_style)
    explode = said.get("explode", style == "form")
    read: Callable[[Any], Any]
    if where == "query":
        read = json_reader(name) if content else query_reader(name, shape, style=style, explode=explode)
        known = shape.names if not content and style == "form" and explode and shape.is_object else known
        known = (*(f"{name}[{member}]" for member in shape.names), f"{name}[") if style == "deepObject" else known
    else:
        read = other_reader(said, shape, style=style, explode=explode, placeholder=placeholder, is_json=bool(content))
    plain = schemas.resolved(schema)
    default = schema.get("default", plain.get("default", MISSING)) if isinstance(plain, Mapping) else MISSING
    is_required = where == "path" or bool(said.get("required"))
    return Parameter(name, where, python_name(name), is_required, rule, read, known, default, bool(said.get("allowEmptyValue")))


def python_name(name: str) -> str:
    """Return *name* as the name of an argument: ``X-Request-Id`` is ``x_request_id``, ``from`` is ``from_``."""
    found = re.sub(r"\W", "_", name).strip("_") or "_"
    found = found.lower() if "-" in name else found
    found = f"_{found}" if found[0].isdigit() else found
    return f"{found}_" if keyword.iskeyword(found) or found in ("request", "body", "identity") else found


class Inputs:
    """The parameters of one operation.

    Args: spared: names in the query that belong to somebody else, a key of an API for example.
    """

    def __init__(self, parameters: tuple[Parameter, ...], spared: frozenset[str]) -> None:
        self._query = tuple(item for item in parameters if item.where == "query")
        self._others = tuple(item for item in parameters if item.where != "query")
        names = {name for item in self._query for name in item.known}
        self._prefixes = tuple(name for name in names if name and name.endswith("["))
        self._takes_any = None in names
        self._known = frozenset(name for name in names if name) | spared
        self.parameters = parameters

    def read(self, request: Request, faults: list[FieldError]) -> dict[str, Any]:
        """Return the values by the names of arguments; what is wrong is added to *faults*."""
        values: dict[str, Any] = {}
        text = request.environ.get("QUERY_STRING", "")
        pairs = pairs_of(text) if text else {}
        for item in self._query:
            _take(item, pairs, values, faults)
        for item in self._others:
            _take(item, request, values, faults)
        if pairs and not self._takes_any and not self._known.issuperset(pairs):
            faults += self._unknown(pairs)
        return values

    def _unknown(self, pairs: Pairs) -> Iterator[FieldError]:
        known = sorted(name for item in self._query for name in item.known if name and not name.endswith("["))
        extras = [name for name in pairs if name not in self._known and not name.startswith(self._prefixes or ("\0",))]
        for count, name in enumerate(extras[:MAX_FAULTS]):
            near = difflib.get_close_matches(name[:MAX_ECHO], known, n=1) if count < MAX_SUGGESTIONS else ()
            hint = f" Did you mean {near[0]}?" if near else ""
            yield FieldError(name, f"There is no such parameter.{hint}", "unknown", "query")


def _take(item: Parameter, source: Any, values: dict[str, Any], faults: list[FieldError]) -> None:
    """Put the value of one parameter into *values*, or what is wrong with it into *faults*."""
    try:
        value = item.read(source)
    except Repeated:
        faults.append(FieldError(item.name, "May be given once.", "repeated", item.where))
        return
    except (Problem, UnicodeDecodeError, ValueError):
        faults.append(FieldError(item.name, "Cannot be read.", "syntax", item.where))
        return
    if value is MISSING:
        if item.is_required:
            faults.append(FieldError(item.name, "This parameter is required.", "required", item.where))
        elif item.default is not MISSING:
            # A handler may change what it is given.
            values[item.key] = copy.deepcopy(item.default) if isinstance(item.default, (list, dict)) else item.default
    elif item.rule.is_valid(value) or (value == "" and item.allows_empty):
        if item.rule.fill is not None:
            item.rule.fill(value)
        values[item.key] = value
    else:
        faults += item.rule.faults(value, item.where, item.name)
