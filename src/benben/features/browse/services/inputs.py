"""Inputs of a form: one for each property, with its value, its bounds and what is wrong with it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benben.features.browse.services.highlight import Number
from benben.features.browse.services.lookup import Choices
from benben.features.browse.services.shapes import Shape, content_of

CONTROLS: Mapping[str, str] = {
    "integer": "number",
    "number": "number",
    "decimal": "number",
    "date": "date",
    "instant": "datetime-local",
    "time": "time",
    "email": "email",
    "url": "url",
    "password": "password",
    "boolean": "checkbox",
    "choice": "select",
    "lines": "textarea",
    "json": "textarea",
    "file": "file",
}
INSTANT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]{1,3})?0*Z")
MISSING = object()
ACRONYMS = frozenset({"id", "ip", "isbn", "uri", "url", "uuid"})


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a select."""

    value: str
    label: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Input:
    """One input of a form.

    Args:
        control: ``text``, ``number``, ``date``, ``datetime-local``, ``time``, ``email``, ``url``,
            ``password``, ``checkbox``, ``select``, ``textarea`` or ``file``.
        attributes: bounds and the like, by the name that HTML has for them.
        is_empty_text: its value is a text without characters, where null would be another value.
        kept: of a file that is there already, what the row says of it.
    """

    name: str
    id: str
    label: str
    control: str
    value: str
    shape: Shape
    attributes: Mapping[str, str]
    options: Sequence[Option] = ()
    errors: Sequence[str] = ()
    choices: Choices | None = None
    is_empty_text: bool = False
    kept: Mapping[str, Any] | None = None

    @property
    def hint(self) -> str:
        """Return a sentence for the person who fills it in."""
        said = str(self.shape.schema.get("description", ""))
        words = {"instant": "UTC.", "json": "JSON."}.get(self.shape.word, "")
        unit = str(self.shape.schema.get("x-unit", ""))
        most = f"At most {in_words(self.shape)}." if self.shape.word == "file" and not said else ""
        return " ".join(filter(None, (said, f"In {unit}." if unit else "", words, most)))

    @property
    def described_by(self) -> str:
        """Return the ids of what says more of it."""
        found = [f"{self.id}-hint"] if self.hint else []
        return " ".join([*found, *([f"{self.id}-error"] if self.errors else [])])


@dataclass(frozen=True, slots=True)
class Known:
    """What is known when inputs are made.

    Args:
        document: the row as it is; None where there is none yet.
        typed: what somebody has typed already, by ``f.<field>``.
    """

    document: Mapping[str, Any] | None
    typed: Mapping[str, str] | None
    errors: Mapping[str, Sequence[str]]
    choices: Mapping[str, Choices]


def inputs_of(shapes: Sequence[Shape], known: Known, *, prefix: str) -> list[Input]:
    """Return the inputs of *shapes*.

    Args: prefix: of the ids, so that two forms on one page share none.
    """
    return [input_of(shape, known, prefix=prefix) for shape in shapes]


def input_of(shape: Shape, known: Known, *, prefix: str) -> Input:
    """Return the input of one property."""
    name = shape.name
    default = shape.schema.get("default", MISSING)
    current = default if known.document is None else known.document.get(name, MISSING)
    value = text_of(shape, current)
    is_empty = current == "" and shape.is_nullable
    if known.typed is not None:
        value = known.typed.get(f"pick.{name}") or known.typed.get(f"f.{name}", "")
        is_empty = f"empty.{name}" in known.typed
    choices = known.choices.get(name)
    control = "text" if choices is not None else CONTROLS.get(shape.word, "text")
    if control == "checkbox" and (shape.is_nullable or (known.document is None and default is MISSING)):
        # A box has two states; neither of them says that nothing was said.
        control = "select"
    # A browser drops what its own input cannot hold, microseconds for example.
    if control == "datetime-local" and value and not re.fullmatch(r"[0-9]{4}-[0-9T:-]{10,15}(\.[0-9]{1,3})?", value):
        control = "text"
    return Input(
        name=name,
        id=f"{prefix}-{re.sub(r'[^A-Za-z0-9_]', '-', name)}",
        label=str(shape.schema.get("title", "")) or words(name),
        control=control,
        value=value,
        shape=shape,
        attributes=attributes_of(shape, control),
        options=options_of(shape, value),
        errors=known.errors.get(name, ()),
        choices=choices,
        is_empty_text=is_empty,
        kept=kept_file(value) if control == "file" else None,
    )


def text_of(shape: Shape, value: Any) -> str:
    """Return *value* as its input holds it."""
    if value is MISSING or value is None:
        return ""
    if shape.word == "json":
        return json.dumps(plain(value), ensure_ascii=False, indent=2)
    if shape.word == "file":
        return json.dumps(plain(value), ensure_ascii=False)
    if isinstance(value, bool):
        return "true" if value else "false"
    if shape.word == "instant" and (found := INSTANT.fullmatch(str(value))):
        return found[1] + (found[2] or "").rstrip("0").rstrip(".")
    return str(value)


def kept_file(text: str) -> Mapping[str, Any] | None:
    """Return what a form says of the file that is there; None where there is none."""
    try:
        found = json.loads(text) if text else None
    except ValueError:
        return None
    return found if isinstance(found, dict) and isinstance(found.get("name"), str) else None


def in_words(shape: Shape) -> str:
    """Return how large a file may be, for a person."""
    most = content_of(shape.schema).get("maxLength", 0) // 4 * 3
    return f"{most / 1e6:.3g} MB" if most >= 1e6 else f"{most / 1e3:.3g} kB"


def plain(value: Any) -> Any:
    """Return a value of the reader of the highlighter as Python's own JSON writes it."""
    if isinstance(value, Number):
        return json.loads(value)
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def attributes_of(shape: Shape, control: str) -> Mapping[str, str]:
    """Return the attributes that HTML has for the bounds of a schema."""
    schema, found = shape.schema, {}
    if control == "number":
        found = {name: str(schema[word]) for name, word in (("min", "minimum"), ("max", "maximum")) if word in schema}
        found["step"] = "1" if shape.word == "integer" else "any"
    elif control in ("text", "textarea", "email", "url") and "maxLength" in schema:
        found = {"maxlength": str(schema["maxLength"])}
    elif control in ("datetime-local", "time"):
        found = {"step": "any"}
    elif control == "file":
        kinds = shape.schema["properties"].get("media_type", {}).get("enum", ())
        found = {"accept": ",".join(kinds)} if kinds else {}
    example = next(iter(schema.get("examples", ())), None)
    if control in ("text", "email", "url") and isinstance(example, str):
        found["placeholder"] = example
    return found


def options_of(shape: Shape, value: str) -> Sequence[Option]:
    """Return the choices of a select, the one that says nothing first where that may be said."""
    if shape.word == "boolean":
        named = [("true", "yes"), ("false", "no")]
    elif shape.word == "choice":
        named = [(str(choice), str(choice)) for choice in shape.choices]
    else:
        return ()
    first = [("", "no value" if shape.is_nullable else "choose")]
    return [Option(text, label, text == value) for text, label in [*first, *named]]


def words(name: str) -> str:
    """Return the name of a field as a person writes it."""
    found = name.removesuffix("_id").replace("_", " ").replace("-", " ").strip() or name
    said = " ".join(word.upper() if word in ACRONYMS else word for word in found.split(" "))
    return said[:1].upper() + said[1:]
