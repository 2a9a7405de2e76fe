"""What a type makes of a value: the code of its fault, or the value."""

from __future__ import annotations

from typing import Any

from benben.rest.faults import Fault
from benben.rest.nodes import Node


def code_of(typ: Any, value: Any) -> Any:
    """Return the code of the fault that *value* is for *typ*, or the value that it stands for."""
    try:
        return Node(typ).deserialize(value)
    except Fault as exc:
        return exc.code


def text_code_of(typ: Any, text: str) -> Any:
    """Return the same for a text of a query or path."""
    try:
        return Node(typ).from_text(text)
    except Fault as exc:
        return exc.code
