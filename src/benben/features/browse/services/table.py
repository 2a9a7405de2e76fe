"""The rows of a list as a table: what a person reads first; the JSON stands behind it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from benben.features.browse.services.highlight import Number
from benben.features.browse.services.inputs import plain, words

if TYPE_CHECKING:
    from benben.resource.definition import BoundResource

MAX_COLUMNS = 40
MAX_TEXT = 140
INSTANT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2}:[0-9]{2}):[0-9]{2}(?:\.[0-9]+)?Z")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
Link = Callable[[tuple[Any, ...], Any], str]


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Args:
        address: of the same list in the order of this column; empty where there is none.
        direction: ``ascending`` or ``descending`` where the list is in its order.
    """

    name: str
    label: str
    address: str
    direction: str
    is_number: bool


@dataclass(frozen=True, slots=True)
class Cell:
    """One value as a text.

    Args:
        kind: ``null``, ``yes``, ``no``, ``number``, ``date``, ``code`` or ``text``.
        whole: the text where *text* is only its beginning.
    """

    text: str
    kind: str
    address: str = ""
    whole: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows and their columns."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]


def table_of(value: Any, bound: BoundResource | None, query: str, *, path: str, link: Link) -> Table | None:
    """Return the table of a list of objects, None where *value* is none.

    Args: link: finds the address that a value stands for.
    """
    place: tuple[Any, ...] = ("items",) if isinstance(value, dict) else ()
    items = value.get("items") if isinstance(value, dict) else value
    if not isinstance(items, list) or not all(isinstance(item, dict) and item for item in items):
        return None
    names = list(dict.fromkeys(name for item in items for name in item))[:MAX_COLUMNS]
    rows = [[cell_of(item, name, link((*place, at, name), item.get(name))) for name in names] for at, item in enumerate(items)]
    numbers = [is_measured([row[at] for row in rows]) for at in range(len(names))]
    columns = [column_of(name, bound, query, path=path) for name in names]
    return Table([replace(column, is_number=are) for column, are in zip(columns, numbers, strict=True)], rows)


def column_of(name: str, bound: BoundResource | None, query: str, *, path: str) -> Column:
    """Return the column *name* of a list whose parameters are *query*."""
    sent = parse_qsl(query, keep_blank_values=True)
    order = next((text for key, text in sent if key == "sort"), "").split(",")[0]
    direction = {name: "ascending", f"-{name}": "descending"}.get(order, "")
    item = bound.fields.get(name) if bound is not None else None
    address = ""
    if item is not None and item.is_sortable and not any(key == "aggregate" for key, _ in sent):
        kept = [(key, text) for key, text in sent if key not in ("sort", "cursor")]
        wanted = f"-{name}" if direction == "ascending" else name
        address = f"{path}?{urlencode([*kept, ('sort', wanted)])}"
    return Column(name, words(name), address, direction, is_number=False)


def cell_of(item: Mapping[str, Any], name: str, address: str) -> Cell:
    """Return the cell of one member of a row; of a file its name."""
    value = item.get(name)
    if value is None:
        return Cell("–" if name in item else "", "null")
    if isinstance(value, bool):
        return Cell("yes" if value else "no", "yes" if value else "no")
    if isinstance(value, Number):
        return Cell(str(value), "number", address)
    if isinstance(value, (dict, list)):
        return shortened(json.dumps(plain(value), ensure_ascii=False), "code", "")
    text = str(value)
    if found := INSTANT.fullmatch(text):
        return Cell(f"{found[1]} {found[2]}", "date", whole=text)
    if DAY.fullmatch(text):
        return Cell(text, "date")
    return shortened(text, "number" if NUMBER.fullmatch(text) and len(text) < 12 else "text", address)


def is_measured(cells: Sequence[Cell]) -> bool:
    """Tell whether *cells* are numbers that one compares; a key is none."""
    shown = [cell for cell in cells if cell.kind != "null"]
    return bool(shown) and all(cell.kind == "number" and not cell.address for cell in shown)


def shortened(text: str, kind: str, address: str) -> Cell:
    """Return a cell with the beginning of *text*."""
    if len(text) <= MAX_TEXT:
        return Cell(text, kind, address)
    return Cell(f"{text[:MAX_TEXT].rstrip()}…", kind, address, whole=text[:2_000])
