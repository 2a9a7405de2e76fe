"""The style, the script and the icon, each known by a digest of its bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

FOLDER = Path(__file__).parent / "static"
MEDIA_TYPES: Mapping[str, str] = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
DIGEST_BYTES = 9


@cache
def digests() -> Mapping[str, str]:
    """Return the digest of every file by name; the files are a part of the package and never change while it runs."""
    files = (path for path in sorted(FOLDER.iterdir()) if path.suffix in MEDIA_TYPES)
    found = {path.name: hashlib.blake2b(path.read_bytes(), digest_size=DIGEST_BYTES).hexdigest() for path in files}
    return MappingProxyType(found)


def read_asset(name: str) -> bytes:
    """Return the bytes of a file.

    Raises: KeyError: there is no such file.
    """
    # SECURITY: only a name that is known is ever made a path.
    if name not in digests():
        raise KeyError(name)
    return (FOLDER / name).read_bytes()


def media_type_of(name: str) -> str:
    """Return the media type of a file."""
    return MEDIA_TYPES[name[name.rindex(".") :]]


def asset_url(name: str, root: str) -> str:
    """Return the address of a file, with its digest."""
    return f"{root}/browse/static/{name}?v={digests()[name]}"
