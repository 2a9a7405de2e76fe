"""A YAML or JSON file as plain values that know the file and the line they stand on.

The scalars are those of YAML 1.2: ``no`` is a text, ``2027-01-31`` is a text, and every key is
one, so that the status 200 and the country NO are what their author meant.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MAX_VALUES = 200_000
"""Values of one file, with what aliases repeat; a hostile one would fill the memory."""
MAX_DEPTH = 100
"""Values inside each other; libyaml takes the stack of the machine for them and ends the process where it is too small."""
# YAML 1.2.2, section 10.3.2, as far as JSON has a form for it.
_NULL = re.compile(r"(?:null|Null|NULL|~)?")
_TRUTHS: Mapping[str, bool] = MappingProxyType(
    {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
)
_INTEGER = re.compile(r"[-+]?[0-9]{1,40}")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")


class Unreadable(Exception):
    """A file cannot be taken for a contract; *place* is where and the text says why."""

    def __init__(self, place: str, text: str) -> None:
        super().__init__(text)
        self.place = place


class Located(dict[str, Any]):
    """An object of a file.

    Attributes:
        file: as it is shown to a person.
        line: of its first key, counted from 1.
        lines: of its keys.
    """

    file: str = ""
    line: int = 0
    lines: Mapping[str, int] = MappingProxyType({})

    @property
    def place(self) -> str:
        """Return ``file:line``."""
        return f"{self.file}:{self.line}"

    def like(self, values: Mapping[str, Any]) -> Located:
        """Return *values* as an object that stands where this one does."""
        found = Located(values)
        found.file, found.line, found.lines = self.file, self.line, self.lines
        return found


def place_of(value: Any, key: str = "") -> str:
    """Return ``file:line`` of *value*, or of a key of it; empty where it is not known."""
    if not isinstance(value, Located):
        return ""
    return f"{value.file}:{value.lines.get(key, value.line)}"


def read_source(path: Path, shown: str) -> Any:
    """Return the value of the one document in the file.

    Args: shown: what the file is called in places.
    Raises: Unreadable: it is not there, not UTF-8, not YAML, or gives a key twice.
    """
    try:
        text = path.read_text(encoding="utf-8")
        _check_depth(text, shown)
        node = yaml.compose(text, Loader=_Loader)
    except (OSError, UnicodeDecodeError) as exc:
        raise Unreadable(shown, f"cannot be read ({type(exc).__name__})") from exc
    except yaml.YAMLError as exc:
        mark = getattr(exc, "problem_mark", None)
        place = f"{shown}:{mark.line + 1}" if mark else shown
        raise Unreadable(place, f"is not YAML: {getattr(exc, 'problem', None) or exc}") from exc
    return _Reader(shown).value(node)


def _check_depth(text: str, shown: str) -> None:
    """Raise Unreadable where values are too deep inside each other; events are read one after the other."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise Unreadable(f"{shown}:{getattr(event.start_mark, 'line', 0) + 1}", f"nests deeper than {MAX_DEPTH} levels")


class _Reader:
    """Makes values of the nodes of one file."""

    def __init__(self, shown: str) -> None:
        self._shown = shown
        self._values = 0
        self._open: set[int] = set()

    def value(self, node: Any) -> Any:
        """Return the value of *node*."""
        self._values += 1
        if node is None:
            raise Unreadable(self._shown, "is empty")
        if self._values > MAX_VALUES:
            raise Unreadable(self._place(node), f"has more than {MAX_VALUES} values")
        if isinstance(node, yaml.ScalarNode):
            return node.value if node.style or node.tag == "tag:yaml.org,2002:str" else plain(node.value)
        if id(node) in self._open:
            raise Unreadable(self._place(node), "holds itself by an alias")
        self._open.add(id(node))
        found = self._mapping(node) if isinstance(node, yaml.MappingNode) else [self.value(item) for item in node.value]
        self._open.discard(id(node))
        return found

    def _mapping(self, node: Any) -> Located:
        found, lines = Located(), {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise Unreadable(self._place(key), "has a key that is no text")
            if key.value in found:
                raise Unreadable(self._place(key), f"gives the key {key.value!r} again")
            lines[key.value] = key.start_mark.line + 1
            found[key.value] = self.value(value)
        found.file, found.line, found.lines = self._shown, node.start_mark.line + 1, lines
        return found

    def _place(self, node: Any) -> str:
        return f"{self._shown}:{node.start_mark.line + 1}"


def plain(text: str) -> Any:
    """Return the value of a scalar without quotes."""
    if _NULL.fullmatch(text):
        return None
    if text in _TRUTHS:
        return _TRUTHS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text
