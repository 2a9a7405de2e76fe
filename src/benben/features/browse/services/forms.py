"""A form in the names of its inputs, and the JSON that the API takes for it.

Names: ``f.<field>`` a value, ``pick.<field>`` a row that was chosen for it, ``empty.<field>`` an
empty text that is not null, ``file.<field>`` a file, ``drop.<field>`` that there is none any more.
Words that begin with an underscore are about the form itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import parse_qsl

from benben.features.browse.services.shapes import Shape
from benben.kernel.problems import BadRequest, FieldError, InvalidInput
from benben.rest.body import read_json
from benben.rest.forms import file_object
from benben.rest.multipart import read_multipart
from benben.rest.problems import DuplicateKey, JSONTooComplex, MalformedJSON, pointer_to

MAX_FIELDS = 500
INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,4000})")
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
LOCAL_TIME = re.compile(r"[0-9]{4,6}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(?:\.[0-9]+)?)?")
NO_VALUES: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Form:
    """A form as it was sent.

    Args:
        method: that it stands for.
        values: of its fields, as they were typed.
        raw: the body of the raw form; None where it has fields.
        most: rows that a change of many may touch.
        look_up: the field that related rows are wanted for; then nothing is done.
        is_trial: everything is done and nothing is kept.
    """

    method: str
    values: Mapping[str, str] = field(default_factory=lambda: NO_VALUES)
    raw: str | None = None
    media_type: str = ""
    if_match: str = ""
    most: str = ""
    look_up: str = ""
    is_trial: bool = False


def read_form(body: bytes) -> Mapping[str, str]:
    """Return the fields of a form; of several of one name the last.

    Raises: BadRequest: it cannot be read.
    """
    try:
        return dict(parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS))
    except ValueError as exc:
        raise BadRequest("The form cannot be read.") from exc


def read_form_data(body: bytes, content_type: str) -> Mapping[str, str]:
    """Return the fields of a form with files; each file is the JSON that the API takes for it.

    Raises: BadRequest: it cannot be read.
    """
    found = {}
    for part in read_multipart(body, content_type):
        if part.filename is None:
            found[part.name] = part.text
        elif part.filename or part.content:
            found[part.name] = json.dumps(file_object(part))
    return found


def form_of(fields: Mapping[str, str]) -> Form:
    """Return the form that *fields* are."""
    return Form(
        method=fields.get("_method", "").upper(),
        values={name: text for name, text in fields.items() if not name.startswith("_")},
        raw=fields.get("_raw"),
        media_type=fields.get("_media_type", ""),
        if_match=fields.get("_if_match", ""),
        most=fields.get("_most", ""),
        look_up=fields.get("_look_up", ""),
        is_trial="_try" in fields,
    )


def write_body(shapes: Iterable[Shape], form: Form) -> str:
    """Return the JSON that *form* says; what was not in the form is not in it.

    What is no number is sent as it was typed, so that the API says what it expects.

    Raises: InvalidInput: a field that holds JSON cannot be read.
    """
    members, faults = [], []
    for shape in shapes:
        try:
            value = literal(shape, form.values, is_patch=form.method == "PATCH")
        except (MalformedJSON, DuplicateKey, JSONTooComplex, UnicodeEncodeError) as exc:
            sentence = getattr(exc, "detail", "") or "cannot be read."
            faults.append(FieldError(pointer_to((shape.name,)), f"Must be JSON: {sentence}", "format"))
            continue
        if value is not None:
            members.append(f"{json.dumps(shape.name)}: {value}")
    if faults:
        raise InvalidInput(errors=faults)
    return "{" + ", ".join(members) + "}"


def literal(shape: Shape, values: Mapping[str, str], *, is_patch: bool) -> str | None:
    """Return the JSON of one field, None where it is left out."""
    text = values.get(f"pick.{shape.name}") or values.get(f"f.{shape.name}")
    if shape.word == "file":
        return _file(shape, values, is_patch=is_patch)
    if text is None:
        return None
    if text == "":
        return _of_nothing(shape, is_patch=is_patch, is_text=f"empty.{shape.name}" in values)
    text = text.replace("\r\n", "\n")
    if shape.word == "json":
        read_json(text.encode())
        return text
    if shape.word == "boolean" and text in ("true", "false"):
        return text
    if shape.word == "choice":
        return json.dumps(next((choice for choice in shape.choices if str(choice) == text), text))
    if (shape.word == "integer" and INTEGER.fullmatch(text)) or (shape.word == "number" and NUMBER.fullmatch(text)):
        return text
    return json.dumps(in_utc(text) if shape.word == "instant" else text)


def in_utc(text: str) -> str:
    """Return what ``datetime-local`` gives as an instant; anything else as it is."""
    found = LOCAL_TIME.fullmatch(text)
    if found is None:
        return text
    return f"{text}Z" if found[1] else f"{text}:00Z"


def _file(shape: Shape, values: Mapping[str, str], *, is_patch: bool) -> str | None:
    """Return the JSON of a file: a new one, none any more, or the one that is there."""
    if f"file.{shape.name}" in values:
        return values[f"file.{shape.name}"]
    if f"drop.{shape.name}" in values:
        return "null"
    kept = values.get(f"f.{shape.name}", "")
    if not kept or is_patch:
        return None
    read_json(kept.encode())
    return kept


def _of_nothing(shape: Shape, *, is_patch: bool, is_text: bool) -> str | None:
    """Return what an empty input says."""
    is_written = shape.word in ("text", "lines", "email", "url", "password")
    if is_text and is_written:
        return '""'
    if shape.is_nullable:
        return "null"
    if is_written and (shape.is_required or is_patch):
        return '""'
    # In a patch what is left out stays: an empty number there is meant as none, and refused as such.
    return "null" if is_patch else None


def faults_by_field(errors: Sequence[Mapping[str, str]]) -> tuple[Mapping[str, list[str]], list[Mapping[str, str]]]:
    """Return the sentences of a problem by the field of the body, and its other errors."""
    found: dict[str, list[str]] = {}
    others = []
    for error in errors:
        pointer = error.get("pointer", "")
        if error.get("in") == "body" and pointer.startswith("/"):
            name = pointer[1:].partition("/")
            deeper = f"{name[2]}: " if name[2] else ""
            key = name[0].replace("~1", "/").replace("~0", "~")
            found.setdefault(key, []).append(f"{deeper}{error.get('detail', '')}")
        else:
            others.append(error)
    return found, others
