"""Several files, one document: every ``$ref`` that leads elsewhere becomes a component.

Afterwards each reference is ``#/components/<kind>/<name>``. A reference leads to a file beside
the first one or below its folder, never out of it and never to another host.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from benben.contract.source import Located, Unreadable, place_of, read_source
from benben.kernel.problems import cut

COMPONENTS = frozenset(
    {"parameters", "responses", "examples", "headers", "links", "callbacks", "requestBodies", "securitySchemes"}
)
NAMED = COMPONENTS | {"paths", "webhooks", "properties", "patternProperties", "$defs", "dependentSchemas", "schemas"}
"""Objects whose keys are names that the author chose."""
OPAQUE = frozenset({"example", "default", "enum", "const", "value"})
"""Data, in which ``$ref`` is a key like any other."""
MAX_SHOWN = 80
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]")
_LOCAL = re.compile(r"#/components/(\w+)/([A-Za-z0-9._-]+)")


class Bundler:
    """Puts one document together.

    Args:
        folder: the plugin's; no file outside it is read.
        shown: what *folder* is called in places.
    """

    def __init__(self, folder: Path, shown: str) -> None:
        self.folder = folder.resolve()
        self.shown = shown
        self.components: dict[str, dict[str, Any]] = {}
        self._files: dict[Path, Any] = {}
        self._names: dict[tuple[Path, str, str], str] = {}
        self._open: set[tuple[Path, str]] = set()

    def bundle(self, name: str) -> Located:
        """Return the document of the file *name* with everything that it refers to.

        Raises: Unreadable.
        """
        path = self._path(self.folder, name, name)
        root = self._file(path)
        if not isinstance(root, Located):
            raise Unreadable(self._shown(path), "is no object")
        own = root.get("components")
        # The names of the first file are kept; what comes from elsewhere takes those that are free.
        for kind, members in own.items() if isinstance(own, Mapping) else ():
            for member in members if isinstance(members, Mapping) else ():
                self._names[path, f"/components/{kind}/{member}", kind] = member
        document = root.like({key: self._walk(value, path, key) for key, value in root.items()})
        components = document.get("components", {})
        for kind, members in self.components.items():
            components = {**components, kind: {**components.get(kind, {}), **members}}
        if components:
            document["components"] = components
        return document

    def _walk(self, value: Any, path: Path, kind: str) -> Any:
        """Return *value*, which stands below the key *kind* of the file *path*, with its references replaced."""
        if isinstance(value, list):
            return [self._walk(item, path, _below("", kind) or kind) for item in value]
        if not isinstance(value, dict):
            return value
        if isinstance(value.get("$ref"), str) and kind not in NAMED:
            return self._referred(value, path, kind)
        found: dict[str, Any] = {}
        for key, item in value.items():
            if kind not in NAMED and (key in OPAQUE or (key == "examples" and isinstance(item, list))):
                found[key] = item
            elif key == "mapping" and kind == "discriminator" and isinstance(item, dict):
                found[key] = {word: self._mapped(place, path, value) for word, place in item.items()}
            else:
                found[key] = self._walk(item, path, _below(key, kind))
        return value.like(found) if isinstance(value, Located) else found

    def _referred(self, value: Mapping[str, Any], path: Path, kind: str) -> Any:
        """Return a reference in the form that all have afterwards; a path item is put in its place."""
        reference = value["$ref"]
        there, pointer = self._target(reference, path, value)
        if kind == "path item":
            return self._path_item(there, pointer, value)
        family = "requestBodies" if kind == "requestBody" else kind.removeprefix("item of ")
        family = family if family in COMPONENTS else "schemas"
        found = {"$ref": f"#/components/{family}/{self._keep(there, pointer, family, value)}"}
        found |= {key: self._walk(item, path, _below(key, kind)) for key, item in value.items() if key != "$ref"}
        return value.like(found) if isinstance(value, Located) else found

    def _path_item(self, path: Path, pointer: str, value: Any) -> Any:
        """Return the path item that a reference names; it has no name that could be kept."""
        if (path, pointer) in self._open:
            raise Unreadable(place_of(value, "$ref"), f"refers to {value['$ref']}, which refers back to it")
        self._open.add((path, pointer))
        found = self._walk(self._at(path, pointer, value), path, "path item")
        self._open.discard((path, pointer))
        return found

    def _mapped(self, text: Any, path: Path, value: Any) -> Any:
        """Return the target of a discriminator: a name stays a name."""
        if not isinstance(text, str) or not ("/" in text or "#" in text or text.endswith((".yaml", ".yml", ".json"))):
            return f"#/components/schemas/{text}"
        there, pointer = self._target(text, path, value)
        return f"#/components/schemas/{self._keep(there, pointer, 'schemas', value)}"

    def _keep(self, path: Path, pointer: str, kind: str, value: Any) -> str:
        """Return the name of a component, which is taken in if it is not there yet."""
        key = (path, pointer, kind)
        if key in self._names:
            return self._names[key]
        last = pointer.rpartition("/")[2] or path.stem
        wanted = name = _NOT_IN_NAMES.sub("_", last.replace("~1", "_").replace("~0", "_"))
        taken = {known for (_, _, other), known in self._names.items() if other == kind}
        number = 1
        while name in taken:
            number += 1
            name = f"{wanted}_{number}"
        self._names[key] = name
        members = self.components.setdefault(kind, {})
        members[name] = {}
        members[name] = self._walk(self._at(path, pointer, value), path, f"item of {kind}")
        return name

    def _target(self, reference: str, path: Path, value: Any) -> tuple[Path, str]:
        """Return the file and the pointer that *reference* means."""
        name, _, pointer = reference.partition("#")
        if ":" in name.partition("/")[0]:
            raise Unreadable(place_of(value, "$ref"), f"refers to {reference}: only files of the plugin are read")
        there = self._path(path.parent, unquote(name), place_of(value, "$ref")) if name else path
        return there, unquote(pointer)

    def _path(self, folder: Path, name: str, place: str) -> Path:
        try:
            found = (folder / name).resolve()
            found.is_file()
        except (OSError, ValueError) as exc:
            raise Unreadable(place or name, f"refers to {cut(name, MAX_SHOWN)!r}, which names no file") from exc
        # SECURITY: links are followed before this, so that none leads out either.
        if not found.is_relative_to(self.folder):
            raise Unreadable(place or name, f"refers to {name}, which is outside the folder of the contract")
        return found

    def _at(self, path: Path, pointer: str, value: Any) -> Any:
        """Return what *pointer* names in the file *path*."""
        if not path.is_file():
            raise Unreadable(place_of(value, "$ref"), f"refers to {value['$ref']}, which is no file")
        found = self._file(path)
        for step in pointer.split("/")[1:]:
            word = step.replace("~1", "/").replace("~0", "~")
            try:
                found = found[int(word)] if isinstance(found, list) else found[word]
            except (KeyError, IndexError, ValueError, TypeError):
                raise Unreadable(place_of(value, "$ref"), f"refers to {value['$ref']}, which is not there") from None
        return found

    def _file(self, path: Path) -> Any:
        if path not in self._files:
            self._files[path] = read_source(path, self._shown(path))
        return self._files[path]

    def _shown(self, path: Path) -> str:
        return f"{self.shown}/{path.relative_to(self.folder).as_posix()}"


def _below(key: str, kind: str) -> str:
    """Return what stands below *key* of an object, or in a list, that stands below *kind*."""
    if kind in ("paths", "webhooks", "item of callbacks"):
        return "path item"
    return f"item of {kind}" if kind in NAMED else key


def rewrite(value: Any, change: Callable[[str], str]) -> Any:
    """Return *value* with every reference to a component changed."""
    if isinstance(value, list):
        return [rewrite(item, change) for item in value]
    if not isinstance(value, dict):
        return value
    found = {
        key: change(item)
        if key == "$ref" and isinstance(item, str)
        else {word: change(text) for word, text in item.items()}
        if key == "mapping" and isinstance(item, dict) and "propertyName" in value
        else rewrite(item, change)
        for key, item in value.items()
    }
    return value.like(found) if isinstance(value, Located) else found


def component_of(reference: str) -> tuple[str, str] | None:
    """Return kind and name of a reference to a component."""
    found = _LOCAL.fullmatch(reference)
    return (found[1], found[2]) if found else None
