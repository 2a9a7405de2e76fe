"""A plain evaluation of conditions over rows in Python, to hold the SQL against."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from tests.functional.resource.stock import LABELS, MAKERS

MAKER = {row["id"]: row for row in MAKERS}
LABEL = {row["code"]: row for row in LABELS}


def holds(tree: Any, row: dict[str, Any]) -> bool:
    """Tell whether *row* meets *tree*: ``("and" | "or", items)``, ``("not", item)`` or a term."""
    match tree:
        case ("and", items):
            return all(holds(item, row) for item in items)
        case ("or", items):
            return any(holds(item, row) for item in items)
        case ("not", item):
            return not holds(item, row)
        case (path, lookup, operands):
            return any(compare(value, lookup, operands) for value in values_at(path.split("."), row))
    raise AssertionError(tree)


def values_at(path: list[str], row: dict[str, Any]) -> list[Any]:
    """Return every value that *path* leads to; a row that is not there has none."""
    head, *rest = path
    if head == "maker":
        return values_at(rest, MAKER[row["maker_id"]]) if row["maker_id"] is not None else []
    if head == "parent":
        return values_at(rest, MAKER[row["parent_id"]]) if row["parent_id"] is not None else []
    if head == "labels":
        return [value for code in row["labels"] for value in values_at(rest, LABEL[code])]
    value = row[head]
    for step in rest:
        value = value.get(step) if isinstance(value, dict) else None
    return [Inside(value)] if rest else [typed(head, value)]


class Inside:
    """A value inside JSON, which only its own kind is compared with."""

    def __init__(self, value: Any) -> None:
        self.value = value


def typed(name: str, value: Any) -> Any:
    """Return the value of a field as its order wants it; texts of instants and dates sort well."""
    return Decimal(value) if name == "price" and value is not None else value


def compare(value: Any, lookup: str, operands: list[Any]) -> bool:
    """Tell whether *value* meets *lookup*; null is different from everything."""
    if isinstance(value, Inside):
        value = value.value
        if lookup == "isnull":
            return (value is None) == operands[0]
        if isinstance(value, (dict, list)) or not same_kind(value, operands[0]):
            value = None
    match lookup:
        case "isnull":
            return (value is None) == operands[0]
        case "ne":
            return value is None or value != operands[0]
        case "notin":
            return value not in operands
    if value is None:
        return False
    match lookup:
        case "exact":
            return value == operands[0]
        case "lt":
            return value < operands[0]
        case "lte":
            return value <= operands[0]
        case "gt":
            return value > operands[0]
        case "gte":
            return value >= operands[0]
        case "in":
            return value in operands
        case "range":
            return operands[0] <= value <= operands[1]
        case "contains":
            return operands[0] in value
        case "icontains":
            return operands[0].lower() in value.lower()
        case "startswith":
            return value.startswith(operands[0])
        case "endswith":
            return value.endswith(operands[0])
    raise AssertionError(lookup)


def same_kind(value: Any, operand: Any) -> bool:
    """Tell whether both are numbers, texts or truth values."""
    kinds = [
        "boolean"
        if isinstance(item, bool)
        else "text"
        if isinstance(item, str)
        else "number"
        if isinstance(item, (int, float))
        else ""
        for item in (value, operand)
    ]
    return kinds[0] == kinds[1]


def written(tree: Any) -> str:
    """Return *tree* in the language of ``filter=``."""
    match tree:
        case ("and" | "or" as word, items):
            return f" {word} ".join(f"({written(item)})" for item in items)
        case ("not", item):
            return f"not ({written(item)})"
        case (path, lookup, operands):
            texts = [json.dumps(text_of(value), ensure_ascii=False) if is_quoted(value) else text_of(value) for value in operands]
            shown = f"({', '.join(texts)})" if lookup in ("in", "notin", "range") else texts[0]
            return f"{path} {lookup} {shown}"
    raise AssertionError(tree)


def is_quoted(value: Any) -> bool:
    """Tell whether *value* is written in quotes."""
    return isinstance(value, str)


def text_of(value: Any) -> str:
    """Return *value* as an address writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
