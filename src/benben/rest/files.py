"""A file as a field: its name, its kind, and its bytes in Base64 on the way in; never its bytes on the way out.

    image = Node(File(2_000_000, media_types=("image/png", "image/jpeg")))

What is sent: ``{"name": "a.png", "content": "iVBORw0..."}``. What is shown: ``{"name": "a.png",
"media_type": "image/png", "size": 1234, "sha256": "..."}``, and the bytes at an address of their
own. What was shown may be sent back, and means that the file stays as it is.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from benben.rest.faults import Fault
from benben.rest.nodes import JSON

MAX_NAME = 255
ANY = "application/octet-stream"
IMAGES = ("image/png", "image/jpeg", "image/webp", "image/gif", "image/avif")
"""The pictures that browsers show, none of which can hold a script."""
MEMBERS = ("name", "media_type", "size", "sha256")
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")
# What a file begins with, from which byte on.
_SIGNATURES: Mapping[str, tuple[tuple[int, bytes], ...]] = MappingProxyType(
    {
        "image/png": ((0, b"\x89PNG\r\n\x1a\n"),),
        "image/jpeg": ((0, b"\xff\xd8\xff"),),
        "image/gif": ((0, b"GIF87a"), (0, b"GIF89a")),
        "image/webp": ((8, b"WEBP"),),
        "image/avif": ((4, b"ftypavif"), (4, b"ftypavis")),
        "application/pdf": ((0, b"%PDF-"),),
        "application/zip": ((0, b"PK\x03\x04"), (0, b"PK\x05\x06")),
        "application/gzip": ((0, b"\x1f\x8b"),),
    }
)


@dataclass(frozen=True, slots=True)
class FileValue:
    """A file as it was sent.

    Args: content: None where it is the one that is stored already.
    """

    name: str
    media_type: str
    size: int
    sha256: str
    content: bytes | None = None

    @property
    def shown(self) -> dict[str, Any]:
        """Return what is said of it in a document."""
        return {"name": self.name, "media_type": self.media_type, "size": self.size, "sha256": self.sha256}


class File(JSON):
    """A file with a name, a kind and a bounded size.

    The kind is what the bytes are, as far as they say so; what a client calls them is believed of
    those kinds only that have no signature. A name is never a path, here or on a disk.

    Args:
        max_bytes: of the file itself.
        media_types: the kinds that are taken; none means any, and those are only ever downloaded.
    """

    def __init__(self, max_bytes: int = 1_000_000, *, media_types: Sequence[str] = ()) -> None:
        self.max_bytes = max_bytes
        self.media_types = tuple(media_types)

    def read(self, node: Any, cstruct: Any) -> FileValue:
        """Return the file; see `Scalar.read`."""
        if not isinstance(cstruct, dict):
            raise Fault(node, "type", "Must be an object with the name of a file and its content in Base64.")
        unknown = sorted(set(cstruct) - {*MEMBERS, "content"})
        if unknown:
            raise Fault(node, "unknown", f"A file has no {unknown[0][:40]}; it has name, media_type and content.")
        if "content" not in cstruct and "sha256" in cstruct:
            return self._kept(node, cstruct)
        if not isinstance(cstruct.get("content"), str):
            raise Fault(node, "required", "Must have its content, a string in Base64.")
        if len(cstruct["content"]) > _encoded(self.max_bytes):
            raise self._too_large(node)
        try:
            content = base64.b64decode(cstruct["content"].encode("ascii"), validate=True)
        except (UnicodeEncodeError, binascii.Error):
            raise Fault(node, "format", "Must have its content in Base64 (RFC 4648, section 4).") from None
        return self.of_bytes(node, content, name=cstruct.get("name"), media_type=cstruct.get("media_type"))

    def read_text(self, node: Any, text: str) -> Any:
        """Refuse a text: no file is in a line of a table or a parameter."""
        raise Fault(node, "type", "A file cannot be sent as a text.")

    def of_bytes(self, node: Any, content: bytes, *, name: Any, media_type: Any) -> FileValue:
        """Return the file that *content* is.

        Args: media_type: that the client says it has; empty or None where it says nothing.
        Raises: Fault.
        """
        if len(content) > self.max_bytes:
            raise self._too_large(node)
        kind = self._kind(node, content, "" if media_type is None else media_type)
        return FileValue(_name(node, name), kind, len(content), hashlib.sha256(content).hexdigest(), content)

    def json_schema(self, mode: str) -> dict[str, Any]:
        """Return the JSON Schema; see `Scalar.json_schema`."""
        kind: dict[str, Any] = {"type": "string", **({"enum": list(self.media_types)} if self.media_types else {})}
        members: dict[str, Any] = {
            "name": {"type": "string", "minLength": 1, "maxLength": MAX_NAME},
            "media_type": kind,
            "size": {"type": "integer", "minimum": 0, "maximum": self.max_bytes},
            "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        }
        if mode == "read":
            return {"type": "object", "properties": members, "required": list(MEMBERS)}
        content = {"type": "string", "contentEncoding": "base64", "maxLength": _encoded(self.max_bytes)}
        # What was shown may come back as it is.
        either = [{"required": ["name", "content"]}, {"required": list(MEMBERS)}]
        return {"type": "object", "properties": {**members, "content": content}, "additionalProperties": False, "anyOf": either}

    def _kept(self, node: Any, cstruct: Mapping[str, Any]) -> FileValue:
        kinds = {"name": str, "media_type": str, "size": int, "sha256": str}
        if any(type(cstruct.get(name)) is not kind for name, kind in kinds.items()):
            raise Fault(node, "type", "A file that stays is sent back as it was shown; a new one has content.")
        return FileValue(**{name: cstruct[name] for name in MEMBERS})

    def _kind(self, node: Any, content: bytes, said: Any) -> str:
        """Return the media type of *content*. Raises: Fault: it is none of those that are taken."""
        if not isinstance(said, str) or (said and _MEDIA_TYPE.fullmatch(said.lower()) is None):
            raise Fault(node, "format", "Must have a media type such as image/png.")
        said = said.lower()
        found = next((kind for kind, places in _SIGNATURES.items() if _begins(content, places)), "")
        # Documents of offices are archives; what they are called then says more than what they begin with.
        kind = said if found == "application/zip" and said and said not in _SIGNATURES else found
        if not kind:
            if said in _SIGNATURES:
                raise Fault(node, "content", f"Its content is not {said}.")
            kind = said or ANY
        if self.media_types and kind not in self.media_types:
            raise Fault(node, "media-type", f"Must be one of: {', '.join(self.media_types)}.")
        if said in _SIGNATURES and said != kind:
            raise Fault(node, "content", f"Its content is not {said} but {kind}.")
        if kind.startswith("text/") and not _is_text(content):
            raise Fault(node, "content", "A text must be UTF-8, without NUL.")
        return kind

    def _too_large(self, node: Any) -> Fault:
        return Fault(node, "size", f"Must have at most {self.max_bytes} bytes.")


def _begins(content: bytes, places: Sequence[tuple[int, bytes]]) -> bool:
    return any(content.startswith(sign, at) for at, sign in places)


def _is_text(content: bytes) -> bool:
    try:
        return "\x00" not in content.decode()
    except UnicodeDecodeError:
        return False


def _name(node: Any, name: Any) -> str:
    """Return the last part of *name*, which some clients send with the whole way to it."""
    if not isinstance(name, str):
        raise Fault(node, "required", "Must have a name, a string.")
    last = re.split(r"[/\\]", name)[-1].strip()
    if last in ("", ".", "..") or len(last) > MAX_NAME or not last.isprintable():
        raise Fault(node, "name", f"Must have a name of 1 to {MAX_NAME} printable characters.")
    return last


def _encoded(size: int) -> int:
    """Return how many characters *size* bytes have in Base64."""
    return 4 * ((size + 2) // 3)
