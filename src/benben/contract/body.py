"""The body of a request: JSON, a form, text or bytes, as the contract describes each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
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
        if not media.rule.is_valid(_without_files(value)):
            faults += media.rule.faults(_without_files(value))
        elif media.rule.fill is not None:
            media.rule.fill(value)
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
            form_reader(kind, schema, schemas, encoding=said.get("encoding", {})), schemas.rule(_without_binary(schema, schemas))
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
    for name, item in shape.members.items():
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
        found |= files
        for name, texts in pairs.items():
            if name not in members:
                found[name] = unquote_plus(texts[-1])
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


def _form_of(request: Request) -> tuple[dict[str, list[str]], dict[str, Any]]:
    """Return the texts of a multipart form, quoted as those of the other kind, and its files.

    Raises: BadRequest: it cannot be read.
    """
    pairs: dict[str, list[str]] = {}
    files: dict[str, Any] = {}
    try:
        items = list(request.POST.items())
    except (ValueError, UnicodeDecodeError, KeyError):
        raise BadRequest("The form cannot be read.") from None
    for name, value in items:
        if isinstance(value, str):
            pairs.setdefault(name, []).append(quote_plus(value))
        else:
            files[name] = Upload(value.filename, value.type, value.file)
    return pairs, files


def _without_files(value: Any) -> Any:
    """Return a form with an empty text for each file, as its schema sees it."""
    if isinstance(value, dict) and any(isinstance(item, Upload) for item in value.values()):
        return {name: "" if isinstance(item, Upload) else item for name, item in value.items()}
    return value


def _without_binary(schema: Any, schemas: Schemas) -> Any:
    """Return the schema of a form whose files may be of any size."""
    plain = schemas.resolved(schema)
    if not isinstance(plain, Mapping) or "properties" not in plain:
        return schema
    members = {
        name: True if isinstance(item, Mapping) and item.get("format") == "binary" else item
        for name, item in plain["properties"].items()
    }
    return {**plain, "properties": members}


class _Any(Rule):
    """The rule of a value that is not looked at."""

    def __init__(self) -> None:
        super().__init__(True, lambda _value: True, None, fill=None)


ANY = _Any()
