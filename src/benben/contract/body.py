"""The body of a request: JSON, a form, text or bytes, as the contract describes each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, unquote_plus

from benben.contract.schemas import Rule, Schemas
from benben.contract.shapes import MISSING, Shape
from benben.contract.styles import Repeated, pairs_of, query_reader
from benben.kernel.problems import BadRequest, FieldError, UnsupportedMediaType
from benben.rest.body import read_json
from benben.rest.negotiation import require_media_type

if TYPE_CHECKING:
    from benben.kernel.request import Request

FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
Read = Callable[["Request"], Any]


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of a form.

    Args: file: open for reading, at its beginning.
    """

    name: str
    media_type: str
    file: Any


@dataclass(frozen=True, slots=True)
class Media:
    """One media type of a body: how it is read, and the rule of its value."""

    read: Read
    rule: Rule


class Body:
    """The body of one operation.

    Attributes:
        offers: media types as the contract writes them, ranges among them.
    """

    def __init__(self, said: Mapping[str, Any], schemas: Schemas) -> None:
        self.is_required = bool(said.get("required"))
        self._media = {
            name.partition(";")[0].strip().lower(): media_of(name, item, schemas) for name, item in said["content"].items()
        }
        self.offers = tuple(self._media)
        self._exact = tuple(name for name in self.offers if "*" not in name)

    def read(self, request: Request, faults: list[FieldError]) -> Any:
        """Return the value of the body, `MISSING` where there is none; what is wrong is added to *faults*.

        Raises: UnsupportedMediaType, MalformedJSON and the other problems of a body that cannot be read.
        """
        environ = request.environ
        if not environ.get("CONTENT_LENGTH", "0").strip("0") and "HTTP_TRANSFER_ENCODING" not in environ and not request.body:
            if self.is_required:
                faults.append(FieldError("", "A body is required.", "required", "body"))
            return MISSING
        coding = environ.get("HTTP_CONTENT_ENCODING")
        if coding and coding.strip().lower() != "identity":
            raise UnsupportedMediaType("A body is read as it is, without a coding.", headers={"Accept-Encoding": "identity"})
        media = self._chosen(request)
        value = media.read(request)
        try:
            if not media.rule.is_valid(value):
                faults += media.rule.faults(value)
            elif media.rule.fill is not None:
                media.rule.fill(value)
        except RecursionError:
            faults.append(FieldError("", "Nests deeper than its schema can be followed.", "depth", "body"))
        return value

    def _chosen(self, request: Request) -> Media:
        """Return how the body of *request* is read.

        Raises: UnsupportedMediaType.
        """
        header = request.environ.get("CONTENT_TYPE") or ""
        sent = header.partition(";")[0].strip().lower()
        if sent and sent not in self._media:
            for wanted in (f"{sent.partition('/')[0]}/*", "*/*"):
                if wanted in self._media:
                    return media_like(sent, self._media[wanted])
        name = "Accept-Patch" if request.method == "PATCH" else "Accept-Post"
        # A multipart type has a boundary and a text may have another charset than UTF-8.
        if sent in self._media and not is_json(sent):
            return self._media[sent]
        return self._media[require_media_type(header, self._exact or self.offers, accept_header=name)]


def media_of(name: str, said: Mapping[str, Any], schemas: Schemas) -> Media:
    """Return the media type *name* of a body."""
    kind = name.partition(";")[0].strip().lower()
    schema = said.get("schema", True)
    if kind in (FORM, MULTIPART):
        return Media(
            form_reader(kind, schema, schemas, encoding=said.get("encoding", {})),
            schemas.rule(_with_uploads(schema, schemas) if kind == MULTIPART else schema),
        )
    if is_json(kind):
        return Media(lambda request: read_json(request.body), schemas.rule(schema))
    if kind.startswith("text/"):
        return Media(read_text, schemas.rule(schema))
    # Bytes have no value that a schema could be about.
    return Media(lambda request: request.body, schemas.rule(True))


def media_like(kind: str, ranged: Media) -> Media:
    """Return how a body of *kind*, which a range of the contract covers, is read."""
    if is_json(kind):
        return Media(lambda request: read_json(request.body), ranged.rule)
    return Media(
        read_text if kind.startswith("text/") else lambda request: request.body, ranged.rule if kind.startswith("text/") else ANY
    )


def is_json(kind: str) -> bool:
    """Tell whether a media type is JSON or built on it."""
    return kind == "application/json" or kind.endswith("+json")


def read_text(request: Request) -> str:
    """Return the body as a text.

    Raises: BadRequest: it is not UTF-8.
    """
    try:
        text: str = request.body.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise BadRequest(f"The body is not UTF-8 at byte {exc.start}.") from None
    return text


def form_reader(kind: str, schema: Any, schemas: Schemas, *, encoding: Mapping[str, Any]) -> Read:
    """Return the reader of a form: each member in the style that its encoding names."""
    shape = Shape(schema, schemas)
    members: dict[str, Callable[[Any], Any]] = {}
    uploads: dict[str, bool] = {}
    for name, item in shape.members.items():
        is_list = "items" in schemas.resolved(item) if isinstance(item, Mapping) else False
        if kind == MULTIPART and is_upload(schemas.resolved(item)["items"] if is_list else item, schemas):
            uploads[name] = is_list
            continue
        said = encoding.get(name, {})
        inner = Shape(item, schemas)
        is_json_member = is_json(said.get("contentType", "")) or (inner.is_object and "style" not in said)
        style = said.get("style", "form")
        members[name] = (
            _json_member(name)
            if is_json_member
            else query_reader(name, inner, style=style, explode=said.get("explode", style == "form"))
        )

    def read(request: Request) -> Any:
        pairs, files = _form_of(request) if kind == MULTIPART else (pairs_of(request.body.decode("latin-1")), {})
        found: dict[str, Any] = {}
        for name, take in members.items():
            value = _member(take, pairs, name)
            if value is not MISSING:
                found[name] = value
        for name, texts in pairs.items():
            if name in uploads:
                # A part without the name of a file may still be one.
                files.setdefault(name, []).extend(Upload("", "", BytesIO(unquote_plus(text).encode())) for text in texts)
            elif name not in members:
                found[name] = unquote_plus(texts[-1])
        for name, sent in files.items():
            if len(sent) > 1 and not uploads.get(name):
                raise BadRequest(f"The form gives {name} more than once.")
            found[name] = sent if uploads.get(name) else sent[0]
        return found

    return read


def _member(take: Callable[[Any], Any], pairs: Any, name: str) -> Any:
    try:
        return take(pairs)
    except Repeated:
        raise BadRequest(f"The form gives {name} more than once.") from None
    except (ValueError, UnicodeDecodeError):
        raise BadRequest(f"The member {name} of the form cannot be read.") from None


def _json_member(name: str) -> Callable[[Any], Any]:
    return lambda pairs: read_json(unquote_plus(pairs[name][0]).encode()) if name in pairs else MISSING


def _form_of(request: Request) -> tuple[dict[str, list[str]], dict[str, list[Upload]]]:
    """Return the texts of a multipart form, quoted as those of the other kind, and its files.

    Raises: BadRequest: it cannot be read.
    """
    pairs: dict[str, list[str]] = {}
    files: dict[str, list[Upload]] = {}
    try:
        items = list(request.POST.items())
    except (ValueError, UnicodeDecodeError, KeyError):
        raise BadRequest("The form cannot be read.") from None
    for name, value in items:
        if isinstance(value, str):
            pairs.setdefault(name, []).append(quote_plus(value))
        else:
            files.setdefault(name, []).append(Upload(value.filename, value.type, value.file))
    return pairs, files


def is_upload(schema: Any, schemas: Schemas) -> bool:
    """Tell whether a member of a form is bytes.

    Source: OpenAPI 3.0, section 4.8.14.5 (``format: binary``); 3.1, section 4.8.14.3 (no type, or a media type of its own).
    """
    plain = schemas.resolved(schema)
    if not isinstance(plain, Mapping):
        return plain is True
    if plain.get("type", "string") != "string":
        return False
    return plain.get("format") == "binary" or "contentMediaType" in plain or not plain


def _with_uploads(schema: Any, schemas: Schemas) -> Any:
    """Return the schema of a form, in which a file is not taken for a text."""
    plain = schemas.resolved(schema)
    if not isinstance(plain, Mapping):
        return schema
    found = dict(plain)
    if "properties" in plain:
        found["properties"] = {name: _of_upload(item, schemas) for name, item in plain["properties"].items()}
    if "allOf" in plain:
        found["allOf"] = [_with_uploads(part, schemas) for part in plain["allOf"]]
    return found


def _of_upload(schema: Any, schemas: Schemas) -> Any:
    """Return the schema of a member of a form: a file is anything, a list of files has its own length."""
    plain = schemas.resolved(schema)
    if is_upload(plain, schemas):
        return {key: plain[key] for key in ("readOnly",) if isinstance(plain, Mapping) and key in plain}
    if isinstance(plain, Mapping) and is_upload(plain.get("items", False), schemas):
        return {**plain, "items": True}
    return schema


ANY = Rule(True, lambda _value: True, None, fill=None)
"""The rule of a value that is not looked at."""
