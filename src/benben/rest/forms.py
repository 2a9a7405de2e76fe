"""A form with files as a body: each part becomes the value that its field has in JSON."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from benben.kernel.problems import BadRequest, FieldError, InvalidInput
from benben.rest.files import File
from benben.rest.formats.csv import ABSENT, cell_value
from benben.rest.multipart import Part, read_multipart
from benben.rest.problems import pointer_to

if TYPE_CHECKING:
    from benben.kernel.request import Request


def form_body(request: Request, schema: Any) -> dict[str, Any]:
    """Return the object that a ``multipart/form-data`` body is.

    A text is read as in a table: JSON where the field is none, empty for null.

    Raises: BadRequest: it cannot be read; InvalidInput: a field comes twice.
    """
    nodes = {child.name: child for child in schema.children}
    found: dict[str, Any] = {}
    for part in read_multipart(request.body, request.environ.get("CONTENT_TYPE", "")):
        if part.name in found:
            raise InvalidInput(errors=[FieldError(pointer_to((part.name,)), "This field comes twice.", "repeated")])
        found[part.name] = _value(part, nodes.get(part.name))
    return {name: value for name, value in found.items() if value is not ABSENT}


def file_object(part: Part) -> dict[str, str]:
    """Return a part that is a file as JSON has it."""
    said = {"media_type": part.media_type} if part.media_type else {}
    return {"name": part.filename or "", **said, "content": base64.b64encode(part.content).decode()}


def _value(part: Part, node: Any) -> Any:
    is_file = node is not None and isinstance(node.typ, File)
    if part.filename is None:
        return cell_value(part.text, node)
    if not is_file:
        raise BadRequest(f"The field {part.name[:40]} of the form is not a file.")
    # A browser sends an input without a file as one without a name and without bytes.
    return file_object(part) if part.filename or part.content else ABSENT
